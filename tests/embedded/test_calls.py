"""API calls that the embedded IAM denies, and operators that make them: errors of our tree that name the action."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import RetryAction
from botocore.exceptions import ClientError

from tests.local_aws.harness import Athena, Aws
from ttl_archive import queries
from ttl_archive.errors import CallDenied, CallRejected
from ttl_archive.operators.athena import AthenaFileOperator
from ttl_archive.operators.export_segment import ExportSegmentOperator
from ttl_archive.operators.retries import retry_policy
from ttl_archive.translation import translate

Assume = Callable[[list[dict[str, Any]]], Aws]

NOTHING = [{"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}]


@pytest.fixture
def nobody(assume: Assume) -> Aws:
    return assume(NOTHING)


@pytest.mark.parametrize(
    ("service", "call", "action"),
    [
        ("dynamodb", lambda aws, name: aws.scan(TableName="no-such-table"), "dynamodb:Scan"),
        ("dynamodb", lambda aws, name: aws.describe_table(TableName="no-such-table"), "dynamodb:DescribeTable"),
        ("s3", lambda aws, name: aws.get_object(Bucket=name, Key="k"), "s3:GetObject"),
        ("s3", lambda aws, name: aws.head_object(Bucket=name, Key="k"), "s3:GetObject"),
        ("s3", lambda aws, name: aws.put_object(Bucket=name, Key="k", Body=b""), "s3:PutObject"),
        ("s3", lambda aws, name: aws.list_objects_v2(Bucket=name), "s3:ListBucket"),
        ("glue", lambda aws, name: aws.get_table(DatabaseName="d", Name="t"), "glue:GetTable"),
        ("glue", lambda aws, name: aws.get_partition(DatabaseName="d", TableName="t", PartitionValues=["1"]),
         "glue:GetPartition"),
        ("athena", lambda aws, name: aws.get_work_group(WorkGroup="primary"), "athena:GetWorkGroup"),
    ],
)  # fmt: skip
def test_a_denied_call_names_its_action(
    nobody: Aws, bucket: str, service: str, call: Callable[[Any, str], Any], action: str
) -> None:
    with pytest.raises(ClientError) as raised:
        call(nobody.client(service), bucket)
    meant = translate(raised.value)
    assert isinstance(meant, CallDenied)
    assert f"the pipeline role lacks {action}" in meant.next_step
    assert retry_policy.evaluate(raised.value, 1, 3).action is RetryAction.FAIL


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Callable[[Aws], None]:
    """Make Airflow's connection that of a role."""

    def use(aws: Aws) -> None:
        key, secret, token = aws.credentials
        extra = {"endpoint_url": aws.url, "region_name": "us-east-1", "aws_session_token": token}
        given = {"conn_type": "aws", "login": key, "password": secret, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(given))

    return use


def test_the_export_that_may_not_scan(connection: Callable[[Aws], None], nobody: Aws, bucket: str) -> None:
    connection(nobody)
    operator = ExportSegmentOperator(
        task_id="export_segment", dynamodb_table_name="t", s3_bucket_name=bucket, s3_key_prefix="x/"
    )
    context: Any = {"ti": SimpleNamespace(try_number=1)}
    with pytest.raises(CallDenied, match=r"the pipeline role lacks (dynamodb|s3):\w+") as raised:
        operator.execute(context)
    assert isinstance(raised.value.__cause__, ClientError)


def query(athena: Athena, **changes: Any) -> AthenaFileOperator:
    arguments: dict[str, Any] = {
        "query": "SELECT 1",
        "sql_variables": {},
        "database": athena.database,
        "output_location": f"s3://{athena.bucket}/results/",
        "workgroup": "primary",
    }
    return AthenaFileOperator(task_id="run_section", **{**arguments, **changes})


def test_the_query_that_may_not_start(connection: Callable[[Aws], None], nobody: Aws, athena: Athena) -> None:
    connection(nobody)
    with pytest.raises(CallDenied, match="the pipeline role lacks athena:StartQueryExecution") as raised:
        query(athena).execute({})  # type: ignore[typeddict-item]
    assert "statement: SELECT 1" in str(raised.value)


def test_the_query_whose_workgroup_is_gone(connection: Callable[[Aws], None], aws: Aws, athena: Athena) -> None:
    connection(aws)
    with pytest.raises(CallRejected, match="InvalidRequestException"):
        query(athena, workgroup="nosuch").execute({})  # type: ignore[typeddict-item]


def test_a_query_that_athena_has_forgotten_is_told_apart(athena: Athena) -> None:
    """A skipped task keeps the id of an earlier try, and Athena forgets a query after 45 days."""
    answer = athena.ask("SELECT 1")
    assert queries.is_known(athena.client, answer.execution["QueryExecutionId"])
    assert not queries.is_known(athena.client, "00000000-0000-4000-8000-000000000000")
