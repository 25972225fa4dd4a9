"""BadInputBoto.py ENDPOINT DATA: the core of Lambda's API by boto3, good and bad. One line a case: "ok NAME" or "FAILED NAME: why"; exit code 1 when one failed.

boto3 reads answers by AWS's service model. What it does not complain of is checked here: every member of an answer must be in the model, with its type.
"""
import base64
import hashlib
import io
import json
import os
import sys
import time
import urllib.request
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT, DATA = sys.argv[1:]
ROLE = "arn:aws:iam::000000000000:role/r"
# Members and values that AWS answers with today, and the model of an older botocore, such as Debian 12's, does not have yet.
NEWER = {"RuntimeVersionConfig", "LoggingConfig"}
OPEN_ENUMS = {"Runtime", "LastUpdateStatusReasonCode"}
failed = 0


def client(**config):
    return boto3.client("lambda", endpoint_url=ENDPOINT, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y",
                        config=Config(retries={"max_attempts": 0}, read_timeout=120, **config))


# The second one does not check what it sends: the service's own answers are to be seen.
api, unchecked = client(), client(parameter_validation=False)
model = api.meta.service_model


def package(text="def handle(event, context):\n    print('hello')\n    return event\n"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), text)
    return buffer.getvalue()


def good(**changes):
    settings = dict(FunctionName="f", Runtime="python3.11", Role=ROLE, Handler="app.handle", Code={"ZipFile": package()})
    settings.update(changes)
    return {key: value for key, value in settings.items() if value is not None}


def case(name):
    def run(body):
        global failed
        try:
            body()
            print("ok", name)
        except Exception as error:  # each case is reported, whatever it was
            failed += 1
            print(f"FAILED {name}: {type(error).__name__}: {error}")
    return run


def members(shape, value, path):
    """Fails for a member that AWS's model does not know, or a value of another type."""
    if shape.type_name == "structure":
        assert isinstance(value, dict), f"{path} is no structure: {value!r}"
        for key, inner in value.items():
            if key in NEWER and key not in shape.members:
                continue
            assert key in shape.members, f"{path}.{key} is not in the model"
            members(shape.members[key], inner, f"{path}.{key}")
    elif shape.type_name == "list":
        assert isinstance(value, list), f"{path} is no list"
        for inner in value:
            members(shape.member, inner, path + "[]")
    elif shape.type_name == "map":
        assert isinstance(value, dict), f"{path} is no map"
    elif shape.type_name in ("integer", "long"):
        assert isinstance(value, int) and not isinstance(value, bool), f"{path} is no number: {value!r}"
    elif shape.type_name == "boolean":
        assert isinstance(value, bool), f"{path} is no boolean"
    elif shape.type_name == "string":
        assert isinstance(value, str), f"{path} is no string: {value!r}"
        if getattr(shape, "enum", None) and path.rsplit(".", 1)[-1] not in OPEN_ENUMS:
            assert value in shape.enum, f"{path} is {value!r}, not one of {shape.enum}"


def raw(operation, method, path, body=None):
    """The answer as it is on the wire, since boto3 drops what it does not know."""
    request = urllib.request.Request(ENDPOINT + path, method=method, data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
        assert answer.headers["x-amzn-RequestId"], "no x-amzn-RequestId"
        if text:
            assert answer.headers["Content-Type"] == "application/json", answer.headers["Content-Type"]
            members(model.operation_model(operation).output_shape, {k: v for k, v in json.loads(text).items() if v is not None}, operation)
        return answer.status, json.loads(text) if text else None


def state():
    files = []
    for folder in ("control", "code"):
        for where, _, names in os.walk(os.path.join(DATA, folder)):
            files += [os.path.join(where, name) for name in names if not name.startswith("hearth.db")]
    return [f["FunctionName"] for f in api.list_functions()["Functions"]], sorted(files)


def left_behind(before):
    """What is there now and was not before; code that an earlier case put there may go meanwhile."""
    functions, files = state()
    return sorted(set(files) - set(before[1])) + ([] if functions == before[0] else [f"functions: {functions}"])


def refused(name, code, status, says, call, key=None, **arguments):
    @case(name)
    def _():
        before = state()
        try:
            call(**arguments)
        except ClientError as error:
            answer = error.response
            assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status), answer
            text = answer["Error"]["Message"] or answer.get("message", "")
            assert says in text, f"{says!r} is not in {text!r}"
            # boto3 makes a class of its own for each error of the model: users catch those.
            if code in model.shape_names:
                assert type(error).__name__ == code, type(error).__name__
                spelled = [m for m in model.shape_for(code).members if m.lower() == "message"]
                assert not spelled or key is None or spelled[0] == key, (spelled, key)
        else:
            raise AssertionError("was accepted")
        for _ in range(100):
            more = left_behind(before)
            if not more:
                return
            time.sleep(0.1)
        raise AssertionError(f"stayed behind: {more}")


@case("CreateFunction")
def _():
    status, created = raw("CreateFunction", "POST", "/2015-03-31/functions", {**good(Tags={"team": "a"}, Environment={"Variables": {"AA": "1"}}, Description="d"), "Code": {"ZipFile": base64.b64encode(package()).decode()}})
    assert status == 201
    assert created["CodeSha256"] == base64.b64encode(hashlib.sha256(package()).digest()).decode()
    assert (created["State"], created["StateReasonCode"], created["StateReason"]) == ("Pending", "Creating", "The function is being created."), created
    assert created["LastModified"].endswith("+0000") and created["Version"] == "$LATEST" and created["PackageType"] == "Zip", created
    for member in ("FunctionArn", "Role", "Handler", "CodeSize", "Timeout", "MemorySize", "TracingConfig", "RevisionId", "Architectures", "EphemeralStorage", "SnapStart", "LoggingConfig"):
        assert member in created, member + " is missing"


@case("waiter function_active_v2")
def _():
    api.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 1, "MaxAttempts": 60})


for operation, path in (("GetFunction", "/2015-03-31/functions/f"), ("GetFunctionConfiguration", "/2015-03-31/functions/f/configuration"), ("ListFunctions", "/2015-03-31/functions?MaxItems=5")):
    @case(operation)
    def _():
        status, answer = raw(operation, "GET", path)
        assert status == 200
        if operation == "GetFunction":
            assert answer["Code"]["RepositoryType"] == "S3" and answer["Tags"] == {"team": "a"} and answer["Configuration"]["State"] == "Active", answer
            assert urllib.request.urlopen(answer["Code"]["Location"]).read() == package()


@case("UpdateFunctionCode")
def _():
    status, answer = raw("UpdateFunctionCode", "PUT", "/2015-03-31/functions/f/code", {"ZipFile": base64.b64encode(package("def handle(e, c):\n    print('hello')\n    return e\n")).decode()})
    assert status == 200 and answer["LastUpdateStatus"] == "InProgress" and answer["LastUpdateStatusReasonCode"] == "Creating", answer
    api.get_waiter("function_updated_v2").wait(FunctionName="f", WaiterConfig={"Delay": 1, "MaxAttempts": 60})


@case("UpdateFunctionConfiguration")
def _():
    status, answer = raw("UpdateFunctionConfiguration", "PUT", "/2015-03-31/functions/f/configuration", {"MemorySize": 256, "Timeout": 30, "Description": "", "Environment": {"Variables": {"BB": "2"}}})
    assert status == 200 and (answer["MemorySize"], answer["Timeout"], answer["Description"]) == (256, 30, ""), answer
    assert answer["Environment"] == {"Variables": {"BB": "2"}}, answer
    api.get_waiter("function_updated_v2").wait(FunctionName="f", WaiterConfig={"Delay": 1, "MaxAttempts": 60})


@case("Invoke with its log")
def _():
    answer = api.invoke(FunctionName="f", Payload=b'{"a": 1}', LogType="Tail")
    assert json.load(answer["Payload"]) == {"a": 1} and answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "$LATEST" and "FunctionError" not in answer, answer
    log = base64.b64decode(answer["LogResult"]).decode()
    assert "hello" in log and log.startswith("START RequestId: ") and "\nREPORT RequestId: " in log, log


@case("Invoke without payload")
def _():
    assert json.load(api.invoke(FunctionName="f")["Payload"]) == {}


@case("Invoke DryRun")
def _():
    answer = api.invoke(FunctionName="f", InvocationType="DryRun")
    assert answer["StatusCode"] == 204 and answer["Payload"].read() == b"", answer


create, invoke = unchecked.create_function, unchecked.invoke
refused("exists", "ResourceConflictException", 409, "Function already exist: f", create, "message", **good())
for name, changes, says in (
    ("name of 65", {"FunctionName": "n" * 65}, "length less than or equal to 64"), ("name with a dot", {"FunctionName": "a.b"}, "regular expression pattern"),
    ("memory 127", {"MemorySize": 127}, "greater than or equal to 128"), ("memory 10241", {"MemorySize": 10241}, "less than or equal to 10240"),
    ("timeout 0", {"Timeout": 0}, "greater than or equal to 1"), ("timeout 901", {"Timeout": 901}, "less than or equal to 900"),
    ("tmp 511", {"EphemeralStorage": {"Size": 511}}, "ephemeralStorage.size"), ("tmp 10241", {"EphemeralStorage": {"Size": 10241}}, "ephemeralStorage.size"),
    ("handler with a space", {"Handler": "a b"}, "'handler'"), ("handler of 129", {"Handler": "h" * 129}, "'handler'"), ("description of 257", {"Description": "d" * 257}, "'description'"),
    ("role", {"Role": "me"}, "'role'"), ("architecture", {"Architectures": ["mips"]}, "[x86_64, arm64]"), ("no name", {"FunctionName": None}, "'functionName'"), ("no role", {"Role": None}, "'role'"),
    ("no code", {"Code": None}, "'code'"), ("variable's name", {"Environment": {"Variables": {"1A": "x"}}}, "environment.variables"), ("two at once", {"Timeout": 0, "MemorySize": 1}, "2 validation errors detected"),
):
    refused(name, "ValidationException", 400, says, create, **good(**{"FunctionName": "z", **changes}))
for name, changes, says in (
    ("runtime", {"Runtime": "java99"}, "Value java99 at 'runtime'"), ("no handler", {"Handler": None}, "Runtime and Handler are mandatory"), ("no runtime", {"Runtime": None}, "Runtime and Handler are mandatory"),
    ("no zip", {"Code": {"ZipFile": b"x"}}, "Could not unzip uploaded file"), ("zip cut short", {"Code": {"ZipFile": package()[:-30]}}, "Could not unzip uploaded file"), ("empty zip", {"Code": {"ZipFile": b""}}, "non-empty zip"), ("reserved variable", {"Environment": {"Variables": {"AWS_REGION": "x"}}}, "Reserved keys used in this request: AWS_REGION"),
    ("variables of 4 KB", {"Environment": {"Variables": {"AA": "x" * 4096}}}, "exceeded the 4KB limit"), ("no source", {"Code": {}}, "Please provide a source for function code."),
):
    refused(name, "InvalidParameterValueException", 400, says, create, "message", **good(**{"FunctionName": "z", **changes}))
refused("zip of 50 MB", "RequestEntityTooLargeException", 413, "52428800", create, **good(FunctionName="z", Code={"ZipFile": b"x" * 52428801}))
refused("request of 70 MB", "RequestEntityTooLargeException", 413, "Request must be smaller than 70167211 bytes for the CreateFunction operation", create, **good(FunctionName="z", Code={"ZipFile": b"x" * 53000000}))
refused("layers", "InvalidParameterValueException", 400, "Layer version arn:aws:lambda:us-east-1:000000000000:layer:l:1 does not exist.", create, "message", **good(FunctionName="z", Layers=["arn:aws:lambda:us-east-1:000000000000:layer:l:1"]))
for name, call in (("get", api.get_function), ("configuration", api.get_function_configuration), ("delete", api.delete_function), ("invoke", api.invoke)):
    refused(f"{name} of nobody", "ResourceNotFoundException", 404, "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody", call, "Message", FunctionName="nobody")
refused("stale revision", "PreconditionFailedException", 412, "does not match the latest Revision Id", api.update_function_configuration, "message", FunctionName="f", RevisionId="x", Timeout=9)
refused("update out of range", "ValidationException", 400, "'timeout'", unchecked.update_function_configuration, FunctionName="f", Timeout=901)
refused("update with a bad zip", "InvalidParameterValueException", 400, "Could not unzip", api.update_function_code, "message", FunctionName="f", ZipFile=b"PK")
refused("payload", "InvalidRequestContentException", 400, "Could not parse request body into json", invoke, "message", FunctionName="f", Payload=b"{")
refused("payload of 6 MiB + 1", "RequestEntityTooLargeException", 413, "Request must be smaller than 6291456 bytes for the InvokeFunction operation", invoke, FunctionName="f", Payload=b'"' + b"x" * 6291455 + b'"')
refused("invocation type", "ValidationException", 400, "'invocationType'", invoke, FunctionName="f", InvocationType="Maybe")
refused("qualifiers that differ", "InvalidParameterValueException", 400, "derived qualifier", invoke, "message", FunctionName="f:1", Qualifier="2")
refused("page of 10001", "ValidationException", 400, "maxItems", unchecked.list_functions, MaxItems=10001)


@case("DeleteFunction")
def _():
    assert api.delete_function(FunctionName="f")["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert state()[0] == []


sys.exit(1 if failed else 0)
