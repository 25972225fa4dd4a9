"""Event invocations by boto3, which checks each answer against AWS's service model. Arguments: endpoint, function."""
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

client = boto3.client(
    "lambda", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x",
    config=Config(retries={"max_attempts": 0}, inject_host_prefix=False))
name = sys.argv[2]


def refused(code, status, **arguments):
    try:
        client.invoke(FunctionName=name, InvocationType="Event", **arguments)
    except ClientError as failure:
        got = failure.response["Error"]["Code"], failure.response["ResponseMetadata"]["HTTPStatusCode"]
        assert got == (code, status), got
        return failure.response["Error"]["Message"]
    raise AssertionError(f"{code} was not raised")


answer = client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps({"text": "x" * 100_000}))
assert answer["StatusCode"] == 202, answer
assert answer["Payload"].read() == b"", answer
assert "ExecutedVersion" not in answer and "FunctionError" not in answer, answer
print("sent", answer["ResponseMetadata"]["RequestId"])

largest = b'"' + b"x" * (1_048_576 - 2) + b'"'
answer = client.invoke(FunctionName=name, InvocationType="Event", Payload=largest)
assert answer["StatusCode"] == 202, answer
print("sent", answer["ResponseMetadata"]["RequestId"])
said = refused("RequestEntityTooLargeException", 413, Payload=largest + b" ")
assert said == "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)", said
refused("InvalidRequestContentException", 400, Payload=b"{")
refused("ResourceNotFoundException", 404, Payload=b"{}", Qualifier="7")

answer = client.invoke_async(FunctionName=name, InvokeArgs=b"{}")
assert answer["Status"] == 202, answer
print("sent", answer["ResponseMetadata"]["RequestId"])
print("boto: ok")
