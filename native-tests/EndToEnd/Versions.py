"""Versions, aliases, layers and concurrency of a real node, with boto3. Argument: endpoint."""
import io
import json
import sys
import time
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

api = boto3.client(
    "lambda", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y", config=Config(retries={"max_attempts": 0}, read_timeout=60))
SOURCE = """
import os
import told
def handle(event, context):
    return dict(
        code=CODE, told=told.TEXT, version=context.function_version, variable=os.environ["AWS_LAMBDA_FUNCTION_VERSION"], arn=context.invoked_function_arn,
        stream=context.log_stream_name.split("[")[1].split("]")[0], tool=os.popen("tool").read(), owner=[os.stat(p).st_uid for p in ("/opt", "/opt/bin/tool")], note=open("/opt/note").read())
"""
ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


def package(**files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100755 if "bin" in name else 0o100644) << 16
            archive.writestr(info, text)
    return {"ZipFile": data.getvalue()}


def invoke(name, **more):
    answer = api.invoke(FunctionName=name, **more)
    assert "FunctionError" not in answer, answer["Payload"].read()
    return answer["ExecutedVersion"], json.loads(answer["Payload"].read())


def code(text):
    return package(**{"app.py": SOURCE.replace("CODE", repr(text))})


one = api.publish_layer_version(LayerName="one", Content=package(**{"python/told.py": "TEXT = 'one'", "bin/tool": "#!/bin/sh\necho tool one", "note": "one"}))["LayerVersionArn"]
two = api.publish_layer_version(LayerName="two", Content=package(**{"python/told.py": "TEXT = 'two'", "note": "two"}))["LayerVersionArn"]
api.create_function(FunctionName="f", Runtime="python3.11", Role="arn:aws:iam::000000000000:role/r", Handler="app.handle", Code=code("a"), Layers=[one, two], MemorySize=256)
api.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 1})

# Layers: merged in order, the later one wins; root's; on the path and among the modules.
version, said = invoke("f")
assert version == "$LATEST" and said == {
    "code": "a", "told": "two", "version": "$LATEST", "variable": "$LATEST", "arn": ARN, "stream": "$LATEST", "tool": "tool one\n", "owner": [0, 0], "note": "two"}, said
api.update_function_configuration(FunctionName="f", Layers=[two, one])
api.get_waiter("function_updated_v2").wait(FunctionName="f", WaiterConfig={"Delay": 1})
assert invoke("f")[1]["told"] == "one"

# Versions stay what they were; an alias leads to them.
assert api.publish_version(FunctionName="f")["Version"] == "1"
second = api.update_function_code(FunctionName="f", Publish=True, **code("b"))
assert second["Version"] == "2"
api.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
for name, version, text, arn in (("f:1", "1", "a", ARN + ":1"), ("f:2", "2", "b", ARN + ":2"), ("f:live", "1", "a", ARN + ":live"), (ARN + ":$LATEST", "$LATEST", "b", ARN + ":$LATEST")):
    executed, said = invoke(name)
    assert (executed, said["code"], said["version"], said["variable"], said["stream"], said["arn"]) == (version, text, version, version, version, arn), (name, executed, said)
assert invoke("f", Qualifier="live")[0] == "1"

# By weight: 0.5 of 60 is 1-59 in all but one of 10^17 runs.
api.update_alias(FunctionName="f", Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
seen = [invoke("f:live")[0] for _ in range(60)]
assert set(seen) == {"1", "2"}, seen
api.update_alias(FunctionName="f", Name="live", FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {"1": 0.0}})
assert {invoke("f:live")[0] for _ in range(10)} == {"2"}

# Reserved concurrency of nothing: every version is throttled.
api.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
for name in ("f", "f:1", "f:live"):
    for _ in range(100):
        try:
            invoke(name)
            time.sleep(0.05)
        except ClientError as e:
            assert e.response["Error"]["Code"] == "TooManyRequestsException" and e.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded", e.response
            break
    else:
        raise AssertionError(name + " is not throttled")
api.delete_function_concurrency(FunctionName="f")
for _ in range(100):
    try:
        invoke("f")
        break
    except ClientError:
        time.sleep(0.05)
else:
    raise AssertionError("still throttled")

# A version that is gone is not found, and the function still is.
api.delete_alias(FunctionName="f", Name="live")
api.delete_function(FunctionName="f", Qualifier="1")
for _ in range(100):
    try:
        invoke("f:1")
        time.sleep(0.05)
    except ClientError as e:
        assert e.response["Error"] == {"Code": "ResourceNotFoundException", "Message": f"Function not found: {ARN}:1"}, e.response
        break
else:
    raise AssertionError("version 1 still runs")
assert invoke("f:2")[1]["code"] == "b"
api.delete_function(FunctionName="f")
print("versions: ok")
