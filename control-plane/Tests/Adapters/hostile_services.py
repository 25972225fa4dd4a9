"""Hostile members of every operation of Logs, IAM and STS that there is, by botocore's model: none answers 5xx, each refusal has a type, and nothing that is refused
or only reads changes what is stored. Arguments: endpoint, the control plane's folder."""
import json
import random
import sqlite3
import sys
import urllib.error
import urllib.parse
import urllib.request

import botocore.session

ENDPOINT = sys.argv[1]
session = botocore.session.get_session()
chosen = random.Random(2015)
HOSTILE = [None, "", " ", "a", "/my/group", "r", "é\u0000\ud800", "x" * 3000, "../..", "arn:aws:logs:us-east-1:000000000000:log-group:/my/group", "arn:aws:iam::aws:policy/x", "arn:aws:iam::000000000000:policy/a", "v1", 0, -1, 1, 2**63, 1e400, 1.5,
           True, [], [None], ["a"] * 200, [{}], {}, {"a": None}, {"a": {"b": []}}, {"": ""}, [[[[]]]], '{"Version":"2012-10-17"}', "f/x", "{ $.a = 1 }", '"']
answers = {}
databases = [sqlite3.connect(f"file:{sys.argv[2]}/{name}?mode=ro", uri=True) for name in ("hearth.db", "logs.db")]


def state():
    """Changes with every commit."""
    return [database.execute("PRAGMA data_version").fetchone()[0] for database in databases]


version = state()


def send(body, headers):
    request = urllib.request.Request(ENDPOINT + "/", body, headers, method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as failure:
        return failure.code, failure.read()


def check(name, status, body, sent):
    global version
    answers.setdefault(name, set()).add(status)
    before, version = version, state()
    if status >= 400 or name.split(":")[-1].startswith(("Get", "List", "Describe", "Filter")):
        assert version == before, (name, status, body, sent, "left something behind")
    assert status < 500, (name, status, body, sent)
    if status >= 400:
        assert b"__type" in body or b"<Code>" in body, (name, status, body, sent)


def present(headers, body):
    """Makes what the hostile members then name, where an operation before has taken it away."""
    global version
    send(body, headers)
    version = state()


def query(**members):
    return {"Content-Type": "application/x-www-form-urlencoded"}, urllib.parse.urlencode({"Version": "2010-05-08", **members}).encode()


def target(operation, body):
    return {"X-Amz-Target": f"Logs_20140328.{operation}", "Content-Type": "application/x-amz-json-1.1"}, json.dumps(body).encode()


first = state()
present(*query(Action="CreateRole", RoleName="r", AssumeRolePolicyDocument='{"Version":"2012-10-17"}'))
present(*target("CreateLogGroup", {"logGroupName": "/my/group"}))
assert all(now != before for now, before in zip(version, first)), "what is carried out is not seen"
for name, operation in ((n, session.get_service_model("logs").operation_model(n)) for n in session.get_service_model("logs").operation_names):
    members = list(operation.input_shape.members) if operation.input_shape else []
    present(*target("CreateLogGroup", {"logGroupName": "/my/group"}))
    present(*target("CreateLogStream", {"logGroupName": "/my/group", "logStreamName": "a"}))
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
        present(*query(Action="CreateRole", RoleName="r", AssumeRolePolicyDocument='{"Version":"2012-10-17"}'))
        present(*query(Action="CreatePolicy", PolicyName="a", PolicyDocument='{"Version":"2012-10-17"}'))
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
# Reached, not only turned away as unknown: what is served of each service has refused and carried out something.
carried_out = {name for name, statuses in answers.items() if min(statuses) < 300}
assert {"DescribeLogGroups", "iam:ListRoles", "iam:ListPolicies", "sts:GetCallerIdentity"} <= carried_out and len(carried_out) >= 8, carried_out
print(f"hostile: {len(answers)} operations ok, {len(carried_out)} of them carried out at times")
