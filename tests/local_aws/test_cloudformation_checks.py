"""Resources that their services refuse fail in a stack too."""

import re
from typing import Any

import pytest

from tests.local_aws.harness import ACCOUNT, Athena, Aws
from tests.local_aws.test_cloudformation import TABLE, Stack, resource
from tests.local_aws.test_cloudformation import stack as stack

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
}
NAMED = {"Capabilities": ["CAPABILITY_NAMED_IAM"]}
ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def role(**properties: Any) -> dict[str, Any]:
    return resource("IAM::Role", **{"AssumeRolePolicyDocument": TRUST, **properties})


def policy(**changes: Any) -> dict[str, Any]:
    kept = {name: value for name, value in {**ALLOW, **changes}.items() if value is not None}
    return {"Version": "2012-10-17", "Statement": [kept]}


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (resource("S3::Bucket", BucketName="UPPER"), "bucket is not valid"),
        (resource("S3::Bucket", BucketName="a"), "bucket is not valid"),
        (resource("Athena::WorkGroup", Name="bad name!"), "'bad name!' at 'name'"),
        (resource("Athena::WorkGroup", Name="off", State="OFF"), "'OFF' at 'state'"),
        (role(ManagedPolicyArns=["arn:aws:iam::aws:policy/NopeNope"]), "NopeNope does not exist"),
        (resource("IAM::Role"), r"required key \[AssumeRolePolicyDocument\] not found"),
        (role(AssumeRolePolicyDocument={"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}), "Principal"),
        (role(Policies=[{"PolicyName": "p", "PolicyDocument": policy(Resource=None)}]), "field Resource"),
        (role(RoleName="a b"), "'roleName'"),
        (role(MaxSessionDuration=10), "'maxSessionDuration'"),
        (resource("IAM::ManagedPolicy", PolicyDocument=policy(Effect="Maybe")), "Maybe"),
        (resource("SNS::Topic", TopicName="a b!"), "Invalid parameter: Topic Name"),
        (resource("SNS::Topic", Subscription=[{"Protocol": "zz", "Endpoint": "x"}]), "protocol string: zz"),
        (resource("SNS::Subscription", TopicArn={"Ref": "T"}, Protocol="zz", Endpoint="x"), "protocol string: zz"),
        (
            resource("SNS::Subscription", TopicArn=f"arn:aws:sns:us-east-1:{ACCOUNT}:nope", Protocol="sqs"),
            "Topic does not exist",
        ),
        (resource("IAM::User", ManagedPolicyArns=["arn:aws:iam::aws:policy/NopeNope"]), "NopeNope does not exist"),
        (resource("Glue::Database", DatabaseInput={"Name": "d"}), r"required key \[CatalogId\] not found"),
        (resource("Glue::Database", CatalogId="1" * 12, DatabaseInput={"Name": "d"}), "Not authorized"),
        (
            resource("Glue::Table", CatalogId=ACCOUNT, DatabaseName="nope", TableInput={"Name": "t"}),
            "^Database nope not found.$",
        ),
        (resource("S3::Bucket", VersioningConfiguration={"Status": "On"}), "On is not a valid enum value"),
        (
            resource("DynamoDB::Table", **TABLE, StreamSpecification={"StreamViewType": "FOO"}),
            "Value 'FOO' at 'streamSpecification.streamViewType'",
        ),
        (resource("IAM::Policy", PolicyName="p", PolicyDocument=policy()), "At least one of"),
        *(
            (
                resource(f"IAM::{kind}", **more, Policies=[{"PolicyName": "p", "PolicyDocument": policy(Sid="a b")}]),
                "SID",
            )
            for kind, more in (("User", {}), ("Role", {"AssumeRolePolicyDocument": TRUST}))
        ),
        (resource("IAM::ManagedPolicy", PolicyDocument=policy(Resource="arn:aws:s3:::" + "a" * 6144)), "PolicySize"),
    ],
)
def test_what_a_service_refuses(stack: Stack, made: dict[str, Any], reason: str) -> None:
    topics = {"T": resource("SNS::Topic")} if "Subscription" in made["Type"] else {}
    assert stack.put({"R": made, **topics}, **NAMED) == "ROLLBACK_COMPLETE"
    events = stack.client.describe_stack_events(StackName=stack.name)["StackEvents"]
    failed = [each for each in events if each["ResourceStatus"] == "CREATE_FAILED" and each["LogicalResourceId"] == "R"]
    assert len(failed) == 1
    assert re.search(reason, failed[0]["ResourceStatusReason"]), failed[0]["ResourceStatusReason"]


def test_what_fails_in_an_update(aws: Aws, stack: Stack) -> None:
    named = role(RoleName=stack.name)
    assert stack.put({"R": named}, **NAMED) == "CREATE_COMPLETE"
    named["Properties"]["MaxSessionDuration"] = 10
    assert stack.put({"R": named}, update=True, **NAMED) == "UPDATE_ROLLBACK_COMPLETE"
    assert aws.client("iam").get_role(RoleName=stack.name)["Role"]["MaxSessionDuration"] == 3600


def test_parameters_of_tables_are_texts(aws: Aws, stack: Stack) -> None:
    name = stack.name.replace("-", "_")
    table = {
        "Name": "t", "Parameters": {"projection.enabled": True, "n": 1},
        "StorageDescriptor": {"Columns": [], "SerdeInfo": {"Parameters": {"k": 1}}},
    }  # fmt: skip
    database = resource("Glue::Database", CatalogId=ACCOUNT, DatabaseInput={"Name": name})
    made = resource("Glue::Table", CatalogId=ACCOUNT, DatabaseName={"Ref": "D"}, TableInput=table)
    assert stack.put({"D": database, "T": made}) == "CREATE_COMPLETE"
    found = aws.client("glue").get_table(DatabaseName=name, Name="t")["Table"]
    assert found["Parameters"] == {"projection.enabled": "true", "n": "1"}
    assert found["StorageDescriptor"]["SerdeInfo"]["Parameters"] == {"k": "1"}


def test_what_is_not_said_is_absent(stack: Stack) -> None:
    outputs = {"A": {"Value": "1"}, "B": {"Value": "2", "Description": "b"}}
    stack.put({"T": resource("SNS::Topic")}, Outputs=outputs)
    found = stack.client.describe_stacks(StackName=stack.name)["Stacks"][0]
    assert {each["OutputKey"]: each.get("Description") for each in found["Outputs"]} == {"A": None, "B": "b"}
    assert "StackStatusReason" not in found


def test_recovery_is_not_taken_out_of_a_template(stack: Stack) -> None:
    on = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    assert stack.put({"T": resource("DynamoDB::Table", **TABLE, **on)}) == "CREATE_COMPLETE"
    assert stack.put({"T": resource("DynamoDB::Table", **TABLE)}, update=True) == "UPDATE_ROLLBACK_COMPLETE"
    assert "PointInTimeRecoverySpecification" in stack.reasons()


@pytest.mark.parametrize("recursive", [None, "true", False])
def test_a_workgroup_that_was_used(aws: Aws, bucket: str, stack: Stack, recursive: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-athena-workgroup.html"""
    option = {} if recursive is None else {"RecursiveDeleteOption": recursive}
    made = resource("Athena::WorkGroup", Name=stack.name, **option)
    assert stack.put({"W": made}) == "CREATE_COMPLETE"
    athena = Athena(aws, bucket)
    athena.run("SELECT 1", WorkGroup=stack.name)
    athena.client.create_named_query(Name="q", Database="default", QueryString="SELECT 1", WorkGroup=stack.name)
    groups = [each["Name"] for each in athena.client.list_work_groups()["WorkGroups"]]
    assert stack.name in groups
    if recursive == "true":
        assert stack.delete() == "DELETE_COMPLETE"
        return
    assert stack.delete() == "DELETE_FAILED"
    assert f"WorkGroup {stack.name} is not empty" in stack.reasons()
    athena.client.delete_work_group(WorkGroup=stack.name, RecursiveDeleteOption=True)
    assert stack.delete() == "DELETE_COMPLETE"
