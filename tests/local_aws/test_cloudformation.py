"""A stack creates what its template says, the properties included that ministack alone would skip."""

import json
import uuid
from typing import Any

from tests.local_aws.harness import Aws


def test_properties_of_tables_and_buckets_are_applied(aws: Aws) -> None:
    tag = uuid.uuid4().hex[:8]
    table = {
        "TableName": {"Fn::Sub": "${Prefix}-logs"}, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "TimeToLiveSpecification": {"AttributeName": "expiresAt", "Enabled": True},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    }  # fmt: skip
    bucket = {
        "BucketName": {"Fn::Sub": "${Prefix}-archive"}, "VersioningConfiguration": {"Status": "Enabled"},
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},  # noqa: E501
        "PublicAccessBlockConfiguration": dict.fromkeys(["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"], True),  # noqa: E501
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "LifecycleConfiguration": {"Rules": [
            {"Id": "cold", "Status": "Enabled", "Prefix": "logs/", "Transitions": [{"StorageClass": "GLACIER_IR", "TransitionInDays": 30}]},  # noqa: E501
            {"Id": "abandoned", "Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}, "NoncurrentVersionExpiration": {"NoncurrentDays": 30}},  # noqa: E501
        ]},
    }  # fmt: skip
    template: dict[str, Any] = {
        "Parameters": {"Prefix": {"Type": "String"}},
        "Resources": {
            "T": {"Type": "AWS::DynamoDB::Table", "Properties": table},
            "B": {"Type": "AWS::S3::Bucket", "Properties": bucket},
            "Q": {
                "Type": "AWS::Athena::NamedQuery",
                "Properties": {"Name": f"q-{tag}", "Database": "default", "QueryString": "SELECT 1"},
            },
        },
    }
    stacks, name = aws.client("cloudformation"), f"stack-{tag}"
    parameters = [{"ParameterKey": "Prefix", "ParameterValue": f"p-{tag}"}]
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template), Parameters=parameters)
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    query_id = stacks.describe_stack_resource(StackName=name, LogicalResourceId="Q")["StackResourceDetail"][
        "PhysicalResourceId"
    ]
    named = aws.client("athena").get_named_query(NamedQueryId=query_id)["NamedQuery"]
    assert (named["Name"], named["QueryString"]) == (f"q-{tag}", "SELECT 1")
    dynamodb, s3 = aws.client("dynamodb"), aws.client("s3")
    ttl = dynamodb.describe_time_to_live(TableName=f"p-{tag}-logs")["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"}
    backups = dynamodb.describe_continuous_backups(TableName=f"p-{tag}-logs")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    archive = f"p-{tag}-archive"
    rules = s3.get_bucket_lifecycle_configuration(Bucket=archive)["Rules"]
    assert [(rule["ID"], rule.get("Transitions")) for rule in rules] == [
        ("cold", [{"Days": 30, "StorageClass": "GLACIER_IR"}]),
        ("abandoned", None),
    ]
    assert rules[1]["NoncurrentVersionExpiration"]["NoncurrentDays"] == 30
    encryption = s3.get_bucket_encryption(Bucket=archive)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert (
        s3.get_bucket_ownership_controls(Bucket=archive)["OwnershipControls"]["Rules"][0]["ObjectOwnership"]
        == "BucketOwnerEnforced"
    )
    table["TimeToLiveSpecification"] = {"AttributeName": "other", "Enabled": True}
    stacks.update_stack(StackName=name, TemplateBody=json.dumps(template), Parameters=parameters)
    stacks.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    assert (
        dynamodb.describe_time_to_live(TableName=f"p-{tag}-logs")["TimeToLiveDescription"]["AttributeName"] == "other"
    )
