"""IAM: a call that is answered by our layers is authorised like any other, and a query has its caller's rights."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import ACCOUNT, Athena, Aws

Assume = Callable[[list[dict[str, Any]]], Aws]


@pytest.fixture(scope="module")
def logs(athena: Athena) -> str:
    """A partitioned table with one object in its one partition."""
    athena.s3.put_object(Bucket=athena.bucket, Key="logs/p=1/x.json", Body=b'{"a": "1"}')
    athena.run(
        "CREATE EXTERNAL TABLE logs (a string) PARTITIONED BY (p string) "
        f"ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://{athena.bucket}/logs/'"
    )
    athena.run("MSCK REPAIR TABLE logs")
    athena.run(f"CREATE EXTERNAL TABLE other (a string) LOCATION 's3://{athena.bucket}/other/'")
    return "logs"


def statements(athena: Athena, without: str = "", resource: str = "") -> list[dict[str, Any]]:
    """The least that a query on `logs` needs, less one action or one Glue resource."""
    glue = f"arn:aws:glue:us-east-1:{ACCOUNT}:"
    wanted: list[tuple[list[str], list[str]]] = [
        (
            [
                "athena:StartQueryExecution",
                "athena:GetQueryExecution",
                "athena:GetQueryResults",
                "athena:StopQueryExecution",
            ],
            [f"arn:aws:athena:us-east-1:{ACCOUNT}:workgroup/primary"],
        ),
        (
            ["glue:GetTable", "glue:GetPartitions", "glue:GetPartition", "glue:UpdatePartition"],
            [
                f"{glue}{each}"
                for each in ("catalog", f"database/{athena.database}", f"table/{athena.database}/logs")
                if each.partition("/")[0] != resource
            ],
        ),
        (["s3:GetObject"], [f"arn:aws:s3:::{athena.bucket}/logs/*", f"arn:aws:s3:::{athena.bucket}/results/*"]),
        (["s3:PutObject"], [f"arn:aws:s3:::{athena.bucket}/results/*"]),
        (["s3:ListBucket"], [f"arn:aws:s3:::{athena.bucket}"]),
        (["s3:GetBucketLocation"], [f"arn:aws:s3:::{athena.bucket}"]),
    ]
    return [
        {"Effect": "Allow", "Action": kept, "Resource": resources}
        for actions, resources in wanted
        if (kept := [action for action in actions if action != without])
    ]


def as_role(athena: Athena, role: Aws) -> Athena:
    return Athena(role, athena.bucket, athena.database)


def test_the_least_privileges_suffice(athena: Athena, logs: str, assume: Assume) -> None:
    mine = as_role(athena, assume(statements(athena)))
    assert mine.run("SELECT a FROM logs WHERE p = '1'").rows == [["1"]]
    found = mine.glue.get_partition(DatabaseName=athena.database, TableName=logs, PartitionValues=["1"])["Partition"]
    mine.glue.update_partition(
        DatabaseName=athena.database, TableName=logs, PartitionValueList=["1"],
        PartitionInput={"Values": ["1"], "StorageDescriptor": found["StorageDescriptor"]},
    )  # fmt: skip
    assert "not authorized to perform: glue:GetTable" in mine.fails("SELECT * FROM other")


@pytest.mark.parametrize("action", ["athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults"])
def test_athenas_calls_are_denied(athena: Athena, logs: str, assume: Assume, action: str) -> None:
    mine = as_role(athena, assume(statements(athena, without=action)))
    with pytest.raises(ClientError, match=f"not authorized to perform: {action}") as error:
        mine.run("SELECT a FROM logs")
    assert error.value.response["Error"]["Code"] == "AccessDeniedException"


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ("glue:GetTable", "Insufficient permissions to execute the query."),
        ("glue:GetPartitions", "Insufficient permissions to execute the query."),
        ("s3:ListBucket", "PERMISSION_DENIED: Permission denied on S3 path"),
        ("s3:GetObject", "PERMISSION_DENIED: Permission denied on S3 path"),
        ("s3:PutObject", "Access denied when writing output to url"),
    ],
)
def test_a_query_fails_without_its_callers_rights(
    athena: Athena, logs: str, assume: Assume, action: str, reason: str
) -> None:
    assert as_role(athena, assume(statements(athena, without=action))).fails("SELECT a FROM logs").startswith(reason)


def test_the_results_bucket_is_looked_up_with_its_callers_rights(athena: Athena, logs: str, assume: Assume) -> None:
    mine = as_role(athena, assume(statements(athena, without="s3:GetBucketLocation")))
    with pytest.raises(ClientError, match=f"Unable to verify/create output bucket {athena.bucket}"):
        mine.ask("SELECT 1")


@pytest.mark.parametrize("resource", ["catalog", "database", "table"])
def test_glue_asks_for_catalog_database_and_table(athena: Athena, logs: str, assume: Assume, resource: str) -> None:
    mine = as_role(athena, assume(statements(athena, resource=resource)))
    with pytest.raises(ClientError, match="AccessDeniedException"):
        mine.glue.get_table(DatabaseName=athena.database, Name=logs)


def test_update_partition_is_denied(athena: Athena, logs: str, assume: Assume) -> None:
    mine = as_role(athena, assume(statements(athena, without="glue:UpdatePartition")))
    with pytest.raises(ClientError, match="not authorized to perform: glue:UpdatePartition"):
        mine.glue.update_partition(
            DatabaseName=athena.database, TableName=logs, PartitionValueList=["1"], PartitionInput={"Values": ["1"]}
        )


def test_ddl_is_denied_in_the_opaque_words(athena: Athena, logs: str, assume: Assume) -> None:
    mine = as_role(athena, assume(statements(athena)))
    reason = "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. null"
    assert mine.fails("ALTER TABLE logs ADD PARTITION (p = '2')") == reason


def test_another_workgroup_is_denied(athena: Athena, aws: Aws, logs: str, assume: Assume) -> None:
    aws.client("athena").create_work_group(Name="theirs")
    theirs = athena.run("SELECT 1", WorkGroup="theirs").execution["QueryExecutionId"]
    mine = as_role(athena, assume(statements(athena)))
    with pytest.raises(ClientError, match="not authorized to perform: athena:GetQueryExecution"):
        mine.client.get_query_execution(QueryExecutionId=theirs)
    with pytest.raises(ClientError, match="not authorized to perform: athena:StartQueryExecution"):
        mine.ask("SELECT 1", WorkGroup="theirs")


@pytest.mark.parametrize(
    ("action", "key", "reason"),
    [
        ("s3:GetObject", "logs/*", "PERMISSION_DENIED"),
        ("s3:PutObject", "results/*", "Access denied when writing output"),
    ],
)
def test_a_bucket_policy_denies_a_query(
    athena: Athena, logs: str, assume: Assume, action: str, key: str, reason: str
) -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": f"arn:aws:s3:::{athena.bucket}/{key}"}
    policy = {"Version": "2012-10-17", "Statement": [deny]}
    athena.s3.put_bucket_policy(Bucket=athena.bucket, Policy=json.dumps(policy))
    try:
        assert as_role(athena, assume(statements(athena))).fails("SELECT a FROM logs").startswith(reason)
    finally:
        athena.s3.delete_bucket_policy(Bucket=athena.bucket)


def test_loopback_counts_as_tls(athena: Athena, logs: str, assume: Assume) -> None:
    """A bucket policy that denies plain HTTP, as the stack's does, must not deny the tests."""
    bucket = f"arn:aws:s3:::{athena.bucket}"
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket, f"{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    athena.s3.put_bucket_policy(Bucket=athena.bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    try:
        assert as_role(athena, assume(statements(athena))).run("SELECT a FROM logs").rows == [["1"]]
    finally:
        athena.s3.delete_bucket_policy(Bucket=athena.bucket)


def test_a_bucket_policy_denies_the_administrator_too(aws: Aws, bucket: str) -> None:
    """All but the policy itself: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html"""
    s3, arn = aws.client("s3"), f"arn:aws:s3:::{bucket}"
    s3.put_object(Bucket=bucket, Key="denied", Body=b"x")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/denied"]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    try:
        for call in (s3.get_object, s3.head_object, s3.delete_object):
            with pytest.raises(ClientError, match=r"AccessDenied|Forbidden"):
                call(Bucket=bucket, Key="denied")
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.list_objects_v2(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="allowed", Body=b"x")
        assert "denied" in s3.get_bucket_policy(Bucket=bucket)["Policy"]
        s3.put_bucket_policy(
            Bucket=bucket,
            Policy=json.dumps({"Statement": [{**deny, "Condition": {"StringEquals": {"s3:prefix": "p"}}}]}),
        )
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.list_objects_v2(Bucket=bucket, Prefix="p")
        assert s3.get_object(Bucket=bucket, Key="denied")["Body"].read() == b"x"
    finally:
        s3.delete_bucket_policy(Bucket=bucket)


def test_tags_of_a_new_object_need_an_action_of_their_own(aws: Aws, bucket: str, assume: Assume) -> None:
    def writer(*actions: str) -> Any:
        allowed = {"Effect": "Allow", "Action": list(actions), "Resource": f"arn:aws:s3:::{bucket}/*"}
        return assume([allowed]).client("s3")

    with pytest.raises(ClientError, match="AccessDenied"):
        writer("s3:PutObject").put_object(Bucket=bucket, Key="tagged", Body=b"", Tagging="a=1")
    writer("s3:PutObject").put_object(Bucket=bucket, Key="tagged", Body=b"")
    writer("s3:PutObject", "s3:PutObjectTagging").put_object(Bucket=bucket, Key="tagged", Body=b"", Tagging="a=1")
