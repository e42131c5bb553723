"""A stack creates what its template says, the properties included that ministack alone would skip."""

import json
import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import Aws

TABLE = {
    "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}  # fmt: skip


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


class Stack:
    """A stack of one test's own."""

    def __init__(self, aws: Aws) -> None:
        self.client, self.name = aws.client("cloudformation"), f"stack-{uuid.uuid4().hex[:8]}"

    def put(self, resources: dict[str, Any], *, update: bool = False, **request: Any) -> str:
        call = self.client.update_stack if update else self.client.create_stack
        parts = {key: request.pop(key) for key in ("Conditions", "Outputs") if key in request}
        body = json.dumps({"Resources": resources, **parts})
        return self._end_of(call(StackName=self.name, TemplateBody=body, **request)["StackId"])

    def delete(self) -> str:
        stack_id = self.client.describe_stacks(StackName=self.name)["Stacks"][0]["StackId"]
        self.client.delete_stack(StackName=self.name)
        return self._end_of(stack_id)

    def _end_of(self, stack_id: str) -> str:
        deadline = time.monotonic() + 20
        status = "_IN_PROGRESS"
        while status.endswith("_IN_PROGRESS") and time.monotonic() < deadline:
            time.sleep(0.05)
            status = str(self.client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"])
        return status

    def reasons(self) -> str:
        events = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        return " ".join(each.get("ResourceStatusReason", "") for each in events)


@pytest.fixture
def stack(aws: Aws) -> Stack:
    return Stack(aws)


@pytest.mark.parametrize(
    ("resources", "others", "message"),
    [
        ({}, {}, "At least one Resources member must be defined."),
        (
            {"T": resource("SNS::Topic", TopicName={"Ref": "Nope"})},
            {},
            r"resource dependencies \[Nope\] in the Resources",
        ),
        ({"T": resource("SNS::Topic", TopicName={"Fn::GetAtt": ["Nope", "Arn"]})}, {}, r"dependencies \[Nope\]"),
        ({"T": {**resource("SNS::Topic"), "DependsOn": "Nope"}}, {}, r"dependencies \[Nope\] in the Resources block"),
        (
            {"T": {**resource("SNS::Topic"), "Condition": "Nope"}},
            {},
            "condition dependency Nope in the Resources block",
        ),
        ({"T": resource("SNS::Topic")}, {"Conditions": {"C": {"Fn::Not": [{"Condition": "Nope"}]}}}, "dependency Nope"),
        ({"T": resource("SNS::Topic")}, {"Outputs": {"O": {"Value": {"Ref": "Nope"}}}}, "in the Outputs block"),
        (
            {name: {**resource("SNS::Topic"), "DependsOn": other} for name, other in ("AB", "BA")},
            {},
            r"Circular dependency between resources: \[A, B\]",
        ),
        ({"A": resource("SNS::Topic", TopicName={"Ref": "A"})}, {}, r"Circular dependency between resources: \[A\]"),
        (
            {"T": resource("SNS::Topic")},
            {"Parameters": [{"ParameterKey": "x", "ParameterValue": "1"}]},
            r"Parameters: \[x\] do not exist in the template",
        ),
    ],
)
def test_a_template_that_leads_nowhere(stack: Stack, resources: Any, others: Any, message: str) -> None:
    with pytest.raises(ClientError, match=rf"\(ValidationError\).*{message}"):
        stack.put(resources, **others)
    with pytest.raises(ClientError, match="does not exist"):
        stack.client.describe_stacks(StackName=stack.name)


def test_parameters_that_must_have_values(stack: Stack) -> None:
    parameters = {"P": {"Type": "String"}, "Q": {"Type": "String", "Default": "q"}, "R": {"Type": "Number"}}
    body = json.dumps({"Parameters": parameters, "Resources": {"T": resource("SNS::Topic")}})
    asked = {"StackName": stack.name, "TemplateBody": body}
    with pytest.raises(ClientError, match=r"\(ValidationError\).*: Parameters: \[P, R\] must have values$"):
        stack.client.create_stack(**asked)
    given = [{"ParameterKey": "P", "ParameterValue": "p"}]
    with pytest.raises(ClientError, match=r"\(ValidationError\).*: Parameters: \[R\] must have values$"):
        stack.client.create_change_set(**asked, ChangeSetName="c", ChangeSetType="CREATE", Parameters=given)
    stack.client.validate_template(TemplateBody=body)


def test_a_failed_creation_leaves_nothing(aws: Aws, stack: Stack) -> None:
    rule = {"Status": "Enabled", "Nope": 1}
    bucket = resource("S3::Bucket", BucketName=stack.name, LifecycleConfiguration={"Rules": [rule]})
    assert stack.put({"B": bucket}) == "ROLLBACK_COMPLETE"
    assert "Encountered unsupported property Nope" in stack.reasons()
    assert stack.name not in [each["Name"] for each in aws.client("s3").list_buckets()["Buckets"]]
    with pytest.raises(stack.client.exceptions.AlreadyExistsException):
        stack.put({"T": resource("SNS::Topic")})


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"NoSuchThing": 1}, "Encountered unsupported property NoSuchThing"),
        (
            {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7}},
            "but 35",
        ),
    ],
)
def test_properties_that_are_not_applied_fail(stack: Stack, properties: Any, reason: str) -> None:
    assert stack.put({"T": resource("DynamoDB::Table", **TABLE, **properties)}) == "ROLLBACK_COMPLETE"
    assert reason in stack.reasons()


def test_rules_of_a_bucket_as_s3_gives_them_back(aws: Aws, stack: Stack) -> None:
    def rules(*given: dict[str, Any]) -> dict[str, Any]:
        kept = {"LifecycleConfiguration": {"Rules": [{"Status": "Enabled", **each} for each in given]}} if given else {}
        return {"B": resource("S3::Bucket", BucketName=stack.name, **kept)}

    tag = {"Key": "k", "Value": "v"}
    dated = {"ExpirationDate": "2030-01-01T00:00:00Z", "TagFilters": [tag]}
    both = {"ExpirationInDays": 3, "Prefix": "p/", "TagFilters": [tag]}
    assert stack.put(rules(dated, both)) == "CREATE_COMPLETE"
    s3 = aws.client("s3")
    first, second = s3.get_bucket_lifecycle_configuration(Bucket=stack.name)["Rules"]
    assert (first["Filter"], first["Expiration"]["Date"].isoformat()) == ({"Tag": tag}, "2030-01-01T00:00:00+00:00")
    assert {"Prefix": "p/", "Tags": [tag]}.items() <= second["Filter"]["And"].items()
    assert stack.put(rules(), update=True) == "UPDATE_COMPLETE"
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=stack.name)


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
    described = dynamodb.describe_table(TableName=f"p-{tag}-logs")["Table"]["ProvisionedThroughput"]
    assert (described["ReadCapacityUnits"], described["WriteCapacityUnits"]) == (0, 0)


def test_ttl_goes_to_another_attribute_in_two_updates(aws: Aws, stack: Stack) -> None:
    def put(attribute: str, enabled: bool, **other: Any) -> str:
        ttl = {"AttributeName": attribute, "Enabled": enabled}
        table = resource("DynamoDB::Table", TableName=stack.name, **TABLE, TimeToLiveSpecification=ttl)
        return stack.put({"T": table}, update=bool(other.pop("update", True)), **other)

    def attribute() -> str | None:
        found = aws.client("dynamodb").describe_time_to_live(TableName=stack.name)["TimeToLiveDescription"]
        return str(found["AttributeName"]) if found["TimeToLiveStatus"] == "ENABLED" else None

    assert (put("a", True, update=False), attribute()) == ("CREATE_COMPLETE", "a")
    assert (put("b", True), attribute()) == ("UPDATE_ROLLBACK_COMPLETE", "a")
    assert "current AttributeName is a" in stack.reasons()
    assert (put("a", False), attribute()) == ("UPDATE_COMPLETE", None)
    assert (put("b", True), attribute()) == ("UPDATE_COMPLETE", "b")


def test_a_table_of_another_stack_is_not_replaced(aws: Aws, stack: Stack) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html: "already exists"."""
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(TableName=stack.name, **TABLE)
    dynamodb.put_item(TableName=stack.name, Item={"id": {"S": "kept"}})
    assert stack.put({"T": resource("DynamoDB::Table", TableName=stack.name, **TABLE)}) == "ROLLBACK_COMPLETE"
    assert f"'{stack.name}' already exists" in stack.reasons()
    assert dynamodb.scan(TableName=stack.name)["Items"] == [{"id": {"S": "kept"}}]


def test_two_resources_of_one_name(aws: Aws, stack: Stack) -> None:
    table, topic = (resource("DynamoDB::Table", TableName=stack.name, **TABLE) for _ in "ab"), stack.name
    assert stack.put(dict(zip("AB", table, strict=True))) == "ROLLBACK_COMPLETE"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        aws.client("dynamodb").describe_table(TableName=stack.name)
    other = Stack(aws)
    aws.client("sns").create_topic(Name=topic)
    assert other.put({"T": resource("SNS::Topic", TopicName=topic)}) == "ROLLBACK_COMPLETE"
    assert f":{topic}' already exists" in other.reasons()


@pytest.mark.parametrize(
    ("kind", "properties", "reason"),
    [
        ("DynamoDB::Table", {**TABLE, "KeySchema": []}, "keySchema"),
        ("DynamoDB::Table", {**TABLE, "AttributeDefinitions": []}, "id"),
        ("DynamoDB::Table", {**TABLE, "BillingMode": "FOO"}, "Value 'FOO' at 'billingMode'"),
        (
            "Athena::WorkGroup",
            {"Name": "too-little", "WorkGroupConfiguration": {"BytesScannedCutoffPerQuery": 5}},
            "5 is not greater or equal to 10000000",
        ),
        (
            "S3::BucketPolicy",
            {"Bucket": "none", "PolicyDocument": {"Version": "2012-10-17", "Statement": []}},
            "The specified bucket does not exist",
        ),
    ],
)
def test_what_the_service_refuses_fails(stack: Stack, kind: str, properties: Any, reason: str) -> None:
    assert stack.put({"R": resource(kind, **properties)}) == "ROLLBACK_COMPLETE"
    assert reason in stack.reasons()


def test_a_table_with_numbers_from_parameters(aws: Aws, stack: Stack) -> None:
    throughput = {"ReadCapacityUnits": "3", "WriteCapacityUnits": "4"}
    table = {**TABLE, "BillingMode": "PROVISIONED", "ProvisionedThroughput": throughput}
    stream = {"StreamSpecification": {"StreamViewType": "KEYS_ONLY"}, "DeletionProtectionEnabled": "false"}
    assert stack.put({"T": resource("DynamoDB::Table", TableName=stack.name, **table, **stream)}) == "CREATE_COMPLETE"
    found = aws.client("dynamodb").describe_table(TableName=stack.name)["Table"]
    assert found["ProvisionedThroughput"]["WriteCapacityUnits"] == 4
    assert found["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}


def test_what_cannot_be_deleted_keeps_the_stack(aws: Aws, stack: Stack) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html: "Delete stack fails"."""
    s3, dynamodb = aws.client("s3"), aws.client("dynamodb")
    table = resource("DynamoDB::Table", TableName=stack.name, **TABLE, DeletionProtectionEnabled=True)
    assert stack.put({"B": resource("S3::Bucket", BucketName=stack.name), "T": table}) == "CREATE_COMPLETE"
    s3.put_object(Bucket=stack.name, Key="k", Body=b"x")
    assert stack.delete() == "DELETE_FAILED"
    assert "The bucket you tried to delete is not empty" in stack.reasons()
    assert "deletion protection" in stack.reasons()
    assert s3.get_object(Bucket=stack.name, Key="k")["Body"].read() == b"x"
    s3.delete_object(Bucket=stack.name, Key="k")
    dynamodb.update_table(TableName=stack.name, DeletionProtectionEnabled=False)
    assert stack.delete() == "DELETE_COMPLETE"
    assert stack.name not in [each["Name"] for each in s3.list_buckets()["Buckets"]]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        dynamodb.describe_table(TableName=stack.name)


@pytest.mark.parametrize("changed", [{"VersioningConfiguration": {"Status": "Suspended"}}, {}])
def test_versions_of_a_bucket_are_suspended(aws: Aws, stack: Stack, changed: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-versioningconfiguration.html"""

    def status(kept: str) -> str | None:
        found = aws.client("s3").get_bucket_versioning(Bucket=f"{stack.name}-{kept}".lower()).get("Status")
        return found if found is None else str(found)

    def bucket(kept: str, **properties: Any) -> dict[str, Any]:
        return resource("S3::Bucket", BucketName=f"{stack.name}-{kept}".lower(), **properties)

    suspended = bucket("new", VersioningConfiguration={"Status": "Suspended"})
    enabled = bucket("old", VersioningConfiguration={"Status": "Enabled"})
    assert stack.put({"N": suspended, "O": enabled, "P": bucket("plain")}) == "CREATE_COMPLETE"
    assert [status(kept) for kept in ("new", "old", "plain")] == ["Suspended", "Enabled", None]
    assert stack.put({"N": suspended, "O": bucket("old", **changed)}, update=True) == "UPDATE_COMPLETE"
    assert status("old") == "Suspended"
