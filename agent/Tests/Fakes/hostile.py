"""A runtime that breaks the protocol on purpose: /usr/bin/python3 hostile.py MODE, frames on descriptors 3 and 4."""
import os
import struct
import sys
import time


def send(body):
    os.write(4, struct.pack("<I", len(body)) + body)


def receive():
    length = struct.unpack("<I", read(4))[0]
    return read(length)


def read(count):
    data = b""
    while len(data) < count:
        piece = os.read(3, count - len(data))
        if not piece:
            sys.exit(0)
        data += piece
    return data


mode = sys.argv[1]
send(b"\x94\x01\x01\xa4evil\xa11")
if mode == "third-hello":
    receive()
    send(b"\x94\x01\x01\xa4evil\xa11")
    receive()
    send(b"\x94\x01\x01\xa4evil\xa11")
receive()
if mode == "unsolicited":
    # One write, so that the agent finds the answer behind InitDone before it has asked anything.
    os.write(4, b"\x02\x00\x00\x00\x91\x03" + b"\x08\x00\x00\x00\x94\x06\x01\xc0\xc4\x02{}")
elif mode == "half-frame":
    # The head of an answer to an event that has not come.
    os.write(4, b"\x02\x00\x00\x00\x91\x03" + b"\x08\x00\x00\x00\x94\x06\x01")
else:
    send(b"\x91\x03")
receive()
if mode == "garbage":
    os.write(4, b"\x05\x00\x00\x00hello")
elif mode == "huge":
    os.write(4, struct.pack("<I", 0xFFFFFFFF))
elif mode == "wrong-id":
    send(b"\x94\x06\x07\xc0\xc4\x02{}")
elif mode == "close":
    os.close(4)
elif mode == "stream-too-much":
    send(b"\x93\x09\x01\xc0")
    chunk = b"x" * 1048576
    for _ in range(7):
        send(b"\x93\x05\x01\xc6" + struct.pack(">I", len(chunk)) + chunk)
elif mode == "stream":
    send(b"\x93\x09\x01\xc0")
    send(b"\x93\x05\x01\xc4\x05[1,2,")
    send(b"\x93\x05\x01\xc4\x023]")
    send(b"\x92\x0a\x01")
time.sleep(600)
