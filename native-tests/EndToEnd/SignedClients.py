"""Unmodified clients against a node with access keys: Debian's aws and boto3, curl, and (a fourth argument) the folder of @aws-sdk/client-lambda.
Arguments: endpoint, the hearth command, data directory, zip of a function that echoes."""
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT, HEARTH, DATA, ZIP = sys.argv[1:5]
SDK = sys.argv[5] if len(sys.argv) > 5 else None
NO_RETRIES = Config(retries={"max_attempts": 0}, inject_host_prefix=False)


def hearth(*arguments):
    return subprocess.run([HEARTH, *arguments, "--data", DATA], check=True, capture_output=True, text=True).stdout


def key(role, *arguments):
    made = json.loads(hearth("keys", "create", "--role", role, "--json", *arguments))["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


def client(pair, service="lambda"):
    return boto3.client(service, endpoint_url=ENDPOINT, region_name="us-east-1", aws_access_key_id=pair[0], aws_secret_access_key=pair[1], config=NO_RETRIES)


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as failure:
        assert failure.response["Error"]["Code"] == code, failure
        return failure.response["Error"]["Message"]
    raise AssertionError(f"{code} was not raised")


def aws(pair, *arguments, code=0):
    environment = dict(os.environ, AWS_ACCESS_KEY_ID=pair[0], AWS_SECRET_ACCESS_KEY=pair[1], AWS_REGION="us-east-1", AWS_PAGER="", AWS_MAX_ATTEMPTS="1")
    environment.pop("AWS_SESSION_TOKEN", None)
    run = subprocess.run(["/usr/bin/aws", "--endpoint-url", ENDPOINT, *arguments], capture_output=True, text=True, env=environment)
    assert run.returncode == code, (arguments, run.returncode, run.stdout, run.stderr)
    return run.stdout if code == 0 else run.stderr


# Local mode: anybody, whatever they sign with.
anybody = client(("x", "y"))
anybody.create_function(FunctionName="f", Runtime="python3.12", Handler="handler.handle", Role="arn:aws:iam::000000000000:role/r", Code={"ZipFile": open(ZIP, "rb").read()})
anybody.create_function(FunctionName="g", Runtime="python3.12", Handler="handler.handle", Role="arn:aws:iam::000000000000:role/r", Code={"ZipFile": open(ZIP, "rb").read()})
for name in ("f", "g"):
    anybody.get_waiter("function_active_v2").wait(FunctionName=name)
assert anybody.invoke(FunctionName="f", Payload=b"[1]")["Payload"].read() == b"[1]"

# The first key: from the moment in which it is there.
admin = key("admin", "--name", "ops")
refused("UnrecognizedClientException", anybody.invoke, FunctionName="f", Payload=b"{}")
refused("UnrecognizedClientException", anybody.list_functions)
try:
    urllib.request.urlopen(f"{ENDPOINT}/2015-03-31/functions")
    raise AssertionError("an unsigned request was served")
except urllib.error.HTTPError as failure:
    assert (failure.code, failure.headers["x-amzn-ErrorType"], failure.read()) == (403, "MissingAuthenticationTokenException", b'{"message":"Missing Authentication Token"}')
refused("InvalidSignatureException", client((admin[0], "guessed")).invoke, FunctionName="f", Payload=b"{}")
deploy, invoke = key("deploy", "--name", "ci"), key("invoke", "--name", "shop", "--function", "f")

# boto3, by its own kinds of requests: odd names in the path, a query, no body, a body of 6 MB, a zip, headers.
ops = client(admin)
assert [f["FunctionName"] for f in ops.list_functions(MaxItems=50)["Functions"]] == ["f", "g"]
arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
assert ops.get_function(FunctionName=arn)["Configuration"]["FunctionArn"] == arn
assert ops.get_function(FunctionName="f:$LATEST")["Configuration"]["FunctionArn"] == arn + ":$LATEST"
for name in ("f", arn, "f:$LATEST"):
    assert ops.invoke(FunctionName=name, Payload=b'{"a": 1}')["Payload"].read() == b'{"a": 1}', name
assert ops.invoke(FunctionName="f", Qualifier="$LATEST", LogType="Tail", ClientContext="e30=")["StatusCode"] == 200
large = b'"' + b"x" * 6_000_000 + b'"'
assert ops.invoke(FunctionName="f", Payload=large)["Payload"].read() == large
assert ops.invoke(FunctionName="f", InvocationType="Event", Payload=b"{}")["StatusCode"] == 202
url = ops.get_function(FunctionName="f")["Code"]["Location"]
assert urllib.request.urlopen(url).read() == open(ZIP, "rb").read()
# A presigned request: the signature is in the query.
link = ops.generate_presigned_url("list_functions", Params={"MaxItems": 50}, HttpMethod="GET")
assert len(json.load(urllib.request.urlopen(link))["Functions"]) == 2
try:
    urllib.request.urlopen(link.replace("MaxItems=50", "MaxItems=1"))
    raise AssertionError("a changed link was served")
except urllib.error.HTTPError as failure:
    assert failure.headers["x-amzn-ErrorType"] == "InvalidSignatureException"

# Roles.
ci = client(deploy)
ci.update_function_code(FunctionName="g", ZipFile=open(ZIP, "rb").read())
ci.get_waiter("function_updated_v2").wait(FunctionName="g")
client(deploy, "iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
shop = client(invoke)
assert shop.invoke(FunctionName="f", Payload=b"1")["Payload"].read() == b"1"
said = refused("AccessDeniedException", shop.invoke, FunctionName="g", Payload=b"1")
assert said.startswith("User: arn:aws:iam::000000000000:user/shop is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:000000000000:function:g"), said
refused("AccessDeniedException", shop.update_function_code, FunctionName="f", ZipFile=open(ZIP, "rb").read())
refused("AccessDeniedException", shop.delete_function, FunctionName="f")
refused("AccessDeniedException", shop.list_functions)
refused("AccessDeniedException", client(invoke, "logs").describe_log_groups)
assert shop.get_function_configuration(FunctionName="f")["FunctionName"] == "f"
refused("AccessDenied", client(invoke, "iam").get_role, RoleName="r")

# Who am I, by each.
for pair, name in ((admin, "ops"), (deploy, "ci"), (invoke, "shop")):
    who = client(pair, "sts").get_caller_identity()
    assert (who["Arn"], who["UserId"], who["Account"]) == (f"arn:aws:iam::000000000000:user/{name}", pair[0], "000000000000"), who
refused("InvalidClientTokenId", client(("AKIANOBODY", "x"), "sts").get_caller_identity)
refused("SignatureDoesNotMatch", client((admin[0], "x"), "sts").get_caller_identity)
refused("UnrecognizedClientException", client(("AKIANOBODY", "x"), "logs").describe_log_groups)

# Debian's aws, version 2.
assert json.loads(aws(admin, "sts", "get-caller-identity"))["Arn"].endswith(":user/ops")
out = os.path.join(DATA, "..", f"answer-{os.getpid()}")
try:
    assert json.loads(aws(invoke, "lambda", "invoke", "--function-name", "f", "--cli-binary-format", "raw-in-base64-out", "--payload", '{"by":"aws"}', out))["StatusCode"] == 200
    assert json.load(open(out)) == {"by": "aws"}
    assert "AccessDeniedException" in aws(invoke, "lambda", "invoke", "--function-name", "g", out, code=254)
    assert "UnrecognizedClientException" in aws(("AKIANOBODY", "x"), "lambda", "list-functions", code=254)
finally:
    if os.path.exists(out):
        os.unlink(out)
assert len(json.loads(aws(deploy, "lambda", "list-functions"))["Functions"]) == 2

# curl signs by itself.
run = subprocess.run(
    ["curl", "-s", "--aws-sigv4", "aws:amz:us-east-1:lambda", "--user", ":".join(invoke), "-H", "Content-Type: application/json", "-d", '{"by":"curl"}', f"{ENDPOINT}/2015-03-31/functions/f/invocations"],
    capture_output=True, text=True, check=True)
assert run.stdout == '{"by": "curl"}', run.stdout

if SDK:
    script = """
      const { LambdaClient, InvokeCommand, ListFunctionsCommand } = require('node:module').createRequire(process.argv[2] + '/')('@aws-sdk/client-lambda');
      const client = new LambdaClient({ endpoint: process.argv[3], region: 'us-east-1', credentials: { accessKeyId: process.argv[4], secretAccessKey: process.argv[5] }, maxAttempts: 1 });
      (async () => {
        const name = 'arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST';
        const answer = await client.send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify({ by: 'node' }), ClientContext: 'e30=' }));
        const list = await client.send(new ListFunctionsCommand({ MaxItems: 50 })).catch(e => e.name);
        console.log(Buffer.from(answer.Payload).toString(), list.Functions ? list.Functions.length : list);
      })();
    """
    path = os.path.join(DATA, "..", f"client-{os.getpid()}.cjs")
    try:
        with open(path, "w") as file:
            file.write(script)
        for pair, says in ((admin, '{"by": "node"} 2'), (invoke, '{"by": "node"} AccessDeniedException')):
            run = subprocess.run(["/usr/bin/env", "node", path, SDK, ENDPOINT, *pair], capture_output=True, text=True)
            assert run.stdout.strip() == says, (run.stdout, run.stderr)
    finally:
        os.unlink(path)

# The command needs no key: neither for definitions nor to invoke.
assert hearth("invoke", "f", "--payload", '{"by":"hearth"}').strip() == '{"by": "hearth"}'
hearth("ls")

# Disabled, enabled, removed: each holds when the command has returned.
hearth("keys", "disable", invoke[0])
refused("UnrecognizedClientException", shop.invoke, FunctionName="f")
hearth("keys", "enable", invoke[0])
assert shop.invoke(FunctionName="f")["StatusCode"] == 200
hearth("keys", "rm", invoke[0])
refused("UnrecognizedClientException", shop.invoke, FunctionName="f")
listed = hearth("keys", "ls")
assert admin[0] in listed and deploy[0] in listed and invoke[0] not in listed and admin[1] not in listed, listed
print("admin", *admin)
print("clients: ok")
