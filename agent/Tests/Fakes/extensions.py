"""A runtime that announces extensions: /usr/bin/python3 extensions.py MODE FOLDER, frames on descriptors 3 and 4.
It answers at once, says Done when FOLDER/done exists (and takes it away), and writes why it was shut down into FOLDER/reason."""
import os
import struct
import sys
import time


def send(body):
    os.write(4, struct.pack("<I", len(body)) + body)


def read(count):
    data = b""
    while len(data) < count:
        piece = os.read(3, count - len(data))
        if not piece:
            sys.exit(0)
        data += piece
    return data


def receive():
    return read(struct.unpack("<I", read(4))[0])


mode, folder = sys.argv[1:]
send(b"\x94\x01\x01\xa4fake\xa11")
receive()
if mode == "fail":
    send(b"\x96\x07\x00\xafExtension.Crash\xc3\xadexit status 3\xc4\x00")
    time.sleep(600)
# 2,000 ms between Shutdown and the end.
send(b"\x92\x03\xcd\x07\xd0")
while True:
    frame = receive()
    if frame[1] == 8:
        with open(folder + "/reason", "a") as reason:
            reason.write(("spindown" if frame.endswith(b"spindown") else "timeout" if frame.endswith(b"timeout") else "?") + "\n")
        if mode == "stubborn":
            time.sleep(600)
        if mode == "babble":
            # No frame is that long. As often as somebody reads; an x for each 60,000 bytes that were taken.
            for _ in range(1000):
                os.write(4, b"\xff" * 60000)
                with open(folder + "/written", "a") as count:
                    count.write("x")
            time.sleep(600)
        print("flushed", flush=True)
        sys.exit(0)
    number = frame[2:3]
    if mode == "silent":
        continue
    send(b"\x94\x06" + number + b"\xc0\xc4\x02{}")
    if mode == "die":
        os._exit(4)
    print("after the answer", flush=True)
    # Several may wait for it, and one of them takes it.
    while True:
        try:
            os.remove(folder + "/done")
            break
        except FileNotFoundError:
            time.sleep(0.005)
    send(b"\x92\x0b" + number)
