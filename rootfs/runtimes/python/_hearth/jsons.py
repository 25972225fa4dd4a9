"""JSON as AWS's client reads and writes it, on the interpreter's C parts alone: importing json itself costs more than a whole cold start should."""
import os

try:
    from _json import encode_basestring, encode_basestring_ascii, make_encoder, make_scanner
except ImportError:
    make_scanner = None

_OLD = tuple("AWS_Lambda_python3.%d" % minor for minor in range(6, 12))


class _Scanning:
    """What make_scanner asks of its decoder."""
    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = {"-Infinity": -float("inf"), "Infinity": float("inf"), "NaN": float("nan")}.__getitem__
    memo = {}


_scan = make_scanner(_Scanning()) if make_scanner else None


def loads(data):
    """The value of JSON in UTF-8. What the fast way does not take goes the standard way, for its answer or its error."""
    text = str(data, "utf-8", "surrogatepass")
    if _scan is not None:
        stripped = text.strip(" \t\n\r")
        try:
            value, end = _scan(stripped, 0)
            if end == len(stripped):
                return value
        except (StopIteration, ValueError):
            pass
    import json
    return json.loads(text)


def dumps(value, ascii_only=False):
    try:
        return _encode(value, ascii_only, _refuse)
    except _HasDecimal:
        return _encode_with_decimals(value, ascii_only)


def answers_in_ascii():
    """AWS escapes non-ASCII up to Python 3.11 and does not from 3.12 on (lambda_runtime_marshaller.py)."""
    return os.environ.get("AWS_EXECUTION_ENV") in _OLD


class _HasDecimal(Exception):
    pass


class _Raw(str):
    """Text that goes into the JSON as it is."""


def _refuse(value):
    if type(value).__name__ == "Decimal":
        raise _HasDecimal
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def _encode(value, ascii_only, default):
    if make_scanner is None:
        import json
        return json.dumps(value, ensure_ascii=ascii_only, default=default)
    text = encode_basestring_ascii if ascii_only else encode_basestring
    return "".join(make_encoder({}, default, text, None, ": ", ", ", False, False, True)(value, 0))


def _encode_with_decimals(value, ascii_only):
    """A Decimal is written with its own digits, NaN as NaN, as AWS's client does since 2023."""
    from decimal import Decimal
    from json.encoder import _make_iterencode, encode_basestring, encode_basestring_ascii
    plain = encode_basestring_ascii if ascii_only else encode_basestring

    def default(item):
        if isinstance(item, Decimal):
            return float("nan") if item.is_nan() else _Raw(item)
        raise TypeError("Object of type %s is not JSON serializable" % type(item).__name__)

    def text(item):
        return str(item) if isinstance(item, _Raw) else plain(item)

    def number(item):
        if item != item:
            return "NaN"
        return float.__repr__(item) if abs(item) != float("inf") else ("Infinity" if item > 0 else "-Infinity")

    return "".join(_make_iterencode({}, default, text, None, number, ": ", ", ", False, False, False)(value, 0))
