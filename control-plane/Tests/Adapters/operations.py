"""Every operation of Debian's boto3 against the REST API, at least once with success. Arguments: endpoint, zip, second zip, a zip for layers."""
import base64
import hashlib
import json
import sys
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, first, second, content = sys.argv[1:]
client = boto3.client(
    "lambda", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y",
    config=Config(retries={"max_attempts": 0}, parameter_validation=False))
zips = [open(path, "rb").read() for path in (first, second, content)]
shas = [base64.b64encode(hashlib.sha256(z).digest()).decode() for z in zips]
succeeded = set()
client.meta.events.register("after-call.lambda", lambda http_response, model, **_: http_response.status_code < 300 and succeeded.add(model.name))

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
ROLE = "arn:aws:iam::000000000000:role/r"
NONE = "00000000-0000-0000-0000-000000000000"


def refused(code, says, call, **arguments):
    try:
        answer = call(**arguments)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, e.response
        assert says in e.response["Error"]["Message"], e.response
        return e.response
    raise AssertionError(f"{code} expected, not {answer}")


def status(answer):
    return answer["ResponseMetadata"]["HTTPStatusCode"]


# Versions: each change of code or settings once.
created = client.create_function(
    FunctionName="f", Runtime="python3.9", Role=ROLE, Handler="app.handler", Code={"ZipFile": zips[0]}, Publish=True, TracingConfig={"Mode": "Active"},
    DeadLetterConfig={"TargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"})
assert (created["Version"], created["FunctionArn"]) == ("1", ARN + ":1"), created
assert created["TracingConfig"]["Mode"] == "Active" and created["DeadLetterConfig"]["TargetArn"].endswith(":dead")
again = client.publish_version(FunctionName="f", CodeSha256=shas[0])
assert again["Version"] == "1" and again["RevisionId"] == created["RevisionId"], again
refused("InvalidParameterValueException", "is different from current CodeSHA256 in $LATEST", client.publish_version, FunctionName="f", CodeSha256=shas[1])
refused("PreconditionFailedException", "Revision Id", client.publish_version, FunctionName="f", RevisionId=NONE)
updated = client.update_function_configuration(FunctionName="f", Timeout=9, Environment={"Variables": {"AA": "1"}}, DeadLetterConfig={})
assert "DeadLetterConfig" not in updated and updated["Version"] == "$LATEST"
two = client.publish_version(FunctionName="f", Description="two", RevisionId=updated["RevisionId"])
assert (two["Version"], two["Description"], two["Timeout"], two["FunctionArn"]) == ("2", "two", 9, ARN + ":2"), two
three = client.update_function_code(FunctionName="f", ZipFile=zips[1], Publish=True)
assert (three["Version"], three["CodeSha256"]) == ("3", shas[1]), three
versions = client.list_versions_by_function(FunctionName="f", MaxItems=10000)["Versions"]
assert [(v["Version"], v["FunctionArn"]) for v in versions] == [(v, f"{ARN}:{v}") for v in ("$LATEST", "1", "2", "3")], versions
pages = client.get_paginator("list_versions_by_function").paginate(FunctionName="f", PaginationConfig={"PageSize": 3})
assert [[v["Version"] for v in page["Versions"]] for page in pages] == [["$LATEST", "1", "2"], ["3"]]
assert client.get_function_configuration(FunctionName=ARN + ":1")["Timeout"] == 3
got = client.get_function(FunctionName="f", Qualifier="2")
assert urllib.request.urlopen(got["Code"]["Location"]).read() == zips[0]
refused("InvalidParameterValueException", "The derived qualifier from the function name does not match the specified qualifier.", client.get_function, FunctionName="f:1", Qualifier="2")
refused("ResourceNotFoundException", ARN + ":9", client.get_function, FunctionName="f:9")
listed = client.list_functions(FunctionVersion="ALL")["Functions"]
assert [v["Version"] for v in listed] == ["$LATEST", "1", "2", "3"], listed

# Aliases.
alias = client.create_alias(FunctionName="f", Name="live", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.25}}, Description="d")
assert alias["AliasArn"] == ARN + ":live" and alias["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.25}}, alias
refused("ResourceConflictException", "Alias already exists: " + ARN + ":live", client.create_alias, FunctionName="f", Name="live", FunctionVersion="1")
refused("ResourceNotFoundException", ARN + ":7", client.create_alias, FunctionName="f", Name="x", FunctionVersion="7")
refused("ValidationException", "1 validation error detected: Value '12' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)", client.create_alias, FunctionName="f", Name="12", FunctionVersion="1")
for weights, code, says in (
    ({"1": 0.5}, "InvalidParameterValueException", "already included in routing configuration"),
    ({"2": 0.5, "3": 0.1}, "InvalidParameterValueException", "Number of items in AdditionalVersionWeights cannot be greater than 1"),
    ({"2": 1.5}, "ValidationException", "Map values must satisfy constraint: [Member must have value less than or equal to 1.0"),
    ({"$LATEST": 0.5}, "ValidationException", "Map keys must satisfy constraint: [Member must have length less than or equal to 1024"),
):
    refused(code, says, client.create_alias, FunctionName="f", Name="x", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": weights})
refused("InvalidParameterValueException", "$LATEST is not supported for an alias pointing to more than 1 version", client.create_alias, FunctionName="f", Name="x", FunctionVersion="$LATEST", RoutingConfig={"AdditionalVersionWeights": {"1": 0.5}})
refused("PreconditionFailedException", "Revision Id", client.update_alias, FunctionName="f", Name="live", RevisionId=NONE)
moved = client.update_alias(FunctionName="f", Name="live", FunctionVersion="2", RoutingConfig={}, RevisionId=alias["RevisionId"])
assert "RoutingConfig" not in moved and (moved["FunctionVersion"], moved["Description"]) == ("2", "d") and moved["RevisionId"] != alias["RevisionId"], moved
assert client.get_alias(FunctionName="f", Name="live")["FunctionVersion"] == "2"
assert [a["Name"] for a in client.list_aliases(FunctionName="f", FunctionVersion="2")["Aliases"]] == ["live"]
assert client.list_aliases(FunctionName="f", FunctionVersion="1")["Aliases"] == []
pointed = client.get_function(FunctionName="f:live")["Configuration"]
assert (pointed["FunctionArn"], pointed["Version"]) == (ARN + ":live", "2"), pointed
refused("ResourceNotFoundException", "Cannot find alias arn: " + ARN + ":nope", client.get_alias, FunctionName="f", Name="nope")
refused("ResourceConflictException", "live", client.delete_function, FunctionName="f", Qualifier="2")
refused("InvalidParameterValueException", "aliases", client.delete_function, FunctionName="f", Qualifier="live")
assert status(client.delete_function(FunctionName="f", Qualifier="1")) == 204
refused("ResourceNotFoundException", ARN + ":1", client.get_function, FunctionName="f", Qualifier="1")
assert client.update_function_configuration(FunctionName="f", Timeout=10)["Timeout"] == 10
assert client.publish_version(FunctionName="f")["Version"] == "4"

# Tags.
assert status(client.tag_resource(Resource=ARN, Tags={"a": "1", "b": "2"})) == 204
client.untag_resource(Resource=ARN, TagKeys=["a"])
assert client.list_tags(Resource=ARN)["Tags"] == {"b": "2"}
assert client.get_function(FunctionName="f")["Tags"] == {"b": "2"}
refused("InvalidParameterValueException", "Number of tags exceeds resource tag limit.", client.tag_resource, Resource=ARN, Tags={f"k{i}": "" for i in range(50)})
refused("InvalidParameterValueException", "Tags on function aliases and versions are not supported.", client.list_tags, Resource=ARN + ":live")
refused("ResourceNotFoundException", "Function not found", client.list_tags, Resource=ARN + "x")

# Permissions.
permission = dict(FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
statement = json.loads(client.add_permission(**permission, SourceArn="arn:aws:s3:::bucket", SourceAccount="123456789012")["Statement"])
assert statement == {
    "Sid": "s", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "lambda:InvokeFunction", "Resource": ARN,
    "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"}, "StringEquals": {"AWS:SourceAccount": "123456789012"}}}, statement
refused("ResourceConflictException", "The statement id (s) provided already exists.", client.add_permission, **permission)
refused("InvalidParameterValueException", "We currently do not support adding policies for $LATEST.", client.add_permission, **{**permission, "Qualifier": "$LATEST"})
refused("InvalidParameterValueException", "The provided principal was invalid.", client.add_permission, **{**permission, "StatementId": "t", "Principal": "me"})
client.add_permission(**{**permission, "Qualifier": "live", "Principal": "123456789012"})
policy = client.get_policy(FunctionName="f:live")
assert json.loads(policy["Policy"])["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}, policy
assert json.loads(policy["Policy"])["Statement"][0]["Resource"] == ARN + ":live"
refused("PreconditionFailedException", "Revision Id", client.remove_permission, FunctionName="f", StatementId="s", RevisionId=NONE)
assert status(client.remove_permission(FunctionName="f", StatementId="s", RevisionId=client.get_policy(FunctionName="f")["RevisionId"])) == 204
refused("ResourceNotFoundException", "The resource you requested does not exist.", client.get_policy, FunctionName="f")
refused("ResourceNotFoundException", "No policy is associated with the given resource.", client.remove_permission, FunctionName="f", StatementId="s")
refused("ResourceNotFoundException", "Statement t is not found in resource policy.", client.remove_permission, FunctionName="f", Qualifier="live", StatementId="t")

# Concurrency.
assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(FunctionName="f")
assert client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=900)["ReservedConcurrentExecutions"] == 900
refused("InvalidParameterValueException", "decreases account's UnreservedConcurrentExecution below its minimum value of [100].", client.put_function_concurrency, FunctionName="f", ReservedConcurrentExecutions=901)
refused("ValidationException", "'reservedConcurrentExecutions' failed to satisfy constraint: Member must have value greater than or equal to 0", client.put_function_concurrency, FunctionName="f", ReservedConcurrentExecutions=-1)
assert client.get_function(FunctionName="f")["Concurrency"] == {"ReservedConcurrentExecutions": 900}
account = client.get_account_settings()
assert (account["AccountLimit"]["ConcurrentExecutions"], account["AccountLimit"]["UnreservedConcurrentExecutions"], account["AccountUsage"]["FunctionCount"]) == (1000, 100, 1), account
assert status(client.delete_function_concurrency(FunctionName="f")) == 204
refused("InvalidParameterValueException", "unpublished", client.put_provisioned_concurrency_config, FunctionName="f", Qualifier="$LATEST", ProvisionedConcurrentExecutions=1)
refused("ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function", client.get_provisioned_concurrency_config, FunctionName="f", Qualifier="live")
provisioned = client.put_provisioned_concurrency_config(FunctionName="f", Qualifier="live", ProvisionedConcurrentExecutions=5)
assert status(provisioned) == 202 and provisioned["RequestedProvisionedConcurrentExecutions"] == 5, provisioned
refused("ResourceConflictException", "Version is pointed by a Provisioned Concurrency alias", client.put_provisioned_concurrency_config, FunctionName="f", Qualifier="2", ProvisionedConcurrentExecutions=1)
# No agent is connected: nothing is allocated yet.
assert client.get_provisioned_concurrency_config(FunctionName="f", Qualifier="live")["Status"] == "IN_PROGRESS"
assert [p["FunctionArn"] for p in client.list_provisioned_concurrency_configs(FunctionName="f")["ProvisionedConcurrencyConfigs"]] == [ARN + ":live"]
assert status(client.delete_provisioned_concurrency_config(FunctionName="f", Qualifier="live")) == 204

# Asynchronous invocation's settings.
refused("ResourceNotFoundException", f"The function {ARN}:$LATEST doesn't have an EventInvokeConfig", client.get_function_event_invoke_config, FunctionName="f")
refused("InvalidParameterValueException", "You must specify at least one of error handling or destination setting.", client.put_function_event_invoke_config, FunctionName="f")
put = client.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": "arn:aws:lambda:us-east-1:000000000000:function:g"}})
assert put["FunctionArn"] == ARN + ":$LATEST" and put["MaximumRetryAttempts"] == 0 and put["LastModified"].year > 2020, put
event = client.update_function_event_invoke_config(FunctionName="f", MaximumEventAgeInSeconds=60)
assert (event["MaximumRetryAttempts"], event["MaximumEventAgeInSeconds"], event["DestinationConfig"]["OnFailure"]["Destination"][-1]) == (0, 60, "g"), event
assert "MaximumRetryAttempts" not in client.put_function_event_invoke_config(FunctionName="f", Qualifier="live", MaximumEventAgeInSeconds=21600)
refused("InvalidParameterValueException", "You can't specify the function as a destination for itself.", client.put_function_event_invoke_config, FunctionName="f", DestinationConfig={"OnSuccess": {"Destination": ARN}})
refused("InvalidParameterValueException", "The provided destination config DestinationConfig(onSuccess=OnSuccess(destination=arn:aws:iam::000000000000:role/r), onFailure=null) is invalid.", client.put_function_event_invoke_config, FunctionName="f", DestinationConfig={"OnSuccess": {"Destination": ROLE}})
refused("ValidationException", "'maximumEventAgeInSeconds' failed to satisfy constraint: Member must have value greater than or equal to 60", client.put_function_event_invoke_config, FunctionName="f", MaximumEventAgeInSeconds=59)
assert client.get_function_event_invoke_config(FunctionName="f", Qualifier="live")["MaximumEventAgeInSeconds"] == 21600
assert len(client.list_function_event_invoke_configs(FunctionName="f")["FunctionEventInvokeConfigs"]) == 2
assert status(client.delete_function_event_invoke_config(FunctionName="f")) == 204

# Function URLs.
cors = {"AllowOrigins": ["*"], "MaxAge": 60}
url = client.create_function_url_config(FunctionName="f", AuthType="NONE", Cors=cors)
refused("ValidationException", "'cors.maxAge' failed to satisfy constraint: Member must have value less than or equal to 86400", client.create_function_url_config, FunctionName="f", Qualifier="live", AuthType="NONE", Cors={"MaxAge": 86401})
refused("ValidationException", "'cors.allowOrigins' failed to satisfy constraint: Member must have length less than or equal to 100", client.create_function_url_config, FunctionName="f", Qualifier="live", AuthType="NONE", Cors={"AllowOrigins": ["*"] * 101})
assert status(url) == 201 and ".lambda-url." in url["FunctionUrl"] and url["Cors"] == cors, url
refused("ResourceConflictException", "FunctionUrlConfig exists for this Lambda function", client.create_function_url_config, FunctionName="f", AuthType="NONE")
client.create_function_url_config(FunctionName="f", Qualifier="live", AuthType="AWS_IAM")
assert client.update_function_url_config(FunctionName="f", AuthType="AWS_IAM")["FunctionUrl"] == url["FunctionUrl"]
assert client.get_function_url_config(FunctionName="f")["AuthType"] == "AWS_IAM"
assert [u["FunctionArn"] for u in client.list_function_url_configs(FunctionName="f")["FunctionUrlConfigs"]] == [ARN, ARN + ":live"]
assert status(client.delete_function_url_config(FunctionName="f")) == 204
refused("ResourceNotFoundException", "The resource you requested does not exist.", client.get_function_url_config, FunctionName="f")

# Event source mappings.
QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"
mapping = client.create_event_source_mapping(EventSourceArn=QUEUE, FunctionName="f", FilterCriteria={"Filters": [{"Pattern": "{}"}]})
assert (status(mapping), mapping["State"], mapping["BatchSize"], mapping["FunctionArn"]) == (202, "Creating", 10, ARN), mapping
refused("ResourceConflictException", mapping["UUID"], client.create_event_source_mapping, EventSourceArn=QUEUE, FunctionName="f")
refused("InvalidParameterValueException", "Function does not exist", client.create_event_source_mapping, EventSourceArn=QUEUE, FunctionName="nope")
refused("InvalidParameterValueException", "Unrecognized event source.", client.create_event_source_mapping, FunctionName="f")
refused("ValidationException", "'startingPosition'", client.create_event_source_mapping, EventSourceArn="arn:aws:kinesis:us-east-1:000000000000:stream/s", FunctionName="f")
refused("InvalidParameterValueException", "Maximum batch window in seconds must be greater than 0", client.update_event_source_mapping, UUID=mapping["UUID"], BatchSize=11)
changed = client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False, BatchSize=5)
assert (changed["BatchSize"], changed["State"], changed["FilterCriteria"]["Filters"]) == (5, "Updating", [{"Pattern": "{}"}]), changed
found = client.get_event_source_mapping(UUID=mapping["UUID"])
assert found["State"] == "Disabled" and "does not poll" in found["LastProcessingResult"], found
assert [m["UUID"] for m in client.list_event_source_mappings(FunctionName="f")["EventSourceMappings"]] == [mapping["UUID"]]
assert client.delete_event_source_mapping(UUID=mapping["UUID"])["State"] == "Deleting"
refused("ResourceNotFoundException", "The resource you requested does not exist.", client.get_event_source_mapping, UUID=mapping["UUID"])

# Layers.
layer = client.publish_layer_version(LayerName="l", Content={"ZipFile": zips[2]}, CompatibleRuntimes=["python3.9"], LicenseInfo="MIT", Description="one")
assert (status(layer), layer["Version"], layer["LayerVersionArn"][-4:], layer["Content"]["CodeSha256"]) == (201, 1, ":l:1", shas[2]), layer
assert client.publish_layer_version(LayerName="l", Content={"ZipFile": zips[1]})["Version"] == 2
assert urllib.request.urlopen(client.get_layer_version(LayerName="l", VersionNumber=1)["Content"]["Location"]).read() == zips[2]
assert client.get_layer_version_by_arn(Arn=layer["LayerVersionArn"])["LicenseInfo"] == "MIT"
assert [v["Version"] for v in client.list_layer_versions(LayerName="l")["LayerVersions"]] == [2, 1]
assert [(v["LayerName"], v["LatestMatchingVersion"]["Version"]) for v in client.list_layers(CompatibleRuntime="python3.9")["Layers"]] == [("l", 1)]
shared = client.add_layer_version_permission(LayerName="l", VersionNumber=1, StatementId="s", Action="lambda:GetLayerVersion", Principal="*")
assert client.get_layer_version_policy(LayerName="l", VersionNumber=1)["RevisionId"] == shared["RevisionId"]
assert status(client.remove_layer_version_permission(LayerName="l", VersionNumber=1, StatementId="s")) == 204
used = client.update_function_configuration(FunctionName="f", Layers=[layer["LayerVersionArn"]])
assert used["Layers"] == [{"Arn": layer["LayerVersionArn"], "CodeSize": len(zips[2])}], used
refused("InvalidParameterValueException", "does not exist", client.update_function_configuration, FunctionName="f", Layers=[layer["LayerVersionArn"][:-1] + "9"])
refused("InvalidParameterValueException", "Two different versions of the same layer", client.update_function_configuration, FunctionName="f", Layers=[layer["LayerVersionArn"], layer["LayerVersionArn"][:-1] + "2"])
refused("InvalidParameterValueException", "Cannot reference more than 5 layers.", client.update_function_configuration, FunctionName="f", Layers=[layer["LayerArn"] + f"{i}:1" for i in range(6)])
assert status(client.delete_layer_version(LayerName="l", VersionNumber=1)) == 204
refused("ResourceNotFoundException", "The resource you requested does not exist.", client.get_layer_version, LayerName="l", VersionNumber=1)
assert client.get_function_configuration(FunctionName="f")["Layers"] == used["Layers"]
assert client.publish_version(FunctionName="f")["Layers"] == used["Layers"]
assert "Layers" not in client.update_function_configuration(FunctionName="f", Layers=[])
assert client.publish_layer_version(LayerName="l", Content={"ZipFile": zips[2]})["Version"] == 3

# Code signing: clients ask for it of every function.
assert client.get_function_code_signing_config(FunctionName="f")["CodeSigningConfigArn"] == ""
publishers = {"SigningProfileVersionArns": ["arn:aws:signer:us-east-1:000000000000:/signing-profiles/p/v"]}
signing = client.create_code_signing_config(AllowedPublishers=publishers)["CodeSigningConfig"]
assert signing["CodeSigningPolicies"]["UntrustedArtifactOnDeployment"] == "Warn", signing
client.put_function_code_signing_config(FunctionName="f", CodeSigningConfigArn=signing["CodeSigningConfigArn"])
client.update_function_code(FunctionName="f", ZipFile=zips[0])
client.update_code_signing_config(CodeSigningConfigArn=signing["CodeSigningConfigArn"], CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"})
refused("CodeVerificationFailedException", "signature", client.update_function_code, FunctionName="f", ZipFile=zips[1])
assert client.get_code_signing_config(CodeSigningConfigArn=signing["CodeSigningConfigArn"])["CodeSigningConfig"]["AllowedPublishers"] == publishers
assert client.list_functions_by_code_signing_config(CodeSigningConfigArn=signing["CodeSigningConfigArn"])["FunctionArns"] == [ARN]
assert len(client.list_code_signing_configs()["CodeSigningConfigs"]) == 1
refused("ResourceConflictException", "existing functions", client.delete_code_signing_config, CodeSigningConfigArn=signing["CodeSigningConfigArn"])
assert status(client.delete_function_code_signing_config(FunctionName="f")) == 204
assert status(client.delete_code_signing_config(CodeSigningConfigArn=signing["CodeSigningConfigArn"])) == 204

# Operations that are newer than this client.
def raw(operation, method, path, body=None):
    request = urllib.request.Request(endpoint + path, method=method, data=body and json.dumps(body).encode())
    answer = json.loads(urllib.request.urlopen(request).read())
    succeeded.add(operation)
    return answer


runtimes, recursion = "/2021-07-20/functions/f/runtime-management-config", "/2024-08-31/functions/f/recursion-config"
assert raw("GetRuntimeManagementConfig", "GET", runtimes)["UpdateRuntimeOn"] == "Auto"
assert raw("PutRuntimeManagementConfig", "PUT", runtimes, {"UpdateRuntimeOn": "FunctionUpdate"})["UpdateRuntimeOn"] == "FunctionUpdate"
assert raw("PutFunctionRecursionConfig", "PUT", recursion, {"RecursiveLoop": "Allow"}) == {"RecursiveLoop": "Allow"}
assert raw("GetFunctionScalingConfig", "GET", "/2025-11-30/functions/f/function-scaling-config?Qualifier=2") == {"FunctionArn": ARN + ":2"}
assert raw("ListDurableExecutionsByFunction", "GET", "/2025-12-01/functions/f/durable-executions") == {"DurableExecutions": []}
assert raw("ListCapacityProviders", "GET", "/2025-11-30/capacity-providers") == {"CapacityProviders": []}
assert raw("GetFunctionRecursionConfig", "GET", recursion) == {"RecursiveLoop": "Allow"}

# What is under a function's name goes with it.
client.delete_alias(FunctionName="f", Name="live")
client.delete_alias(FunctionName="f", Name="live")
client.delete_function(FunctionName="f")
for call in (client.list_aliases, client.list_versions_by_function, client.get_policy, client.get_function_concurrency):
    refused("ResourceNotFoundException", "", call, FunctionName="f")
client.create_function(FunctionName="f", Runtime="python3.9", Role=ROLE, Handler="app.handler", Code={"ZipFile": zips[0]})
assert client.publish_version(FunctionName="f")["Version"] == "1"

everything = set(client.meta.service_model.operation_names)
# The agent's: here none is connected.
missing = everything - succeeded - {"Invoke", "InvokeAsync"}
assert not missing, missing
refused("ServiceException", "No agent is connected", client.invoke, FunctionName="f")
print("succeeded:", *sorted(succeeded))
print(f"operations: {len(everything)} ok")
