"""Drives the REST API with boto3, which checks each answer against AWS's service model. Arguments: endpoint, zip, second zip."""
import base64
import hashlib
import sys
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, first, second = sys.argv[1:]
client = boto3.client(
    "lambda", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y",
    config=Config(retries={"max_attempts": 0}))
zips = [open(path, "rb").read() for path in (first, second)]
shas = [base64.b64encode(hashlib.sha256(z).digest()).decode() for z in zips]


def refused(code, status, call, **arguments):
    try:
        call(**arguments)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, e.response
        assert e.response["ResponseMetadata"]["HTTPStatusCode"] == status, e.response
        assert e.response["Error"]["Message"], e.response
        return
    raise AssertionError(f"{code} expected")


settings = dict(
    FunctionName="f", Runtime="python3.9", Role="arn:aws:iam::000000000000:role/r", Handler="app.handler", Timeout=7, MemorySize=256,
    Environment={"Variables": {"AA": "1"}}, EphemeralStorage={"Size": 1024}, Tags={"team": "a"}, Description="d", Architectures=["x86_64"])
created = client.create_function(Code={"ZipFile": zips[0]}, **settings)
assert created["ResponseMetadata"]["HTTPStatusCode"] == 201, created
assert created["State"] == "Pending" and created["StateReasonCode"] == "Creating", created
assert created["CodeSha256"] == shas[0] and created["CodeSize"] == len(zips[0]), created
for key, value in settings.items():
    if key != "Tags":
        assert created[key] == value, (key, created)
refused("ResourceConflictException", 409, client.create_function, Code={"ZipFile": zips[0]}, **settings)

got = client.get_function(FunctionName="f")
assert got["Tags"] == {"team": "a"} and got["Code"]["RepositoryType"] == "S3", got
assert urllib.request.urlopen(got["Code"]["Location"]).read() == zips[0]
configuration = client.get_function_configuration(FunctionName="f", Qualifier="$LATEST")
assert configuration["FunctionArn"].endswith(":function:f:$LATEST"), configuration

updated = client.update_function_code(FunctionName="f", ZipFile=zips[1], DryRun=True)
assert updated["CodeSha256"] == shas[1]
assert client.get_function_configuration(FunctionName="f")["CodeSha256"] == shas[0]
updated = client.update_function_code(FunctionName="f", ZipFile=zips[1], RevisionId=created["RevisionId"])
assert updated["CodeSha256"] == shas[1] and updated["LastUpdateStatus"] == "InProgress", updated
refused("PreconditionFailedException", 412, client.update_function_code, FunctionName="f", ZipFile=zips[1], RevisionId=created["RevisionId"])
changed = client.update_function_configuration(FunctionName="f", MemorySize=128, Environment={})
assert changed["MemorySize"] == 128 and "Environment" not in changed and changed["Timeout"] == 7, changed

for name in ("a", "b", "c"):
    client.create_function(Code={"ZipFile": zips[0]}, **{**settings, "FunctionName": name})
pages = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 3})
assert [[f["FunctionName"] for f in page["Functions"]] for page in pages] == [["a", "b", "c"], ["f"]]

refused("ResourceNotFoundException", 404, client.get_function, FunctionName="nope")
refused("InvalidParameterValueException", 400, client.create_function, Code={"ZipFile": b"x"}, **{**settings, "FunctionName": "z"})
refused("InvalidParameterValueException", 400, client.create_function, Code={"ZipFile": zips[0]}, **{**settings, "FunctionName": "z", "Runtime": "java21"})
refused("ServiceException", 503, client.invoke, FunctionName="f")
assert client.delete_function(FunctionName="f")["ResponseMetadata"]["HTTPStatusCode"] == 204
refused("ResourceNotFoundException", 404, client.delete_function, FunctionName="f")
print("boto: ok")
