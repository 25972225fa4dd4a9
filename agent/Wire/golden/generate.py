#!/usr/bin/python3
"""Writes NAME.bin for each NAME.json here, or with --check says which are not up to date. Its encoder is its own: none of the parsers under test is used.

A description is {"note", "from": "agent" | "runtime", "valid": bool, "elements": [...]} or, for bytes that no encoder would write, "hex" instead of elements.
Elements: null, true, false, integers and strings in their shortest form; {"bin": hex}, {"bin": hex, "times": n}; {"text": s, "times": n};
{"map": {...}}, {"map": {"K": "V"}, "times": n} (keys K0, K1, ...); {"as": "u8|u16|u32|u64|i8|i16|i32|i64|str8|str16|str32|bin16|bin32|array16|array32|map16|map32", "value": v}.
"prefix" replaces the length; "tail" is hex appended inside the frame.
"""
import json
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).parent
WIDE = {
    "u8": (0xCC, ">B"), "u16": (0xCD, ">H"), "u32": (0xCE, ">I"), "u64": (0xCF, ">Q"),
    "i8": (0xD0, ">b"), "i16": (0xD1, ">h"), "i32": (0xD2, ">i"), "i64": (0xD3, ">q"),
    "str8": (0xD9, ">B"), "str16": (0xDA, ">H"), "str32": (0xDB, ">I"),
    "bin8": (0xC4, ">B"), "bin16": (0xC5, ">H"), "bin32": (0xC6, ">I"),
    "array16": (0xDC, ">H"), "array32": (0xDD, ">I"), "map16": (0xDE, ">H"), "map32": (0xDF, ">I"),
}


def wide(name, number):
    code, form = WIDE[name]
    return bytes((code,)) + struct.pack(form, number)


def sized(size, small, limit, names):
    if limit and size < limit:
        return bytes((small | size,))
    for name in names:
        if size < 1 << 8 * struct.calcsize(WIDE[name][1]):
            return wide(name, size)
    raise ValueError(size)


def encode(item):
    if item is None:
        return b"\xc0"
    if isinstance(item, bool):
        return b"\xc3" if item else b"\xc2"
    if isinstance(item, int):
        if 0 <= item < 128:
            return bytes((item,))
        if -32 <= item < 0:
            return struct.pack(">b", item)
        return sized(item, 0, 0, ("u8", "u16", "u32", "u64")) if item > 0 else wide("i64", item)
    if isinstance(item, str):
        data = item.encode()
        return sized(len(data), 0xA0, 32, ("str8", "str16", "str32")) + data
    if isinstance(item, list):
        return sized(len(item), 0x90, 16, ("array16", "array32")) + b"".join(map(encode, item))
    times = item.get("times", 1)
    if "text" in item:
        return encode(item["text"] * times)
    if "bin" in item:
        data = bytes.fromhex(item["bin"]) * times
        return sized(len(data), 0, 0, ("bin8", "bin16", "bin32")) + data
    if "map" in item:
        entries = item["map"]
        if "times" in item:
            (key, value), = entries.items()
            entries = {"%s%d" % (key, i): "%s%d" % (value, i) for i in range(times)}
        head = sized(len(entries), 0x80, 16, ("map16", "map32"))
        return head + b"".join(encode(k) + encode(v) for k, v in entries.items())
    return as_width(item["as"], item["value"])


def as_width(name, value):
    if name[0] in "ui":
        return wide(name, value)
    if name.startswith("str"):
        data = value.encode()
        return wide(name, len(data)) + data
    if name.startswith("bin"):
        data = bytes.fromhex(value)
        return wide(name, len(data)) + data
    if name.startswith("array"):
        return wide(name, len(value)) + b"".join(map(encode, value))
    return wide(name, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())


def build(case):
    if "hex" in case:
        return bytes.fromhex(case["hex"].replace(" ", ""))
    elements = case["elements"]
    body = (encode(elements) if isinstance(elements, list) else as_width(elements["as"], elements["value"])) + bytes.fromhex(case.get("tail", ""))
    return struct.pack("<I", case.get("prefix", len(body))) + body


def main():
    stale = []
    for path in sorted(HERE.glob("*.json")):
        data = build(json.loads(path.read_text("utf-8")))
        target = path.with_suffix(".bin")
        if not target.exists() or target.read_bytes() != data:
            stale.append(target.name)
            if "--check" not in sys.argv:
                target.write_bytes(data)
    extra = [p.name for p in HERE.glob("*.bin") if not p.with_suffix(".json").exists()]
    if "--check" in sys.argv and (stale or extra):
        sys.exit("not up to date: %s; without a description: %s" % (stale, extra))


main()
