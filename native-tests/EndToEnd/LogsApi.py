"""The logs of functions by CloudWatch Logs' API: Debian's aws (logs tail, also following) and boto3. Arguments: endpoint, zip of a function that prints what it is told."""
import json
import os
import re
import subprocess
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT, ZIP = sys.argv[1:3]
ARGUMENTS = dict(endpoint_url=ENDPOINT, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x", config=Config(retries={"max_attempts": 0}, inject_host_prefix=False))
functions, logs = boto3.client("lambda", **ARGUMENTS), boto3.client("logs", **ARGUMENTS)
GROUP = "/aws/lambda/printer"
ENVIRONMENT = dict(os.environ, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_REGION="us-east-1", AWS_PAGER="")


def aws(*arguments):
    run = subprocess.run(["/usr/bin/aws", "--endpoint-url", ENDPOINT, *arguments], capture_output=True, text=True, env=ENVIRONMENT)
    assert run.returncode == 0, (arguments, run.stdout, run.stderr)
    return run.stdout


def say(*lines):
    answer = functions.invoke(FunctionName="printer", Payload=json.dumps(lines))
    assert "FunctionError" not in answer, answer["Payload"].read()
    return answer["ResponseMetadata"]["RequestId"]


def until(what, condition):
    for _ in range(300):
        try:
            found = condition()
        except logs.exceptions.ResourceNotFoundException:
            # As on AWS: the group is there once something was written to it.
            found = None
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"never came true: {what}")


functions.create_function(FunctionName="printer", Runtime="python3.12", Handler="handler.handle", Role="arn:aws:iam::000000000000:role/r", Code={"ZipFile": open(ZIP, "rb").read()})
functions.get_waiter("function_active_v2").wait(FunctionName="printer")
assert logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"] == []
try:
    logs.filter_log_events(logGroupName=GROUP)
    raise AssertionError("a group that is not there was searched")
except ClientError as failure:
    assert failure.response["Error"]["Code"] == "ResourceNotFoundException", failure

request = say("first line", "second line ERROR", '{"level": "warn", "n": 7}')
found = until("END is there", lambda: [e["message"] for e in logs.filter_log_events(logGroupName=GROUP, filterPattern=f'"END RequestId: {request}"')["events"]])
assert found == [f"END RequestId: {request}\n"], found
group = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"][0]
assert group["logGroupName"] == GROUP and group["storedBytes"] > 0 and abs(group["creationTime"] - time.time() * 1000) < 600_000, group
stream = logs.describe_log_streams(logGroupName=GROUP, orderBy="LastEventTime", descending=True)["logStreams"][0]
assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream["logStreamName"]), stream
events = logs.get_log_events(logGroupName=GROUP, logStreamName=stream["logStreamName"], startFromHead=True)["events"]
messages = [e["message"] for e in events]
assert "first line\n" in messages and messages.index(f"START RequestId: {request} Version: $LATEST\n") < messages.index("first line\n"), messages
assert [e["message"] for e in logs.filter_log_events(logGroupName=GROUP, filterPattern="line -ERROR")["events"]] == ["first line\n"]
assert [e["message"] for e in logs.filter_log_events(logGroupName=GROUP, filterPattern="{ $.n > 6 }", logStreamNames=[stream["logStreamName"]])["events"]] == ['{"level": "warn", "n": 7}\n']

# aws logs tail, once and following: what comes while it runs is shown, once.
assert "second line ERROR" in aws("logs", "tail", GROUP, "--since", "1h", "--format", "short")
tail = subprocess.Popen(["/usr/bin/aws", "--endpoint-url", ENDPOINT, "logs", "tail", GROUP, "--follow", "--format", "short"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(ENVIRONMENT, PYTHONUNBUFFERED="1"))
try:
    shown = []
    for line in tail.stdout:
        shown.append(line)
        if "first line" in line:
            break
    assert any("first line" in line for line in shown), shown
    for i in range(3):
        say(f"followed {i}")
    for line in tail.stdout:
        shown.append(line)
        if "followed 2" in line:
            break
    for i in range(3):
        assert sum(f"followed {i}" in line for line in shown) == 1, (i, shown)
finally:
    tail.terminate()
    tail.wait()

# In pages, as a program of many lines is read.
say(*[f"many {i}" for i in range(500)])
until("the last is there", lambda: logs.filter_log_events(logGroupName=GROUP, filterPattern='"many 499"')["events"])
pages = list(logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, filterPattern="many", PaginationConfig={"PageSize": 37}))
assert [e["message"] for page in pages for e in page["events"]] == [f"many {i}\n" for i in range(500)]
assert len(pages) == 14, len(pages)

# Retention and tags make the group one that is kept.
logs.put_retention_policy(logGroupName=GROUP, retentionInDays=3)
logs.tag_resource(resourceArn=group["arn"][:-2], tags={"a": "b"})
kept = logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"][0]
assert kept["retentionInDays"] == 3 and logs.list_tags_for_resource(resourceArn=group["arn"][:-2])["tags"] == {"a": "b"}
assert logs.filter_log_events(logGroupName=GROUP, filterPattern="first")["events"]

# A stream of one's own beside the function's.
logs.create_log_stream(logGroupName=GROUP, logStreamName="own")
logs.put_log_events(logGroupName=GROUP, logStreamName="own", logEvents=[{"timestamp": int(time.time() * 1000), "message": "put by hand"}])
assert [(e["logStreamName"], e["message"]) for e in logs.filter_log_events(logGroupName=GROUP, filterPattern="hand")["events"]] == [("own", "put by hand")]
assert {s["logStreamName"] for s in logs.describe_log_streams(logGroupName=GROUP)["logStreams"]} >= {"own", stream["logStreamName"]}
logs.delete_log_stream(logGroupName=GROUP, logStreamName=stream["logStreamName"])
assert not logs.filter_log_events(logGroupName=GROUP, filterPattern="first")["events"]

logs.delete_log_group(logGroupName=GROUP)
assert logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"] == []
# It comes back with the function's next line.
again = say("after")
until("the group is there again", lambda: logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"])
until("its line is there", lambda: [e["message"] for e in logs.filter_log_events(logGroupName=GROUP, filterPattern="after")["events"]] == ["after\n"])
assert "retentionInDays" not in logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"][0]
print("logs: ok")
