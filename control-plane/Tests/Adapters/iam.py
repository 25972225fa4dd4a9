"""Terraform's and the tutorials' calls of IAM and STS by boto3, which checks each answer against AWS's service model. Argument: endpoint."""
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ARGUMENTS = dict(endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x", config=Config(retries={"max_attempts": 0}, parameter_validation=False))
iam = boto3.client("iam", **ARGUMENTS)
sts = boto3.client("sts", **ARGUMENTS)
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def refused(code, status, call, **arguments):
    try:
        call(**arguments)
    except ClientError as failure:
        got = failure.response["Error"]["Code"], failure.response["ResponseMetadata"]["HTTPStatusCode"]
        assert got == (code, status), got
        return failure.response["Error"]["Message"]
    raise AssertionError(f"{code} was not raised")


who = sts.get_caller_identity()
assert (who["Account"], who["Arn"], who["UserId"]) == ("000000000000", "arn:aws:iam::000000000000:root", "000000000000"), who
refused("InvalidAction", 400, sts.get_session_token)

# aws_iam_role
refused("NoSuchEntity", 404, iam.get_role, RoleName="r")
role = iam.create_role(
    RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST), Description="what it is <&> for", MaxSessionDuration=7200, Path="/service/", Tags=[{"Key": "team", "Value": "ä & b"}])["Role"]
assert role["Arn"] == "arn:aws:iam::000000000000:role/service/r" and role["RoleId"].startswith("AROA"), role
got = iam.get_role(RoleName="r")["Role"]
assert got["AssumeRolePolicyDocument"] == TRUST and got["Description"] == "what it is <&> for" and got["MaxSessionDuration"] == 7200, got
assert got["Tags"] == [{"Key": "team", "Value": "ä & b"}], got
assert refused("EntityAlreadyExists", 409, iam.create_role, RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST)) == "Role with name r already exists."
assert iam.list_role_policies(RoleName="r")["PolicyNames"] == []
assert iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"] == []
assert iam.list_instance_profiles_for_role(RoleName="r")["InstanceProfiles"] == []
assert [r["RoleName"] for r in iam.list_roles()["Roles"]] == ["r"]
assert iam.list_roles(PathPrefix="/other/")["Roles"] == []
iam.update_assume_role_policy(RoleName="r", PolicyDocument='{"Version":"2012-10-17","Statement":[]}')
assert iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]["Statement"] == []
iam.update_role(RoleName="r", Description="changed")
assert iam.get_role(RoleName="r")["Role"]["Description"] == "changed"

# aws_iam_policy, aws_iam_role_policy_attachment, aws_iam_role_policy
policy = iam.create_policy(PolicyName="p", PolicyDocument='{"Version":"2012-10-17","Statement":[{"Sid":"a+b c"}]}', Description="d")["Policy"]
assert policy["Arn"] == "arn:aws:iam::000000000000:policy/p" and policy["DefaultVersionId"] == "v1", policy
assert iam.get_policy(PolicyArn=policy["Arn"])["Policy"]["AttachmentCount"] == 0
assert iam.get_policy_version(PolicyArn=policy["Arn"], VersionId="v1")["PolicyVersion"]["Document"]["Statement"] == [{"Sid": "a+b c"}]
assert [v["VersionId"] for v in iam.list_policy_versions(PolicyArn=policy["Arn"])["Versions"]] == ["v1"]
refused("EntityAlreadyExists", 409, iam.create_policy, PolicyName="p", PolicyDocument="{}")
for number in range(2, 6):
    version = iam.create_policy_version(PolicyArn=policy["Arn"], PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": f"n{number}"}]}), SetAsDefault=number % 2 == 0)["PolicyVersion"]
    assert (version["VersionId"], version["IsDefaultVersion"]) == (f"v{number}", number % 2 == 0), version
refused("LimitExceeded", 409, iam.create_policy_version, PolicyArn=policy["Arn"], PolicyDocument="{}")
assert [(v["VersionId"], v["IsDefaultVersion"]) for v in iam.list_policy_versions(PolicyArn=policy["Arn"])["Versions"]] == [("v5", False), ("v4", True), ("v3", False), ("v2", False), ("v1", False)]
assert iam.get_policy(PolicyArn=policy["Arn"])["Policy"]["DefaultVersionId"] == "v4"
assert iam.get_policy_version(PolicyArn=policy["Arn"], VersionId="v3")["PolicyVersion"]["Document"]["Statement"] == [{"Sid": "n3"}]
iam.set_default_policy_version(PolicyArn=policy["Arn"], VersionId="v1")
refused("DeleteConflict", 409, iam.delete_policy_version, PolicyArn=policy["Arn"], VersionId="v1")
iam.delete_policy_version(PolicyArn=policy["Arn"], VersionId="v5")
assert iam.create_policy_version(PolicyArn=policy["Arn"], PolicyDocument="{}")["PolicyVersion"]["VersionId"] == "v6"
for call in (iam.get_policy_version, iam.set_default_policy_version, iam.delete_policy_version):
    refused("NoSuchEntity", 404, call, PolicyArn=policy["Arn"], VersionId="v5")
refused("DeleteConflict", 409, iam.delete_policy, PolicyArn=policy["Arn"])
for number in (2, 3, 4, 6):
    iam.delete_policy_version(PolicyArn=policy["Arn"], VersionId=f"v{number}")
refused("MalformedPolicyDocument", 400, iam.create_policy_version, PolicyArn=policy["Arn"], PolicyDocument="{")
refused("NoSuchEntity", 404, iam.create_policy_version, PolicyArn=BASIC, PolicyDocument="{}")
iam.tag_policy(PolicyArn=policy["Arn"], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
iam.untag_policy(PolicyArn=policy["Arn"], TagKeys=["a"])
assert iam.list_policy_tags(PolicyArn=policy["Arn"])["Tags"] == [{"Key": "b", "Value": "2"}]
iam.put_role_permissions_boundary(RoleName="r", PermissionsBoundary=policy["Arn"])
assert iam.get_role(RoleName="r")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy["Arn"]
iam.delete_role_permissions_boundary(RoleName="r")
assert "PermissionsBoundary" not in iam.get_role(RoleName="r")["Role"]
for arn in (policy["Arn"], BASIC):
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
attached = iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"]
assert [(p["PolicyName"], p["PolicyArn"]) for p in attached] == [("p", policy["Arn"]), ("AWSLambdaBasicExecutionRole", BASIC)], attached
assert iam.get_policy(PolicyArn=policy["Arn"])["Policy"]["AttachmentCount"] == 1
refused("DeleteConflict", 409, iam.delete_policy, PolicyArn=policy["Arn"])
refused("NoSuchEntity", 404, iam.attach_role_policy, RoleName="r", PolicyArn="arn:aws:iam::000000000000:policy/absent")
iam.put_role_policy(RoleName="r", PolicyName="inline", PolicyDocument='{"Version":"2012-10-17","Statement":[]}')
assert iam.list_role_policies(RoleName="r")["PolicyNames"] == ["inline"]
assert iam.get_role_policy(RoleName="r", PolicyName="inline")["PolicyDocument"]["Version"] == "2012-10-17"
refused("NoSuchEntity", 404, iam.get_role_policy, RoleName="r", PolicyName="absent")
iam.tag_role(RoleName="r", Tags=[{"Key": "team", "Value": "new"}, {"Key": "b", "Value": ""}])
assert sorted((t["Key"], t["Value"]) for t in iam.list_role_tags(RoleName="r")["Tags"]) == [("b", ""), ("team", "new")]
iam.untag_role(RoleName="r", TagKeys=["b"])
assert len(iam.list_role_tags(RoleName="r")["Tags"]) == 1

# Destroy.
refused("DeleteConflict", 409, iam.delete_role, RoleName="r")
for arn in (policy["Arn"], BASIC):
    iam.detach_role_policy(RoleName="r", PolicyArn=arn)
refused("NoSuchEntity", 404, iam.detach_role_policy, RoleName="r", PolicyArn=BASIC)
refused("DeleteConflict", 409, iam.delete_role, RoleName="r")
iam.delete_role_policy(RoleName="r", PolicyName="inline")
iam.delete_role(RoleName="r")
iam.delete_policy(PolicyArn=policy["Arn"])
refused("NoSuchEntity", 404, iam.delete_role, RoleName="r")
refused("NoSuchEntity", 404, iam.get_policy, PolicyArn=policy["Arn"])

# Not what the model allows.
for document in ("", "{", "[]", "1"):
    refused("MalformedPolicyDocument" if document else "ValidationError", 400, iam.create_role, RoleName="bad", AssumeRolePolicyDocument=document)
for name in ("a b", "a/b", "ä", "x" * 65, "a\x01b"):
    refused("ValidationError", 400, iam.create_role, RoleName=name, AssumeRolePolicyDocument="{}")
refused("ValidationError", 400, iam.create_role, RoleName="bad", Path="x", AssumeRolePolicyDocument="{}")
refused("ValidationError", 400, iam.create_role, RoleName="bad", AssumeRolePolicyDocument="{}", Description="x" * 1001)
refused("LimitExceeded", 409, iam.create_role, RoleName="bad", AssumeRolePolicyDocument=json.dumps({"a": "x" * 20_000}))
assert iam.list_roles()["Roles"] == []
refused("InvalidAction", 400, iam.create_user, UserName="u")
print("iam: ok")
