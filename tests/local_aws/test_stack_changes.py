"""Changes of stacks that CloudFormation, or its stand-in here, refuses.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import Aws
from tests.local_aws.test_cloudformation import TABLE, Stack, resource
from tests.local_aws.test_cloudformation import stack as stack

TOPIC = resource("SNS::Topic")


def table(**properties: Any) -> dict[str, Any]:
    return resource("DynamoDB::Table", **{**TABLE, **properties})


def index(name: str) -> dict[str, Any]:
    keys = [{"AttributeName": "id", "KeyType": "HASH"}]
    return {"IndexName": name, "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}


@pytest.mark.parametrize(
    ("value", "exported", "verb"), [("2", "", "updated"), ("1", "other-", "deleted"), ("1", None, "deleted")]
)
def test_an_export_that_is_imported_stays(aws: Aws, stack: Stack, value: str, exported: Any, verb: str) -> None:
    name, importer = f"export-{stack.name}", Stack(aws)

    def outputs(value: str, prefix: Any) -> dict[str, Any]:
        export = {} if prefix is None else {"Export": {"Name": f"{prefix}{name}"}}
        return {"Outputs": {"O": {"Value": value, **export}}}

    assert stack.put({"T": TOPIC}, **outputs("1", "")) == "CREATE_COMPLETE"
    imported = resource("SNS::Topic", DisplayName={"Fn::ImportValue": name})
    assert importer.put({"T": imported}) == "CREATE_COMPLETE"
    changed = resource("SNS::Topic", DisplayName="changed")
    assert stack.put({"T": changed}, update=True, **outputs("1", "")) == "UPDATE_COMPLETE"
    assert stack.put({"T": TOPIC}, update=True, **outputs(value, exported)) == "UPDATE_ROLLBACK_COMPLETE"
    assert f"Export {name} cannot be {verb} as it is in use by {importer.name}" in stack.reasons()
    assert importer.delete() == "DELETE_COMPLETE"
    assert stack.put({"T": TOPIC}, update=True, **outputs(value, exported)) == "UPDATE_COMPLETE"


@pytest.mark.parametrize(
    "changes",
    [
        {
            "KeySchema": [{"AttributeName": "other", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "other", "AttributeType": "S"}],
        },
        {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}]},
    ],
)
def test_a_table_is_not_replaced(aws: Aws, stack: Stack, changes: dict[str, Any]) -> None:
    dynamodb = aws.client("dynamodb")
    assert stack.put({"T": table()}) == "CREATE_COMPLETE"
    name = stack.client.describe_stack_resource(StackName=stack.name, LogicalResourceId="T")
    made = {"TableName": name["StackResourceDetail"]["PhysicalResourceId"]}
    dynamodb.put_item(Item={"id": {"S": "kept"}}, **made)
    assert stack.put({"T": table(**changes)}, update=True) == "UPDATE_ROLLBACK_COMPLETE"
    assert "the local AWS does not replace a table" in stack.reasons()
    assert dynamodb.scan(**made)["Items"] == [{"id": {"S": "kept"}}]
    assert dynamodb.describe_table(**made)["Table"]["AttributeDefinitions"] == TABLE["AttributeDefinitions"]


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ([], ["one", "two"], "UPDATE_ROLLBACK_COMPLETE"),
        (["one", "two"], [], "UPDATE_ROLLBACK_COMPLETE"),
        (["one"], ["two"], "UPDATE_ROLLBACK_COMPLETE"),
        (["one"], ["one", "two"], "UPDATE_COMPLETE"),
    ],
)
def test_one_index_in_an_update(stack: Stack, before: list[str], after: list[str], status: str) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html"""
    assert stack.put({"T": table(GlobalSecondaryIndexes=list(map(index, before)))}) == "CREATE_COMPLETE"
    assert stack.put({"T": table(GlobalSecondaryIndexes=list(map(index, after)))}, update=True) == status
    refused = "Cannot perform more than one GSI creation or deletion in a single update" in stack.reasons()
    assert refused is (status != "UPDATE_COMPLETE")


def test_stack_policies(stack: Stack) -> None:
    policy = json.dumps({"Statement": [{"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "*"}]})
    body, name = json.dumps({"Resources": {"T": TOPIC}}), {"StackName": stack.name}
    refused = r"\(ValidationError\).*the local AWS does not have stack policies"
    with pytest.raises(ClientError, match=refused):
        stack.client.create_stack(TemplateBody=body, StackPolicyBody=policy, **name)
    assert stack.put({"T": TOPIC}) == "CREATE_COMPLETE"
    for given in ("StackPolicyBody", "StackPolicyDuringUpdateBody"):
        with pytest.raises(ClientError, match=refused):
            stack.client.update_stack(TemplateBody=body, **{given: policy}, **name)
    with pytest.raises(ClientError, match=refused):
        stack.client.set_stack_policy(StackPolicyBody=policy, **name)


def test_the_domain_of_a_bucket_on_both_stacks(stack: Stack) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html"""
    outputs = {"O": {"Value": {"Fn::GetAtt": ["B", "DualStackDomainName"]}}}
    assert stack.put({"B": resource("S3::Bucket", BucketName=stack.name)}, Outputs=outputs) == "CREATE_COMPLETE"
    found = stack.client.describe_stacks(StackName=stack.name)["Stacks"][0]["Outputs"][0]["OutputValue"]
    assert found == f"{stack.name}.s3.dualstack.us-east-1.amazonaws.com"
