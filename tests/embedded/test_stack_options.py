"""The stack's options on the embedded AWS: a key, the alarm, the sample table; and without them as before."""

from __future__ import annotations

import gzip
import json
import shutil
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY
from tests.embedded.test_report_mail_policy import deploy
from tests.local_aws.harness import ACCOUNT, Aws
from ttl_archive.errors import CallDenied
from ttl_archive.operators.export_segment import ExportSegmentOperator

KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_days = count(31)
NONE = ("KmsKeyArn=", "WithAlarm=false", "WithPointInTimeExport=false", "WithSampleTable=false")


@pytest.fixture
def include(tmp_path: Path) -> Path:
    shutil.copytree(REPOSITORY / "include", tmp_path / "include")
    return tmp_path / "include"


def with_parameters(aws: Aws, include: Path, *parameters: str) -> str:
    """Deploy with parameters; the role's ARN.

    A change of nothing but a condition is no change to ministack 1.5.33, so something else changes each time. Drop that
    once its change sets look at conditions.
    """
    another = f"ResultsExpireDays={next(_days)}"
    return deploy(aws, include, *(each for one in (*parameters, another) for each in ("--parameter", one)))


def encryption(aws: Aws) -> list[Any]:
    s3, found = aws.client("s3"), []
    for name in ("archive", "results"):
        answer = s3.get_bucket_encryption(Bucket=f"ttl-archive-dev-{ACCOUNT}-{name}")
        (rule,) = answer["ServerSideEncryptionConfiguration"]["Rules"]
        found.append(rule["ApplyServerSideEncryptionByDefault"])
    return found


def policies(aws: Aws, role: str) -> set[str]:
    return set(aws.client("iam").list_role_policies(RoleName=role.rpartition("/")[2])["PolicyNames"])


def test_a_key_comes_and_goes(aws: Aws, include: Path) -> None:
    role = with_parameters(aws, include, *NONE)
    assert encryption(aws) == [{"SSEAlgorithm": "AES256"}] * 2
    assert "key" not in policies(aws, role)

    with_parameters(aws, include, f"KmsKeyArn={KEY}")
    assert encryption(aws) == [{"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}] * 2
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:ttl-archive-dev-reports"
    assert aws.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["KmsMasterKeyId"] == KEY
    workgroup = aws.client("athena").get_work_group(WorkGroup="ttl-archive-dev")["WorkGroup"]
    results = workgroup["Configuration"]["ResultConfiguration"]["EncryptionConfiguration"]
    assert results == {"EncryptionOption": "SSE_KMS", "KmsKey": KEY}
    assert "key" in policies(aws, role)

    with_parameters(aws, include, *NONE)
    assert encryption(aws) == [{"SSEAlgorithm": "AES256"}] * 2
    assert "key" not in policies(aws, role)


def test_the_alarm_misses_the_metric(aws: Aws, include: Path) -> None:
    role = with_parameters(aws, include, *NONE, "WithAlarm=true")
    (alarm,) = aws.client("cloudwatch").describe_alarms(AlarmNames=["ttl-archive-dev-unpublished-month"])[
        "MetricAlarms"
    ]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("ttl-archive/dev", "EveryMonthPublished")
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (3600, 30, "breaching")
    assert "alarm-metric" in policies(aws, role)
    with_parameters(aws, include, *NONE)
    assert "alarm-metric" not in policies(aws, role)


def test_the_role_may_export_to_a_point_in_time_where_the_stack_says_so(
    aws: Aws, include: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = with_parameters(aws, include, *NONE, "TableNamePrefix=export-")
    dynamodb, s3 = aws.client("dynamodb"), aws.client("s3")
    dynamodb.create_table(
        TableName="export-usage-logs",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    dynamodb.update_continuous_backups(
        TableName="export-usage-logs", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    dynamodb.put_item(TableName="export-usage-logs", Item={"id": {"S": "1"}, "n": {"N": "9007199254740993"}})
    extra = {
        "region_name": "us-east-1",
        "role_arn": role,
        "endpoint_url": aws.url,
        "service_config": {"sts": {"endpoint_url": aws.url}},
    }
    connection = {"conn_type": "aws", "login": "local", "password": "local", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_EXPORTER", json.dumps(connection))
    prefix = "_staging/usage_logs/by-export/"
    task = ExportSegmentOperator(
        task_id="export",
        source_aws_conn_id="exporter",
        dynamodb_table_name="export-usage-logs",
        s3_bucket_name=f"ttl-archive-dev-{ACCOUNT}-archive",
        s3_key_prefix=prefix,
        file_size=1000,
        point_in_time_export=True,
        check_interval=1,
    )
    with pytest.raises(CallDenied, match="dynamodb:ExportTableToPointInTime"):
        task.execute({})

    with_parameters(aws, include, "WithPointInTimeExport=true", "TableNamePrefix=export-")
    task.execute({})
    listed = s3.list_objects_v2(Bucket=task.s3_bucket_name, Prefix=prefix)["Contents"]
    data = [one["Key"] for one in listed if "/data/" in one["Key"]]
    bodies = [s3.get_object(Bucket=task.s3_bucket_name, Key=key)["Body"].read() for key in data]
    (line,) = b"".join(map(gzip.decompress, bodies)).splitlines()
    assert json.loads(line) == {"Item": {"id": {"S": "1"}, "n": {"N": "9007199254740993"}}}

    with_parameters(aws, include, *NONE, "TableNamePrefix=dev-")
    assert "point-in-time-export" not in policies(aws, role)
    dynamodb.delete_table(TableName="export-usage-logs")


def test_the_sample_table_has_ttl(aws: Aws, include: Path) -> None:
    with_parameters(aws, include, *NONE, "WithSampleTable=true", "TableNamePrefix=sample-")
    dynamodb = aws.client("dynamodb")
    ttl = dynamodb.describe_time_to_live(TableName="sample-usage-logs")["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "expiresAt")
    assert aws.client("glue").get_database(Name="usage_archive")["Database"]["Name"] == "usage_archive"
    with_parameters(aws, include, *NONE, "TableNamePrefix=dev-")
    assert "sample-usage-logs" not in dynamodb.list_tables()["TableNames"]
