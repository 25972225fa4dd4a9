#!/usr/bin/python3 -IS
# An external extension as one from a layer would be: it registers, subscribes to telemetry, and writes what it is told to /tmp, where the function beside it finds it.
import http.client
import http.server
import json
import os
import sys
import threading

name = os.path.basename(sys.argv[0])
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])


def call(method, path, headers, body=None):
    api.request(method, path, body, headers)
    answer = api.getresponse()
    return answer.status, answer.headers, answer.read()


class Taker(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        with open("/tmp/telemetry", "a") as taken:
            for one in json.loads(self.rfile.read(int(self.headers["Content-Length"]))):
                taken.write("%s %s\n" % (one["type"], json.dumps(one["record"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("sandbox.localdomain", 4243), Taker)
threading.Thread(target=server.serve_forever, daemon=True).start()
_, headers, facts = call("POST", "/2020-01-01/extension/register", {"Lambda-Extension-Name": name}, '{"events":["INVOKE","SHUTDOWN"]}')
mine = {"Lambda-Extension-Identifier": headers["Lambda-Extension-Identifier"]}
subscription = {
    "schemaVersion": "2022-07-01", "types": ["platform", "function", "extension"], "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:4243"},
    "buffering": {"timeoutMs": 25, "maxItems": 1000, "maxBytes": 262144}}
status, _, _ = call("PUT", "/2022-07-01/telemetry", mine, json.dumps(subscription))
print("watching", json.loads(facts)["functionName"], json.loads(facts)["handler"], status, "_HANDLER" in os.environ, flush=True)
while True:
    _, _, event = call("GET", "/2020-01-01/extension/event/next", mine)
    event = json.loads(event)
    told = "%s %s" % (event["eventType"], event.get("requestId") or event["shutdownReason"])
    print(name, "was told", told, flush=True)
    with open("/tmp/watched", "a") as watched:
        watched.write(told + "\n")
    if event["eventType"] == "SHUTDOWN":
        break
