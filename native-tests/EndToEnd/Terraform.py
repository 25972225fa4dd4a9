"""Terraform.py ENDPOINT KEY-ID SECRET ZIP NEXT-ZIP: what terraform-provider-aws (5.x and 6.x) sends for a function and what usually surrounds it, in its order:
configure, plan, apply, refresh, update, refresh, destroy in reverse. Signed with botocore's SigV4; everything else is written as the provider's resources are:
a read makes the calls that the provider's read makes and returns the attributes that it sets from their answers, None where it would take the resource for gone.
"""
import base64
import gzip
import hashlib
import http.client
import json
import re
import sys
import time
import urllib.parse
import uuid
import xml.etree.ElementTree as ET

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ENDPOINT, KEY, SECRET, ZIP, NEXT_ZIP = sys.argv[1:]
AGENT = "APN/1.0 HashiCorp/1.0 Terraform/1.9.8 (+https://www.terraform.io) terraform-provider-aws/5.76.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.32.5"
IAM = "{https://iam.amazonaws.com/doc/2010-05-08/}"
STS = "{https://sts.amazonaws.com/doc/2011-06-15/}"
connection = http.client.HTTPConnection(urllib.parse.urlsplit(ENDPOINT).netloc)
calls = []


class Failure(Exception):
    """An error as aws-sdk-go-v2 takes it from an answer."""
    def __init__(self, operation, status, code, message):
        super().__init__(f"{operation}: {status} {code}: {message}")
        self.status, self.code, self.message = status, code, message


def send(service, operation, method, path, body, headers):
    request = AWSRequest(method, ENDPOINT + path, {k: v for k, v in headers.items() if v}, body)
    SigV4Auth(Credentials(KEY, SECRET), service, "us-east-1").add_auth(request)
    # After the signature, as the SDK's transport adds them.
    added = {"User-Agent": AGENT, "Accept-Encoding": "gzip", "Amz-Sdk-Invocation-Id": str(uuid.uuid4()), "Amz-Sdk-Request": "attempt=1; max=25"}
    connection.request(method, path, body or None, {**dict(request.headers.items()), **added})
    answer = connection.getresponse()
    data = answer.read()
    if answer.headers.get("Content-Encoding") == "gzip":
        data = gzip.decompress(data)
    calls.append(operation)
    assert answer.headers["x-amzn-RequestId"], (operation, "no request id")
    return answer, data


def rest(operation, method, path, body=None, status=200, **query):
    """Lambda: REST with JSON."""
    if query:
        path += "?" + urllib.parse.urlencode(query, quote_via=urllib.parse.quote)
    answer, data = send("lambda", operation, method, path, b"" if body is None else json.dumps(body).encode(), {"Content-Type": body is not None and "application/json"})
    if answer.status >= 400:
        text = json.loads(data)
        raise Failure(operation, answer.status, answer.headers["X-Amzn-ErrorType"].split(":")[0].split("#")[-1], text.get("message") or text["Message"])
    assert answer.status == status, (operation, answer.status, data)
    return json.loads(data) if data else {}


def logs(operation, **body):
    """CloudWatch Logs: JSON 1.1."""
    answer, data = send("logs", operation, "POST", "/", json.dumps(body).encode(), {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"Logs_20140328.{operation}"})
    text = json.loads(data) if data else {}
    if answer.status >= 400:
        raise Failure(operation, answer.status, text["__type"].split("#")[-1], text.get("message") or text.get("Message"))
    return text


def query(service, version, operation, **members):
    """IAM and STS: a form, and XML."""
    pairs = [("Action", operation), ("Version", version)]
    for name, value in members.items():
        pairs += [(f"{name}.member.{i}.{k}", v) for i, tag in enumerate(value, 1) for k, v in tag.items()] if isinstance(value, list) else [(name, str(value))]
    answer, data = send(service, operation, "POST", "/", urllib.parse.urlencode(pairs).encode(), {"Content-Type": "application/x-www-form-urlencoded"})
    root = ET.fromstring(data)
    if answer.status >= 400:
        # aws-sdk-go-v2 looks for the code below Error, in whatever name space.
        found = {e.tag.split("}")[-1]: e.text for e in root.iter()}
        raise Failure(operation, answer.status, found["Code"], found.get("Message"))
    return root


def iam(operation, **members):
    return query("iam", "2010-05-08", operation, **members)


def gone(code, status, call, *arguments):
    try:
        call(*arguments)
    except Failure as failure:
        assert (failure.code, failure.status) == (code, status), failure
        return None
    raise AssertionError(f"{call.__name__}{arguments}: still there")


def maybe(code, read):
    try:
        return read()
    except Failure as failure:
        if (failure.code, failure.status) != (code, 404):
            raise
        return None


def text(element, name):
    found = element.find(f".//{IAM}{name}")
    return None if found is None else found.text or ""


def members(element, name):
    assert element.find(f".//{IAM}IsTruncated") is None or text(element, "IsTruncated") == "false"
    return element.findall(f".//{IAM}{name}/{IAM}member")


def is_date(value):
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value), value
    return value


# --- aws_iam_role, aws_iam_policy, aws_iam_role_policy_attachment, aws_iam_role_policy -------------------------------------------------
def create_role(name, trust, tags):
    made = iam("CreateRole", RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), Path="/", MaxSessionDuration=3600, Tags=[{"Key": k, "Value": v} for k, v in tags.items()])
    assert text(made, "Arn").startswith("arn:aws:iam::")


def read_role(name):
    role = maybe("NoSuchEntity", lambda: iam("GetRole", RoleName=name))
    if role is None:
        return None
    inline = {e.text: None for e in members(iam("ListRolePolicies", RoleName=name), "PolicyNames")}
    for policy in inline:
        inline[policy] = json.loads(urllib.parse.unquote(text(iam("GetRolePolicy", RoleName=name, PolicyName=policy), "PolicyDocument")))
    managed = sorted(e.find(f"{IAM}PolicyArn").text for e in members(iam("ListAttachedRolePolicies", RoleName=name), "AttachedPolicies"))
    return {
        "arn": text(role, "Arn"), "create_date": is_date(text(role, "CreateDate")), "description": text(role, "Description") or "", "max_session_duration": int(text(role, "MaxSessionDuration")),
        "name": text(role, "RoleName"), "path": text(role, "Path"), "unique_id": text(role, "RoleId"), "assume_role_policy": json.loads(urllib.parse.unquote(text(role, "AssumeRolePolicyDocument"))),
        "inline_policy": inline, "managed_policy_arns": managed, "tags": {e.find(f"{IAM}Key").text: e.find(f"{IAM}Value").text for e in members(role, "Tags")},
    }


def delete_role(name):
    # With force_detach_policies the provider would detach first; profiles it always looks for.
    assert members(iam("ListInstanceProfilesForRole", RoleName=name), "InstanceProfiles") == []
    iam("DeleteRole", RoleName=name)
    gone("NoSuchEntity", 404, iam_get_role, name)


def iam_get_role(name):
    return iam("GetRole", RoleName=name)


def read_policy(arn):
    policy = maybe("NoSuchEntity", lambda: iam("GetPolicy", PolicyArn=arn))
    if policy is None:
        return None
    version = iam("GetPolicyVersion", PolicyArn=arn, VersionId=text(policy, "DefaultVersionId"))
    return {
        "arn": text(policy, "Arn"), "name": text(policy, "PolicyName"), "path": text(policy, "Path"), "policy_id": text(policy, "PolicyId"), "attachment_count": int(text(policy, "AttachmentCount")),
        "policy": json.loads(urllib.parse.unquote(text(version, "Document"))), "tags": {e.find(f"{IAM}Key").text: e.find(f"{IAM}Value").text for e in members(policy, "Tags")},
    }


def update_policy(arn, document):
    # The oldest version goes first when there are five.
    versions = members(iam("ListPolicyVersions", PolicyArn=arn), "Versions")
    assert len(versions) < 5
    iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=json.dumps(document), SetAsDefault="true")


def delete_policy(arn):
    for version in members(iam("ListPolicyVersions", PolicyArn=arn), "Versions"):
        if version.find(f"{IAM}IsDefaultVersion").text != "true":
            iam("DeletePolicyVersion", PolicyArn=arn, VersionId=version.find(f"{IAM}VersionId").text)
    iam("DeletePolicy", PolicyArn=arn)


def read_attachment(role, arn):
    attached = maybe("NoSuchEntity", lambda: iam("ListAttachedRolePolicies", RoleName=role))
    return arn if attached is not None and arn in [e.find(f"{IAM}PolicyArn").text for e in members(attached, "AttachedPolicies")] else None


# --- aws_cloudwatch_log_group ----------------------------------------------------------------------------------------------------------
def create_log_group(name, days, tags):
    logs("CreateLogGroup", logGroupName=name, logGroupClass="STANDARD", tags=tags)
    logs("PutRetentionPolicy", logGroupName=name, retentionInDays=days)


def read_log_group(name):
    groups = [g for g in logs("DescribeLogGroups", logGroupNamePrefix=name)["logGroups"] if g["logGroupName"] == name]
    if not groups:
        return None
    arn = groups[0]["arn"].removesuffix(":*")
    return {"arn": arn, "name": name, "log_group_class": groups[0]["logGroupClass"], "kms_key_id": groups[0].get("kmsKeyId", ""), "retention_in_days": groups[0].get("retentionInDays", 0),
            "tags": logs("ListTagsForResource", resourceArn=arn)["tags"]}


# --- aws_lambda_function ---------------------------------------------------------------------------------------------------------------
def path(name, *rest_of, version="2015-03-31"):
    return "/".join((f"/{version}/functions", urllib.parse.quote(name, safe=""), *rest_of))


def get_function(name, qualifier=None):
    return rest("GetFunction", "GET", path(name), **({"Qualifier": qualifier} if qualifier else {}))


def wait(name, member, target, pending):
    for _ in range(600):
        configuration = get_function(name)["Configuration"]
        if configuration[member] == target:
            return configuration
        assert configuration[member] in pending, configuration
        time.sleep(0.1)
    raise AssertionError(f"{name} does not become {target}")


def retried(call):
    """The provider repeats what comes while an update is in progress."""
    for _ in range(600):
        try:
            return call()
        except Failure as failure:
            if failure.code != "ResourceConflictException":
                raise
            time.sleep(0.1)
    raise AssertionError("an update stays in progress")


def create_function(settings, zipped, reserved):
    created = rest("CreateFunction", "POST", "/2015-03-31/functions", {**settings, "Code": {"ZipFile": base64.b64encode(zipped).decode()}, "PackageType": "Zip", "Publish": True}, 201)
    assert created["State"] == "Pending", created
    wait(settings["FunctionName"], "State", "Active", ("Pending",))
    rest("PutFunctionConcurrency", "PUT", path(settings["FunctionName"], "concurrency", version="2017-10-31"), {"ReservedConcurrentExecutions": reserved})


def read_function(name):
    output = maybe("ResourceNotFoundException", lambda: get_function(name))
    if output is None:
        return None
    # Without Code the provider calls the answer empty.
    assert output["Code"]["Location"] and output["Code"]["RepositoryType"] == "S3"
    f = output["Configuration"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", f["LastModified"]), f["LastModified"]
    versions = rest("ListVersionsByFunction", "GET", path(name, "versions"), MaxItems=10000)
    assert not versions.get("NextMarker")
    latest = versions["Versions"][-1]
    # Any error here would be fatal.
    signing = rest("GetFunctionCodeSigningConfig", "GET", path(name, "code-signing-config", version="2020-06-30"))
    return {
        "arn": f["FunctionArn"], "architectures": f["Architectures"], "code_sha256": f["CodeSha256"], "description": f["Description"], "environment": f.get("Environment", {}).get("Variables", {}),
        "ephemeral_storage": f["EphemeralStorage"]["Size"], "function_name": f["FunctionName"], "handler": f["Handler"], "kms_key_arn": f.get("KMSKeyArn", ""), "last_modified": f["LastModified"],
        "layers": [layer["Arn"] for layer in f.get("Layers", [])], "log_format": f["LoggingConfig"]["LogFormat"], "log_group": f["LoggingConfig"]["LogGroup"], "memory_size": f["MemorySize"],
        "package_type": f["PackageType"], "reserved_concurrent_executions": output.get("Concurrency", {}).get("ReservedConcurrentExecutions", -1), "role": f["Role"], "runtime": f["Runtime"],
        "source_code_size": f["CodeSize"], "timeout": f["Timeout"], "tracing_mode": f["TracingConfig"]["Mode"], "snap_start": f["SnapStart"]["ApplyOn"], "qualified_arn": latest["FunctionArn"],
        "version": latest["Version"], "code_signing_config_arn": signing["CodeSigningConfigArn"], "dead_letter": f.get("DeadLetterConfig"), "vpc": f.get("VpcConfig", {}).get("SubnetIds", []), "tags": output.get("Tags", {}),
    }


def delete_function(name):
    rest("DeleteFunction", "DELETE", path(name), status=204)
    gone("ResourceNotFoundException", 404, get_function, name)


# --- what belongs to a function --------------------------------------------------------------------------------------------------------
def read_alias(function, name):
    alias = maybe("ResourceNotFoundException", lambda: rest("GetAlias", "GET", path(function, "aliases", name)))
    return alias and {"arn": alias["AliasArn"], "description": alias["Description"], "function_version": alias["FunctionVersion"], "name": alias["Name"], "routing": alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})}


def add_permission(function, body, **qualifier):
    made = rest("AddPermission", "POST", path(function, "policy"), body, 201, **qualifier)
    assert json.loads(made["Statement"])["Sid"] == body["StatementId"]


def read_permission(function, sid, **qualifier):
    policy = maybe("ResourceNotFoundException", lambda: rest("GetPolicy", "GET", path(function, "policy"), **qualifier))
    statements = [s for s in json.loads(policy["Policy"])["Statement"] if s["Sid"] == sid] if policy else []
    if not statements:
        return None
    statement = statements[0]
    # The provider takes function and qualifier from the resource by this expression.
    assert re.fullmatch(r"^arn:[\w-]+:lambda:([a-z]{2}-(?:[a-z]+-){1,2}\d{1}:)?(\d{12}:)?(function:)?([0-9A-Za-z_-]+)(:(\$LATEST|[0-9A-Za-z_-]+))?$", statement["Resource"]), statement
    principal, condition = statement["Principal"], statement.get("Condition", {})
    return {"action": statement["Action"], "principal": principal if isinstance(principal, str) else principal.get("Service") or principal["AWS"], "resource": statement["Resource"],
            "source_arn": condition.get("ArnLike", {}).get("AWS:SourceArn", ""), "source_account": condition.get("StringEquals", {}).get("AWS:SourceAccount", ""),
            "function_url_auth_type": condition.get("StringEquals", {}).get("lambda:FunctionUrlAuthType", "")}


def remove_permission(function, sid, **qualifier):
    rest("RemovePermission", "DELETE", path(function, "policy", sid), status=204, **qualifier)
    assert read_permission(function, sid, **qualifier) is None


def read_url(function):
    url = maybe("ResourceNotFoundException", lambda: rest("GetFunctionUrlConfig", "GET", path(function, "url", version="2021-10-31")))
    if url is None:
        return None
    host = urllib.parse.urlsplit(url["FunctionUrl"]).hostname
    assert url["CreationTime"] and url["LastModifiedTime"]
    return {"authorization_type": url["AuthType"], "function_arn": url["FunctionArn"], "function_url": url["FunctionUrl"], "url_id": host.split(".")[0], "invoke_mode": url["InvokeMode"], "cors": url.get("Cors")}


def put_event_config(function, body):
    return rest("PutFunctionEventInvokeConfig", "PUT", path(function, "event-invoke-config", version="2019-09-25"), body)


def read_event_config(function):
    found = maybe("ResourceNotFoundException", lambda: rest("GetFunctionEventInvokeConfig", "GET", path(function, "event-invoke-config", version="2019-09-25")))
    if found is None:
        return None
    assert isinstance(found["LastModified"], (int, float)), found
    return {"retries": found["MaximumRetryAttempts"], "age": found["MaximumEventAgeInSeconds"], "on_failure": found["DestinationConfig"]["OnFailure"]["Destination"]}


def read_mapping(identity):
    found = maybe("ResourceNotFoundException", lambda: rest("GetEventSourceMapping", "GET", f"/2015-03-31/event-source-mappings/{identity}"))
    if found is None:
        return None
    assert isinstance(found["LastModified"], (int, float)) and found["EventSourceMappingArn"].endswith(identity), found
    return {"batch_size": found["BatchSize"], "event_source_arn": found["EventSourceArn"], "function_arn": found["FunctionArn"], "state": found["State"], "uuid": found["UUID"]}


def tags_path(arn):
    return "/2017-03-31/tags/" + urllib.parse.quote(arn, safe="")


# =======================================================================================================================================
code, next_code = open(ZIP, "rb").read(), open(NEXT_ZIP, "rb").read()
identity = query("sts", "2011-06-15", "GetCallerIdentity")
account = identity.find(f".//{STS}Account").text
assert re.fullmatch(r"\d{12}", account) and identity.find(f".//{STS}Arn").text.startswith("arn:aws:"), account

NAME, GROUP, ROLE, QUEUE = "shop-orders", "/aws/lambda/shop-orders", "shop-orders-role", f"arn:aws:sqs:us-east-1:{account}:orders"
ARN = f"arn:aws:lambda:us-east-1:{account}:function:{NAME}"
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
TRUST = {"Version": "2012-10-17", "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}]}
DOCUMENT = {"Version": "2012-10-17", "Statement": [{"Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage"], "Effect": "Allow", "Resource": QUEUE}]}
BROADER = {"Version": "2012-10-17", "Statement": [{"Action": "sqs:*", "Effect": "Allow", "Resource": "*"}]}
TAGS = {"team": "web", "cost center": "ä & 1"}

# Nothing is there before: this is what a plan with an empty state would find if it looked.
assert read_role(ROLE) is None and read_log_group(GROUP) is None and read_function(NAME) is None
# data "aws_iam_policy": looked up by its ARN.
basic = read_policy(BASIC)
assert (basic["arn"], basic["name"], basic["path"], basic["policy"]["Version"]) == (BASIC, "AWSLambdaBasicExecutionRole", "/service-role/", "2012-10-17"), basic

# --- apply -----------------------------------------------------------------------------------------------------------------------------
create_role(ROLE, TRUST, TAGS)
role = read_role(ROLE)
assert {k: role[k] for k in ("arn", "name", "path", "max_session_duration", "assume_role_policy", "tags", "inline_policy", "managed_policy_arns", "description")} == {
    "arn": f"arn:aws:iam::{account}:role/{ROLE}", "name": ROLE, "path": "/", "max_session_duration": 3600, "assume_role_policy": TRUST, "tags": TAGS, "inline_policy": {}, "managed_policy_arns": [],
    "description": ""}, role
POLICY = text(iam("CreatePolicy", PolicyName="shop-orders-queue", Path="/", PolicyDocument=json.dumps(DOCUMENT), Tags=[{"Key": "team", "Value": "web"}]), "Arn")
policy = read_policy(POLICY)
assert (policy["policy"], policy["tags"], policy["attachment_count"], policy["path"]) == (DOCUMENT, {"team": "web"}, 0, "/"), policy
for arn in (BASIC, POLICY):
    iam("AttachRolePolicy", RoleName=ROLE, PolicyArn=arn)
    assert read_attachment(ROLE, arn) == arn
iam("PutRolePolicy", RoleName=ROLE, PolicyName="inline", PolicyDocument=json.dumps(DOCUMENT))
assert json.loads(urllib.parse.unquote(text(iam("GetRolePolicy", RoleName=ROLE, PolicyName="inline"), "PolicyDocument"))) == DOCUMENT
create_log_group(GROUP, 14, TAGS)
assert read_log_group(GROUP) == {"arn": f"arn:aws:logs:us-east-1:{account}:log-group:{GROUP}", "name": GROUP, "log_group_class": "STANDARD", "kms_key_id": "", "retention_in_days": 14, "tags": TAGS}
layer = rest("PublishLayerVersion", "POST", "/2018-10-31/layers/shop-common/versions", {"Content": {"ZipFile": base64.b64encode(code).decode()}, "CompatibleRuntimes": ["python3.12"], "Description": "common"}, 201)["LayerVersionArn"]


def read_layer():
    found = maybe("ResourceNotFoundException", lambda: rest("GetLayerVersion", "GET", "/2018-10-31/layers/shop-common/versions/1"))
    return found and {"arn": found["LayerVersionArn"], "layer_arn": found["LayerArn"], "version": found["Version"], "description": found["Description"], "runtimes": found["CompatibleRuntimes"],
                      "created": found["CreatedDate"], "sha": found["Content"]["CodeSha256"], "size": found["Content"]["CodeSize"], "location": bool(found["Content"]["Location"])}


SETTINGS = {"FunctionName": NAME, "Description": "orders", "Handler": "app.handle", "MemorySize": 256, "Timeout": 20, "Runtime": "python3.12", "Role": role["arn"], "Architectures": ["x86_64"],
            "EphemeralStorage": {"Size": 1024}, "Environment": {"Variables": {"STAGE": "one"}}, "TracingConfig": {"Mode": "PassThrough"}, "Layers": [layer], "LoggingConfig": {"LogFormat": "Text", "LogGroup": GROUP}, "Tags": TAGS}
create_function(SETTINGS, code, 10)
function = read_function(NAME)
PLANNED = {
    "arn": ARN, "architectures": ["x86_64"], "code_sha256": base64.b64encode(hashlib.sha256(code).digest()).decode(), "description": "orders", "environment": {"STAGE": "one"}, "ephemeral_storage": 1024,
    "function_name": NAME, "handler": "app.handle", "kms_key_arn": "", "last_modified": function["last_modified"], "layers": [layer], "log_format": "Text", "log_group": GROUP, "memory_size": 256, "package_type": "Zip",
    "reserved_concurrent_executions": 10, "role": role["arn"], "runtime": "python3.12", "source_code_size": len(code), "timeout": 20, "tracing_mode": "PassThrough", "snap_start": "None", "qualified_arn": ARN + ":1",
    "version": "1", "code_signing_config_arn": "", "dead_letter": None, "vpc": [], "tags": TAGS}
assert function == PLANNED, function
assert rest("ListTags", "GET", tags_path(ARN))["Tags"] == TAGS

made = rest("CreateAlias", "POST", path(NAME, "aliases"), {"Name": "live", "FunctionVersion": function["version"], "Description": "", "RoutingConfig": {}}, 201)
assert made["AliasArn"] == ARN + ":live"
add_permission(NAME, {"StatementId": "AllowBucket", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::orders", "SourceAccount": account})
add_permission(NAME, {"StatementId": "AllowEvents", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com", "SourceArn": f"arn:aws:events:us-east-1:{account}:rule/hourly"}, Qualifier="live")
CORS = {"AllowCredentials": True, "AllowHeaders": ["date"], "AllowMethods": ["*"], "AllowOrigins": ["https://example.org"], "ExposeHeaders": ["date"], "MaxAge": 3600}
url = rest("CreateFunctionUrlConfig", "POST", path(NAME, "url", version="2021-10-31"), {"AuthType": "NONE", "Cors": CORS, "InvokeMode": "BUFFERED"}, 201)
# Of a public URL the provider permits both since October 2025.
PUBLIC = {"FunctionURLAllowPublicAccess": {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"}, "FunctionURLAllowInvokeAction": {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True}}
for sid, body in PUBLIC.items():
    add_permission(NAME, {"StatementId": sid, "Principal": "*", **body})
put_event_config(NAME, {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 3600, "DestinationConfig": {"OnFailure": {"Destination": QUEUE}}})
mapping = rest("CreateEventSourceMapping", "POST", "/2015-03-31/event-source-mappings", {"FunctionName": ARN, "EventSourceArn": QUEUE, "BatchSize": 5, "Enabled": True}, 202)["UUID"]


def wait_mapping(target, pending):
    for _ in range(600):
        found = read_mapping(mapping)
        if found is None or found["state"] == target:
            return found
        assert found["state"] in pending, found
        time.sleep(0.1)
    raise AssertionError(f"the mapping does not become {target}")


assert wait_mapping("Enabled", ("Creating", "Enabling", "Updating")) == {"batch_size": 5, "event_source_arn": QUEUE, "function_arn": ARN, "state": "Enabled", "uuid": mapping}
answer, data = send("lambda", "Invoke", "POST", path(NAME, "invocations"), b'{"order": 1}', {"X-Amz-Invocation-Type": "RequestResponse"})
assert (answer.status, json.loads(data), answer.headers.get("X-Amz-Function-Error")) == (200, {"code": "one", "order": 1}, None), data


def refresh():
    """All reads, in the order of a graph walk."""
    return {
        "data.basic": read_policy(BASIC), "role": read_role(ROLE), "policy": read_policy(POLICY), "attached": [read_attachment(ROLE, arn) for arn in (BASIC, POLICY)], "logs": read_log_group(GROUP),
        "layer": read_layer(), "function": read_function(NAME), "alias": read_alias(NAME, "live"),
        "permissions": [read_permission(NAME, sid) for sid in ("AllowBucket", *PUBLIC)] + [read_permission(NAME, "AllowEvents", Qualifier="live")], "url": read_url(NAME), "events": read_event_config(NAME),
        "mapping": read_mapping(mapping), "tags": rest("ListTags", "GET", tags_path(ARN))["Tags"],
    }


# --- plan: nothing has changed ---------------------------------------------------------------------------------------------------------
state = refresh()
assert refresh() == state
assert None not in state.values() and None not in state["permissions"] and None not in state["attached"], state
assert state["function"] == PLANNED, state["function"]
assert state["alias"] == {"arn": ARN + ":live", "description": "", "function_version": "1", "name": "live", "routing": {}}, state["alias"]
assert state["permissions"][0] == {"action": "lambda:InvokeFunction", "principal": "s3.amazonaws.com", "resource": ARN, "source_arn": "arn:aws:s3:::orders", "source_account": account, "function_url_auth_type": ""}
assert (state["permissions"][1]["principal"], state["permissions"][1]["action"], state["permissions"][1]["function_url_auth_type"]) == ("*", "lambda:InvokeFunctionUrl", "NONE"), state["permissions"]
assert (state["permissions"][3]["resource"], state["permissions"][3]["principal"]) == (ARN + ":live", "events.amazonaws.com"), state["permissions"]
assert state["url"] == {"authorization_type": "NONE", "function_arn": ARN, "function_url": url["FunctionUrl"], "url_id": state["url"]["url_id"], "invoke_mode": "BUFFERED", "cors": CORS}, state["url"]
assert state["events"] == {"retries": 1, "age": 3600, "on_failure": QUEUE}
assert state["role"]["managed_policy_arns"] == sorted([BASIC, POLICY]) and state["role"]["inline_policy"] == {"inline": DOCUMENT}
assert (state["layer"]["version"], state["layer"]["runtimes"], state["layer"]["description"], state["layer"]["location"]) == (1, ["python3.12"], "common", True), state["layer"]

# --- update: in place, as a changed configuration is applied ---------------------------------------------------------------------------
update_policy(POLICY, BROADER)
iam("TagPolicy", PolicyArn=POLICY, Tags=[{"Key": "team", "Value": "shop"}])
iam("UpdateAssumeRolePolicy", RoleName=ROLE, PolicyDocument=json.dumps(TRUST))
iam("UntagRole", RoleName=ROLE, **{"TagKeys.member.1": "cost center"})
iam("TagRole", RoleName=ROLE, Tags=[{"Key": "team", "Value": "shop"}])
logs("PutRetentionPolicy", logGroupName=GROUP, retentionInDays=30)
logs("UntagResource", resourceArn=state["logs"]["arn"], tagKeys=["cost center"])
logs("TagResource", resourceArn=state["logs"]["arn"], tags={"team": "shop"})
rest("UntagResource", "DELETE", tags_path(ARN), status=204, tagKeys="cost center")
rest("TagResource", "POST", tags_path(ARN), {"Tags": {"team": "shop"}}, 204)
settings = {k: v for k, v in SETTINGS.items() if k not in ("FunctionName", "Tags", "Architectures")} | {"MemorySize": 512, "Timeout": 25, "Environment": {"Variables": {"STAGE": "two"}}, "Description": ""}
updated = retried(lambda: rest("UpdateFunctionConfiguration", "PUT", path(NAME, "configuration"), settings))
assert updated["LastUpdateStatus"] == "InProgress", updated
wait(NAME, "LastUpdateStatus", "Successful", ("InProgress",))
retried(lambda: rest("UpdateFunctionCode", "PUT", path(NAME, "code"), {"ZipFile": base64.b64encode(next_code).decode(), "Architectures": ["x86_64"], "Publish": False}))
wait(NAME, "LastUpdateStatus", "Successful", ("InProgress",))
rest("PutFunctionConcurrency", "PUT", path(NAME, "concurrency", version="2017-10-31"), {"ReservedConcurrentExecutions": 5})
version = retried(lambda: rest("PublishVersion", "POST", path(NAME, "versions"), {}, 201))["Version"]
assert rest("GetFunctionConfiguration", "GET", path(NAME, "configuration"), Qualifier=version)["State"] in ("Pending", "Active")
rest("UpdateAlias", "PUT", path(NAME, "aliases", "live"), {"FunctionVersion": version, "Description": "now", "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.1}}})
rest("UpdateFunctionUrlConfig", "PUT", path(NAME, "url", version="2021-10-31"), {"AuthType": "NONE", "Cors": {"AllowOrigins": ["*"]}, "InvokeMode": "RESPONSE_STREAM"})
put_event_config(NAME, {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60, "DestinationConfig": {"OnFailure": {"Destination": QUEUE}}})
rest("UpdateEventSourceMapping", "PUT", f"/2015-03-31/event-source-mappings/{mapping}", {"FunctionName": ARN, "BatchSize": 7, "Enabled": False}, 202)
wait_mapping("Disabled", ("Updating", "Disabling"))

after = refresh()
assert refresh() == after
assert after["function"] == PLANNED | {
    "description": "", "environment": {"STAGE": "two"}, "memory_size": 512, "timeout": 25, "code_sha256": base64.b64encode(hashlib.sha256(next_code).digest()).decode(), "source_code_size": len(next_code),
    "reserved_concurrent_executions": 5, "version": "2", "qualified_arn": ARN + ":2", "last_modified": after["function"]["last_modified"], "tags": {"team": "shop"}}, after["function"]
assert after["alias"] == {"arn": ARN + ":live", "description": "now", "function_version": "2", "name": "live", "routing": {"1": 0.1}}, after["alias"]
assert (after["url"]["invoke_mode"], after["url"]["cors"], after["url"]["function_url"]) == ("RESPONSE_STREAM", {"AllowOrigins": ["*"]}, url["FunctionUrl"]), after["url"]
assert after["events"] == {"retries": 0, "age": 60, "on_failure": QUEUE} and (after["mapping"]["batch_size"], after["mapping"]["state"]) == (7, "Disabled")
assert (after["policy"]["policy"], after["policy"]["tags"], after["policy"]["attachment_count"]) == (BROADER, {"team": "shop"}, 1), after["policy"]
assert after["role"]["tags"] == {"team": "shop"} and (after["logs"]["retention_in_days"], after["logs"]["tags"]) == (30, {"team": "shop"}), after
answer, data = send("lambda", "Invoke", "POST", path(NAME, "invocations"), b'{"order": 2}', {"X-Amz-Invocation-Type": "RequestResponse"})
assert (answer.status, json.loads(data)) == (200, {"code": "two", "order": 2}), data

# --- destroy: in reverse, each until it is gone ----------------------------------------------------------------------------------------
rest("DeleteEventSourceMapping", "DELETE", f"/2015-03-31/event-source-mappings/{mapping}", status=202)
assert wait_mapping(None, ("Deleting",)) is None
rest("DeleteFunctionEventInvokeConfig", "DELETE", path(NAME, "event-invoke-config", version="2019-09-25"), status=204)
assert read_event_config(NAME) is None
rest("DeleteFunctionUrlConfig", "DELETE", path(NAME, "url", version="2021-10-31"), status=204)
assert read_url(NAME) is None
for sid in PUBLIC:
    remove_permission(NAME, sid)
remove_permission(NAME, "AllowEvents", Qualifier="live")
remove_permission(NAME, "AllowBucket")
assert maybe("ResourceNotFoundException", lambda: rest("GetPolicy", "GET", path(NAME, "policy"))) is None
rest("DeleteAlias", "DELETE", path(NAME, "aliases", "live"), status=204)
assert read_alias(NAME, "live") is None
delete_function(NAME)
rest("DeleteLayerVersion", "DELETE", "/2018-10-31/layers/shop-common/versions/1", status=204)
assert read_layer() is None
logs("DeleteLogGroup", logGroupName=GROUP)
assert read_log_group(GROUP) is None
gone("ResourceNotFoundException", 400, lambda: logs("DeleteLogGroup", logGroupName=GROUP))
iam("DeleteRolePolicy", RoleName=ROLE, PolicyName="inline")
gone("NoSuchEntity", 404, lambda: iam("GetRolePolicy", RoleName=ROLE, PolicyName="inline"))
for arn in (POLICY, BASIC):
    iam("DetachRolePolicy", RoleName=ROLE, PolicyArn=arn)
    assert read_attachment(ROLE, arn) is None
delete_policy(POLICY)
assert read_policy(POLICY) is None
delete_role(ROLE)

# What comes a second time finds nothing: a destroy that was interrupted is repeated.
for status, again in ((404, lambda: rest("DeleteFunction", "DELETE", path(NAME))), (404, lambda: rest("GetFunctionUrlConfig", "GET", path(NAME, "url", version="2021-10-31")))):
    gone("ResourceNotFoundException", status, again)
gone("NoSuchEntity", 404, lambda: iam("DeleteRole", RoleName=ROLE))
print(f"terraform: ok, {len(calls)} calls of {len(set(calls))} operations")
