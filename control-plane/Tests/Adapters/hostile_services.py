"""Hostile members of every operation of Logs, IAM and STS that there is, by botocore's model: none answers 5xx, each refusal has a type. Argument: endpoint."""
import json
import random
import sys
import urllib.error
import urllib.parse
import urllib.request

import botocore.session

ENDPOINT = sys.argv[1]
session = botocore.session.get_session()
chosen = random.Random(2015)
HOSTILE = [None, "", " ", "a", "/my/group", "r", "é\u0000\ud800", "x" * 3000, "../..", "arn:aws:logs:us-east-1:000000000000:log-group:/my/group", "arn:aws:iam::aws:policy/x", 0, -1, 1, 2**63, 1e400, 1.5,
           True, [], [None], ["a"] * 200, [{}], {}, {"a": None}, {"a": {"b": []}}, {"": ""}, [[[[]]]], '{"Version":"2012-10-17"}', "f/x", "{ $.a = 1 }", '"']
answers = {}


def send(body, headers):
    request = urllib.request.Request(ENDPOINT + "/", body, headers, method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as failure:
        return failure.code, failure.read()


def check(name, status, body, sent):
    answers.setdefault(name, set()).add(status)
    assert status < 500, (name, status, body, sent)
    if status >= 400:
        assert b"__type" in body or b"<Code>" in body, (name, status, body, sent)


for name, operation in ((n, session.get_service_model("logs").operation_model(n)) for n in session.get_service_model("logs").operation_names):
    members = list(operation.input_shape.members) if operation.input_shape else []
    for _ in range(60):
        given = {m: chosen.choice(HOSTILE) for m in members if chosen.random() < 0.7}
        text = json.dumps(given).replace("Infinity", "1e999")
        if chosen.random() < 0.05:
            text = text[: chosen.randrange(len(text) + 1)]
        status, body = send(text.encode("utf-8", "surrogatepass"), {"X-Amz-Target": f"Logs_20140328.{name}", "Content-Type": "application/x-amz-json-1.1"})
        check(name, status, body, text[:300])

for service in ("iam", "sts"):
    model = session.get_service_model(service)
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        for _ in range(20):
            pairs = [("Action", name), ("Version", model.api_version)]
            for member in shape.members if shape else []:
                value = chosen.choice(HOSTILE)
                if chosen.random() < 0.8 and isinstance(value, (str, int, float)):
                    pairs.append((chosen.choice([member, f"{member}.member.1", f"{member}.member.1.Key"]), str(value).encode("utf-8", "surrogatepass")))
            body = urllib.parse.urlencode(pairs) + chosen.choice(["", "", "&&=&%", "&a=%zz", "&=%00"])
            status, answer = send(body.encode(), {"Content-Type": "application/x-www-form-urlencoded"})
            check(f"{service}:{name}", status, answer, body[:300])

for headers, body in (({"X-Amz-Target": ""}, b"{}"), ({"X-Amz-Target": "Logs_20140328." + "x" * 5000}, b"{}"), ({"X-Amz-Target": "DynamoDB_20120810.ListTables"}, b"{}"), ({"Content-Type": "application/x-www-form-urlencoded"}, b"a" * 300_000),
                      ({"Content-Type": "application/x-www-form-urlencoded"}, b"&" * 200_000), ({"X-Amz-Target": "Logs_20140328.PutLogEvents"}, b"[" * 100_000)):
    check("edge", *send(body, headers), headers)
print(f"hostile: {sum(1 for _ in answers)} operations ok")
