"""Frames on two pipes; agent/Wire/README.md is the specification. Nothing here imports more than builtins."""
import os

PROTOCOL_VERSION = 1
MAX_PAYLOAD = 6_291_556
MAX_FRAME = MAX_PAYLOAD + 64 * 1024
HELLO, INIT, INIT_DONE, INVOKE, CHUNK, RESPONSE, ERROR, SHUTDOWN, RESPONSE_START, RESPONSE_END = range(1, 11)
# How many elements a frame from the agent has, kind included.
_COUNTS = {INIT: 4, INVOKE: 11, SHUTDOWN: 3}
_READ_AT_ONCE = 16384


class WireError(Exception):
    """The peer broke the protocol."""


class Reader:
    """Cuts the request pipe into frames. One frame is under way at a time, so a small buffer and one exact read do."""

    def __init__(self, fd):
        self.fd = fd
        self._pending = b""

    def read(self):
        """The next frame as a list, or None at the end of the stream. The payload is a view that lives as long as the list."""
        data = self._pending
        while len(data) < 4:
            piece = os.read(self.fd, _READ_AT_ONCE)
            if not piece:
                if data:
                    raise WireError("the stream ends inside a length")
                return None
            data = data + piece if data else piece
        length = int.from_bytes(data[:4], "little")
        if not 1 <= length <= MAX_FRAME:
            raise WireError("a frame of %d bytes was announced; 1 to %d are allowed" % (length, MAX_FRAME))
        end = 4 + length
        if len(data) >= end:
            self._pending = data[end:]
            return decode(memoryview(data)[4:end])
        body = bytearray(length)
        view = memoryview(body)
        have = len(data) - 4
        view[:have] = data[4:]
        self._pending = b""
        while have < length:
            count = os.readv(self.fd, [view[have:]])
            if count == 0:
                raise WireError("the stream ends inside a frame")
            have += count
        return decode(view)


def write(fd, head, payload=b""):
    """Writes the frame whose head (from `frame`) and payload these are, without joining them."""
    written = os.writev(fd, [head, payload]) if payload else os.write(fd, head)
    total = len(head) + len(payload)
    while written < total:
        rest = memoryview(head)[written:] if written < len(head) else memoryview(payload)[written - len(head):]
        written += os.write(fd, rest)


def frame(*elements, payload=None):
    """The head of a frame: length, array header, elements and, when there is a payload, its bin header."""
    count = len(elements) + (payload is not None)
    parts = [bytes((0x90 | count,))]
    parts += [encode(element) for element in elements]
    following = 0
    if payload is not None:
        following = len(payload)
        parts.append(_bin_header(following))
    body = b"".join(parts)
    return (len(body) + following).to_bytes(4, "little") + body


def encode(value):
    if value is None:
        return b"\xc0"
    if value is True or value is False:
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        if 0 <= value < 128:
            return bytes((value,))
        return (b"\xcf" + value.to_bytes(8, "big")) if value >= 0 else (b"\xd3" + value.to_bytes(8, "big", signed=True))
    data = value.encode("utf-8", "replace")
    size = len(data)
    if size < 32:
        return bytes((0xA0 | size,)) + data
    if size < 256:
        return b"\xd9" + bytes((size,)) + data
    return b"\xda" + size.to_bytes(2, "big") + data if size < 65536 else b"\xdb" + size.to_bytes(4, "big") + data


def _bin_header(size):
    if size < 256:
        return b"\xc4" + bytes((size,))
    return b"\xc5" + size.to_bytes(2, "big") if size < 65536 else b"\xc6" + size.to_bytes(4, "big")


def decode(body):
    """One frame without its length, as a list that begins with the kind. Checked as far as the runtime relies on it."""
    try:
        elements, end = _value(body, 0, 2)
    except (IndexError, UnicodeDecodeError) as error:
        raise WireError("a frame is cut off or not UTF-8") from error
    if end != len(body):
        raise WireError("a frame is followed by bytes that belong to no element")
    if type(elements) is not list or not elements or type(elements[0]) is not int:
        raise WireError("a frame is not an array that begins with its kind")
    expected = _COUNTS.get(elements[0])
    if expected is not None and len(elements) != expected:
        raise WireError("kind %d has %d elements; it must have %d" % (elements[0], len(elements), expected))
    return elements


def _value(body, at, depth):
    code = body[at]
    at += 1
    if code < 0x80:
        return code, at
    if code >= 0xE0:
        return code - 256, at
    if code < 0x90:
        return _map(body, at, code & 0x0F, depth)
    if code < 0xA0:
        return _array(body, at, code & 0x0F, depth)
    if code < 0xC0:
        return _text(body, at, code & 0x1F)
    if code == 0xC0:
        return None, at
    if code in (0xC2, 0xC3):
        return code == 0xC3, at
    if code in _SIZED:
        width, reader = _SIZED[code]
        size, at = _size(body, at, width)
        return reader(body, at, size, depth) if reader in (_map, _array) else reader(body, at, size)
    if 0xCC <= code <= 0xCF:
        return _size(body, at, 1 << (code - 0xCC))
    if 0xD0 <= code <= 0xD3:
        width = 1 << (code - 0xD0)
        return int.from_bytes(_slice(body, at, width), "big", signed=True), at + width
    raise WireError("type byte 0x%02x is not used in frames" % code)


def _slice(body, at, size):
    if at + size > len(body):
        raise IndexError(at + size)
    return body[at:at + size]


def _size(body, at, width):
    return int.from_bytes(_slice(body, at, width), "big"), at + width


def _text(body, at, size):
    return str(_slice(body, at, size), "utf-8"), at + size


def _bin(body, at, size):
    return _slice(body, at, size), at + size


def _array(body, at, size, depth):
    if depth == 0 or size > len(body) - at:
        raise WireError("an array is nested too deep or longer than its frame")
    items = []
    for _ in range(size):
        item, at = _value(body, at, depth - 1)
        items.append(item)
    return items, at


def _map(body, at, size, depth):
    if depth == 0 or size > len(body) - at:
        raise WireError("a map is nested too deep or longer than its frame")
    entries = {}
    for _ in range(size):
        key, at = _value(body, at, 0)
        entries[key], at = _value(body, at, 0)
    return entries, at


_SIZED = {
    0xC4: (1, _bin), 0xC5: (2, _bin), 0xC6: (4, _bin),
    0xD9: (1, _text), 0xDA: (2, _text), 0xDB: (4, _text),
    0xDC: (2, _array), 0xDD: (4, _array), 0xDE: (2, _map), 0xDF: (4, _map),
}
