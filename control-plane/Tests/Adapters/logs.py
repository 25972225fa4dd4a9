"""CloudWatch Logs by boto3, which checks each answer against AWS's service model: groups and streams that people make. Argument: endpoint."""
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

logs = boto3.client("logs", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x", config=Config(retries={"max_attempts": 0}))
NOW = int(time.time() * 1000)
MINUTE = 60_000


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as failure:
        got = failure.response["Error"]["Code"], failure.response["ResponseMetadata"]["HTTPStatusCode"]
        assert got == (code, 400), (got, failure)
        return failure.response["Error"]["Message"]
    raise AssertionError(f"{code} was not raised")


# aws_cloudwatch_log_group
logs.create_log_group(logGroupName="/my/group", tags={"team": "a"})
logs.put_retention_policy(logGroupName="/my/group", retentionInDays=7)
assert refused("ResourceAlreadyExistsException", logs.create_log_group, logGroupName="/my/group") == "The specified log group already exists"
group = logs.describe_log_groups(logGroupNamePrefix="/my")["logGroups"][0]
assert (group["logGroupName"], group["retentionInDays"]) == ("/my/group", 7), group
assert group["arn"] == "arn:aws:logs:us-east-1:000000000000:log-group:/my/group:*", group
assert logs.list_tags_for_resource(resourceArn=group["arn"][:-2])["tags"] == {"team": "a"}
assert logs.list_tags_log_group(logGroupName="/my/group")["tags"] == {"team": "a"}
logs.tag_resource(resourceArn=group["arn"][:-2], tags={"b": "c"})
logs.tag_log_group(logGroupName="/my/group", tags={"team": "z"})
logs.untag_resource(resourceArn=group["arn"][:-2], tagKeys=["b"])
assert logs.list_tags_for_resource(resourceArn=group["arn"][:-2])["tags"] == {"team": "z"}
logs.delete_retention_policy(logGroupName="/my/group")
assert "retentionInDays" not in logs.describe_log_groups(logGroupNamePrefix="/my/group")["logGroups"][0]
for i in range(60):
    logs.create_log_group(logGroupName=f"many/{i:02}")
names = [g["logGroupName"] for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="many/") for g in page["logGroups"]]
assert names == [f"many/{i:02}" for i in range(60)], names

# Streams.
for name in ("b", "a", "c"):
    logs.create_log_stream(logGroupName="/my/group", logStreamName=name)
assert refused("ResourceAlreadyExistsException", logs.create_log_stream, logGroupName="/my/group", logStreamName="a") == "The specified log stream already exists"
assert [s["logStreamName"] for s in logs.describe_log_streams(logGroupName="/my/group")["logStreams"]] == ["a", "b", "c"]
assert [s["logStreamName"] for page in logs.get_paginator("describe_log_streams").paginate(logGroupName="/my/group", descending=True, PaginationConfig={"PageSize": 1}) for s in page["logStreams"]] == ["c", "b", "a"]
assert refused("ResourceNotFoundException", logs.describe_log_streams, logGroupName="absent") == "The specified log group does not exist."

# Events: interleaved over streams, in pages, by time and pattern.
logs.put_log_events(logGroupName="/my/group", logStreamName="a", logEvents=[{"timestamp": NOW - MINUTE + i, "message": f"a{i} INFO started"} for i in range(100)])
logs.put_log_events(logGroupName="/my/group", logStreamName="b", logEvents=[{"timestamp": NOW - MINUTE + i, "message": f"b{i} ERROR out of memory"} for i in range(100)])


def found(**arguments):
    size = arguments.pop("size", 10_000)
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName="/my/group", PaginationConfig={"PageSize": size}, **arguments)
    return [event for page in pages for event in page["events"]]


everything = found()
assert len(everything) == 200 and len({e["eventId"] for e in everything}) == 200
assert [e["timestamp"] for e in everything] == sorted(e["timestamp"] for e in everything)
for size in (1, 7, 199, 200):
    assert found(size=size) == everything, size
assert [e["message"] for e in found(startTime=NOW - MINUTE + 50, endTime=NOW - MINUTE + 51)] == ["a50 INFO started", "b50 ERROR out of memory", "a51 INFO started", "b51 ERROR out of memory"]
assert len(found(logStreamNames=["b"])) == 100 and len(found(logStreamNamePrefix="a", size=9)) == 100
for pattern, count in (("ERROR", 100), ("-ERROR", 100), ('"out of memory"', 100), ("?INFO ?ERROR", 200), ("ERROR memory", 100), ("ERROR -memory", 0), ("error", 0), ("a5", 11)):
    assert len(found(filterPattern=pattern, size=3)) == count, pattern
logs.put_log_events(logGroupName="/my/group", logStreamName="c", logEvents=[{"timestamp": NOW, "message": '{"level":"warn","ms":12,"user":{"name":"ann"}}'}])
for pattern, count in (("{ $.level = \"warn\" }", 1), ("{ $.ms > 11 && $.user.name = \"a*\" }", 1), ("{ ($.ms > 12) || ($.level = w*) }", 1), ("{ $.ms >= 13 }", 0), ("{ $.absent NOT EXISTS }", 1)):
    assert len(found(filterPattern=pattern)) == count, pattern
for pattern in ("{ $.a }", "{ a = 1 }", "[a, b]", "%x%", '"open', "{ $.a = 1"):
    assert "Invalid filter pattern" in refused("InvalidParameterException", logs.filter_log_events, logGroupName="/my/group", filterPattern=pattern)

# One stream, both ways.
first = logs.get_log_events(logGroupName="/my/group", logStreamName="a", startFromHead=True, limit=10)
assert [e["message"][:2] for e in first["events"]] == [f"a{i}" for i in range(10)], first
second = logs.get_log_events(logGroupName="/my/group", logStreamName="a", nextToken=first["nextForwardToken"], limit=1000)
assert [e["message"].split()[0] for e in second["events"]] == [f"a{i}" for i in range(10, 100)]
end = logs.get_log_events(logGroupName="/my/group", logStreamName="a", nextToken=second["nextForwardToken"])
assert end["events"] == [] and end["nextForwardToken"] == second["nextForwardToken"], end
last = logs.get_log_events(logGroupName="/my/group", logStreamName="a", limit=5)
assert [e["message"].split()[0] for e in last["events"]] == [f"a{i}" for i in range(95, 100)], last
before = logs.get_log_events(logGroupName="/my/group", logStreamName="a", limit=5, nextToken=last["nextBackwardToken"])
assert [e["message"].split()[0] for e in before["events"]] == [f"a{i}" for i in range(90, 95)], before
assert refused("ResourceNotFoundException", logs.get_log_events, logGroupName="/my/group", logStreamName="z") == "The specified log stream does not exist."

# Bounds.
answer = logs.put_log_events(logGroupName="/my/group", logStreamName="c", logEvents=[{"timestamp": NOW - 15 * 86_400_000, "message": "old"}, {"timestamp": NOW, "message": "now"}, {"timestamp": NOW + 3 * 3_600_000, "message": "new"}])
assert answer["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 2, "tooOldLogEventEndIndex": 1}, answer
refused("InvalidParameterException", logs.put_log_events, logGroupName="/my/group", logStreamName="c", logEvents=[{"timestamp": NOW, "message": "x"}, {"timestamp": NOW - 1, "message": "x"}])
refused("InvalidParameterException", logs.put_log_events, logGroupName="/my/group", logStreamName="c", logEvents=[{"timestamp": NOW, "message": "x" * 270_000}])
refused("InvalidParameterException", logs.put_log_events, logGroupName="/my/group", logStreamName="c", logEvents=[{"timestamp": NOW, "message": "x" * 200_000}] * 6)
refused("ResourceNotFoundException", logs.put_log_events, logGroupName="/my/group", logStreamName="z", logEvents=[{"timestamp": NOW, "message": "x"}])
refused("InvalidParameterException", logs.put_retention_policy, logGroupName="/my/group", retentionInDays=2)
for name in ("a b", "x" * 513, "a:b", "ä"):
    refused("InvalidParameterException", logs.create_log_group, logGroupName=name)
for name in ("a:b", "a*b", "x" * 513):
    refused("InvalidParameterException", logs.create_log_stream, logGroupName="/my/group", logStreamName=name)
refused("InvalidParameterException", logs.create_log_group, logGroupName="k", kmsKeyId="arn:aws:kms:us-east-1:000000000000:key/k")
for token in ("f/x", "s/!", "s/AAAA", "x" * 100):
    refused("InvalidParameterException", logs.filter_log_events, logGroupName="/my/group", nextToken=token)
    refused("InvalidParameterException", logs.get_log_events, logGroupName="/my/group", logStreamName="a", nextToken=token)
refused("UnknownOperationException", logs.describe_metric_filters)

# Retention hides at once what it will delete.
logs.put_log_events(logGroupName="/my/group", logStreamName="c", logEvents=[{"timestamp": NOW - 2 * 86_400_000, "message": "two days old"}])
assert len(found(filterPattern="days")) == 1
logs.put_retention_policy(logGroupName="/my/group", retentionInDays=1)
assert found(filterPattern="days") == []

logs.delete_log_stream(logGroupName="/my/group", logStreamName="b")
assert len(found(filterPattern="ERROR")) == 0
logs.delete_log_group(logGroupName="/my/group")
refused("ResourceNotFoundException", logs.delete_log_group, logGroupName="/my/group")
refused("ResourceNotFoundException", logs.filter_log_events, logGroupName="/my/group")
print("logs: ok")
