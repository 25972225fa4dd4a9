"""A runtime that does what the event says: /usr/bin/python3 streaming.py FOLDER, which holds the Python client's modules. Frames on descriptors 3 and 4.
The event, or the body of an HTTP event, is a list of steps: [name, arguments...]."""
import json
import os
import sys
import time

sys.path.insert(0, sys.argv[1])
from _hearth import wire  # noqa: E402


def send(kind, *elements, payload=None):
    wire.write(4, wire.frame(kind, *elements, payload=payload), payload or b"")


requests = wire.Reader(3)
send(wire.HELLO, 1, "fake", "1")
requests.read()
send(wire.INIT_DONE)
while True:
    request = requests.read()
    if request is None or request[0] == wire.SHUTDOWN:
        sys.exit(0)
    number = request[1]
    event = json.loads(bytes(request[10]))
    for step, *arguments in event if isinstance(event, list) else json.loads(event.get("body", "[]")):
        if step == "start":
            send(wire.RESPONSE_START, number, arguments[0])
        elif step == "chunk":
            send(wire.CHUNK, number, payload=arguments[0].encode())
        elif step == "chunks":
            for _ in range(arguments[0]):
                send(wire.CHUNK, number, payload=b"x" * arguments[1])
        elif step == "end":
            send(wire.RESPONSE_END, number)
        elif step == "respond":
            send(wire.RESPONSE, number, arguments[1] if len(arguments) > 1 else "application/json", payload=arguments[0].encode())
        elif step == "echo":
            send(wire.RESPONSE, number, "application/json", payload=json.dumps({"statusCode": 200, "body": bytes(request[10]).decode()}).encode())
        elif step == "error":
            send(wire.ERROR, number, "Test.Failure", False, payload=b'{"errorType":"Test.Failure","errorMessage":"half way"}')
        elif step == "wait":
            while not os.path.exists(arguments[0]):
                time.sleep(0.005)
        elif step == "touch":
            open(arguments[0], "w").close()
        elif step == "print":
            print(arguments[0], flush=True)
        elif step == "exit":
            os._exit(arguments[0])
        elif step == "sleep":
            time.sleep(600)
