"""The tags that CloudFormation gives, and what a stack that was rolled back imports.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListImports.html
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import Aws
from tests.local_aws.test_cloudformation import Stack, resource
from tests.local_aws.test_cloudformation import stack as stack


def tags_of(aws: Aws, stack: Stack) -> tuple[str, dict[str, str]]:
    found = stack.client.describe_stack_resource(StackName=stack.name, LogicalResourceId="B")
    name = str(found["StackResourceDetail"]["PhysicalResourceId"])
    return name, {each["Key"]: each["Value"] for each in aws.client("s3").get_bucket_tagging(Bucket=name)["TagSet"]}


def test_the_tags_of_a_stack_reach_its_buckets(aws: Aws, stack: Stack) -> None:
    own = resource("S3::Bucket", Tags=[{"Key": "own", "Value": "1"}, {"Key": "both", "Value": "bucket"}])
    tags = [{"Key": "team", "Value": "x"}, {"Key": "both", "Value": "stack"}]
    assert stack.put({"B": own}, Tags=tags) == "CREATE_COMPLETE"
    stack_id = stack.client.describe_stacks(StackName=stack.name)["Stacks"][0]["StackId"]
    of_aws = {
        "aws:cloudformation:stack-name": stack.name, "aws:cloudformation:stack-id": stack_id,
        "aws:cloudformation:logical-id": "B",
    }  # fmt: skip
    name, found = tags_of(aws, stack)
    assert found == {"own": "1", "both": "bucket", "team": "x", **of_aws}
    assert stack.put({"B": resource("S3::Bucket")}, update=True, Tags=[tags[0]]) == "UPDATE_COMPLETE"
    assert tags_of(aws, stack) == (name, {"team": "x", **of_aws})


def test_tags_of_cloudformation_stay(aws: Aws, stack: Stack) -> None:
    s3: Any = aws.client("s3")
    assert stack.put({"B": resource("S3::Bucket")}) == "CREATE_COMPLETE"
    name, of_aws = tags_of(aws, stack)
    with pytest.raises(ClientError, match=r"InvalidTag.*System tags cannot be removed by requester"):
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    kept = [{"Key": key, "Value": value} for key, value in of_aws.items()]
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "a", "Value": "1"}, *kept]})
    assert tags_of(aws, stack) == (name, {"a": "1", **of_aws})
    changed = [{**kept[0], "Value": "other"}, *kept[1:]]
    with pytest.raises(ClientError, match="InvalidTag"):
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": changed})
    s3.delete_bucket_tagging(Bucket=name)
    assert tags_of(aws, stack) == (name, of_aws)


def test_a_stack_that_was_rolled_back_imports_nothing(aws: Aws, stack: Stack) -> None:
    export = f"export-{stack.name}"
    outputs = {"O": {"Value": "1", "Export": {"Name": export}}}
    assert stack.put({"T": resource("SNS::Topic")}, Outputs=outputs) == "CREATE_COMPLETE"
    importer = Stack(aws)
    resources = {
        "T": resource("SNS::Topic", DisplayName={"Fn::ImportValue": export}),
        "U": {**resource("SNS::Topic", TopicName="not a name!"), "DependsOn": "T"},
    }
    assert importer.put(resources) == "ROLLBACK_COMPLETE"
    with pytest.raises(ClientError, match="is not imported by any stack"):
        stack.client.list_imports(ExportName=export)
    assert stack.delete() == "DELETE_COMPLETE"
