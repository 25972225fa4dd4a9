"""The golden frames (agent/Wire/golden) through the Python client's codec: /usr/bin/python3 -m unittest discover -s rootfs/runtimes/python/tests"""
import json
import os
import pathlib
import sys
import threading
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from _hearth import wire  # noqa: E402

GOLDEN = next(p for p in (HERE.parents[3] / "agent/Wire/golden", HERE.parents[2] / "golden") if p.is_dir())
CASES = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(GOLDEN.glob("*.json"))}


def value(item):
    """What a description's element stands for."""
    if isinstance(item, list):
        return [value(i) for i in item]
    if not isinstance(item, dict):
        return item
    times = item.get("times", 1)
    if "text" in item:
        return item["text"] * times
    if "bin" in item:
        return bytes.fromhex(item["bin"]) * times
    if "map" in item:
        entries = item["map"]
        if "times" in item:
            (key, text), = entries.items()
            return {"%s%d" % (key, i): "%s%d" % (text, i) for i in range(times)}
        return entries
    if item["as"].startswith("bin"):
        return bytes.fromhex(item["value"])
    return value(item["value"])


def plain(elements):
    return [bytes(e) if isinstance(e, memoryview) else e for e in elements]


def read_all(pieces):
    """Frames of a stream that arrives in these pieces."""
    reading, writing = os.pipe()

    def feed():
        try:
            for piece in pieces:
                os.write(writing, piece)
        except BrokenPipeError:
            pass
        finally:
            os.close(writing)

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        reader = wire.Reader(reading)
        frames = []
        while True:
            frame = reader.read()
            if frame is None:
                return frames
            frames.append(plain(frame))
    finally:
        os.close(reading)
        feeder.join()


class GoldenFrames(unittest.TestCase):
    def cases(self, valid, sender=None):
        chosen = [n for n, c in CASES.items() if c["valid"] == valid and sender in (None, c["from"])]
        self.assertGreater(len(chosen), 5)
        for name in chosen:
            with self.subTest(name):
                yield name, (GOLDEN / (name + ".bin")).read_bytes()

    def test_valid_frames_have_their_elements(self):
        for name, data in self.cases(True):
            self.assertEqual([value(CASES[name]["elements"])], read_all([data]))

    def test_frames_may_arrive_in_any_pieces(self):
        for name, data in self.cases(True):
            if len(data) <= 512:
                self.assertEqual(1, len(read_all([data[i:i + 1] for i in range(len(data))])))
                two = [value(CASES[name]["elements"])] * 2
                self.assertEqual(two, read_all([(data + data)[:len(data) + 3], data[3:]]))

    def test_frames_of_an_agent_that_are_none_are_refused(self):
        for _, data in self.cases(False, "agent"):
            with self.assertRaises(wire.WireError):
                read_all([data])

    def test_what_the_client_writes_reads_back(self):
        for name, _ in self.cases(True, "runtime"):
            elements = value(CASES[name]["elements"])
            payload = elements[-1] if isinstance(elements[-1], bytes) else None
            head = wire.frame(*(elements if payload is None else elements[:-1]), payload=payload)
            self.assertEqual([elements], read_all([head + (payload or b"")]))

    def test_a_stream_that_ends_inside_a_frame_is_refused(self):
        data = (GOLDEN / "invoke.bin").read_bytes()
        for end in range(1, len(data)):
            with self.assertRaises(wire.WireError):
                read_all([data[:end]])


if __name__ == "__main__":
    unittest.main()
