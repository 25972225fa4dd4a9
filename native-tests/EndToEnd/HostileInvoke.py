"""HostileInvoke.py ENDPOINT FUNCTION: the operations that the agent serves, with hostile names, qualifiers, headers and payloads. FUNCTION answers its event.

Whatever comes is refused with 4xx and a type, or carried out; never 5xx, and nothing else hangs.
"""
import http.client
import itertools
import sys
import urllib.parse

HOST, FUNCTION = sys.argv[1].removeprefix("http://"), sys.argv[2]
OPERATIONS = {
    "Invoke": "/2015-03-31/functions/%s/invocations", "InvokeAsync": "/2014-11-13/functions/%s/invoke-async/",
    "InvokeWithResponseStream": "/2021-11-15/functions/%s/response-streaming-invocations",
}
NAMES = [
    "", " ", "x" * 65, "x" * 5000, "../../etc/passwd", "a\u0000b", "\U0001f600", "%2e%2e", "nobody", FUNCTION + ":", FUNCTION + ":9", FUNCTION + ":nobody", FUNCTION + ":$LATEST:x", FUNCTION + ":" + "q" * 129,
    "arn:aws:lambda:us-east-1:000000000000:function:" + FUNCTION, "arn:aws:lambda:mars-north-1:000000000000:function:" + FUNCTION, "arn:aws:lambda:us-east-1:999999999999:function:" + FUNCTION,
    "000000000000:" + FUNCTION, "arn:" + ":" * 500, "-1", "null", FUNCTION + "/../" + FUNCTION, FUNCTION + "\n",
]
TEXTS = ["", " ", "x" * 3000, "None", "null", "-1", "1e999", "Event,Event", "event", "\xe9\xff", "$LATEST", "9", "%00", "{}", "=" * 100, "AAAA" * 1000, "e30=", "e", "W10=", "bm8=", "arn:aws:x"]
HEADERS = ["X-Amz-Invocation-Type", "X-Amz-Log-Type", "X-Amz-Client-Context", "X-Amz-Tenant-Id", "X-Amz-Durable-Execution-Name", "Content-Type", "X-Amzn-Trace-Id", "Accept"]
PAYLOADS = [
    b"", b" ", b"{", b"}", b"nan", b"NaN", b"Infinity", b"1e999", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b"\xc3", b"\x00", b"[1,]", b"{\"a\":1}x", b"{\"a\":1,\"a\":2}", b"'x'", b"\"\\ud800\"", b"\"" + b"x" * 100_000 + b"\"",
    b"[" * 100_000, b"[" * 5_000 + b"]" * 5_000, b"{\"a\":" * 60 + b"1" + b"}" * 60, b"\"" + b"x" * 6_291_455 + b"\"",
]
connection = http.client.HTTPConnection(HOST, timeout=120)
answers = {}


def send(operation, name, headers, body, qualifier=None):
    path = OPERATIONS[operation] % urllib.parse.quote(name, safe="")
    if qualifier is not None:
        path += "?" + urllib.parse.urlencode({"Qualifier": qualifier})
    what = (operation, name[:80], headers, body[:80], qualifier)
    connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
    answer = connection.getresponse()
    text = answer.read()
    answers.setdefault(operation, set()).add(answer.status)
    assert answer.status < 500, (what, answer.status, text[:500])
    if answer.status >= 400:
        # A NUL in the path, or a header that is no UTF-8: the HTTP server's own refusal.
        own = answer.status == 400 and not text and ("%00" in path or any(not value.isascii() for value in headers.values()))
        assert own or (answer.headers.get("x-amzn-ErrorType") and len(text) < 10_000), (what, answer.status, text[:500], answer.headers)
    else:
        assert answer.headers.get("X-Amz-Function-Error") in (None, "Unhandled"), (what, answer.headers)


for operation in OPERATIONS:
    for name in NAMES:
        send(operation, name, {}, b"{}")
    for qualifier in TEXTS:
        send(operation, FUNCTION, {}, b"{}", qualifier)
    for header, value in itertools.product(HEADERS, TEXTS):
        send(operation, FUNCTION, {header: value}, b"{}")
    for payload in PAYLOADS:
        # An event that its function cannot take is tried for minutes; one that is refused is not.
        if operation != "InvokeAsync" or not payload.startswith(b"[" * 5_000 + b"]"):
            send(operation, FUNCTION, {}, payload)
for payload in PAYLOADS[:13] + [b"\"" + b"x" * (1 << 20) + b"\""]:
    send("Invoke", FUNCTION, {"X-Amz-Invocation-Type": "Event"}, payload)
    send("Invoke", FUNCTION, {"X-Amz-Invocation-Type": "DryRun"}, payload)
# Each was carried out at times and refused at times.
for operation, statuses in answers.items():
    assert min(statuses) < 300 and {400, 404, 413} <= statuses, (operation, statuses)
print("hostile: ok", {o: sorted(s) for o, s in answers.items()})
