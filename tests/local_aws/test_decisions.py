"""The record of decisions: what the caller asked for itself, and what Athena asked for on its behalf."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import ACCOUNT, Athena, Aws

Assume = Callable[[list[dict[str, Any]]], Aws]
PATH = "/_local_aws/decisions"


def begin(aws: Aws) -> None:
    urllib.request.urlopen(urllib.request.Request(aws.url + PATH, method="PUT")).close()  # noqa: S310


def recorded(aws: Aws, first: int = 0) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{aws.url}{PATH}?from={first}") as answer:  # noqa: S310
        return [json.loads(line) for line in answer.read().splitlines()]


def test_own_calls_and_athenas_are_told_apart(athena: Athena, aws: Aws, assume: Assume) -> None:
    athena.s3.put_object(Bucket=athena.bucket, Key="data/x.json", Body=b'{"a": "1"}')
    athena.run(f"CREATE EXTERNAL TABLE data (a string) LOCATION 's3://{athena.bucket}/data/'")
    glue = f"arn:aws:glue:us-east-1:{ACCOUNT}:"
    table = f"{glue}table/{athena.database}/data"
    role = assume(
        [
            {
                "Sid": "Query",
                "Effect": "Allow",
                "Action": ["athena:StartQueryExecution", "athena:GetQueryExecution"],
                "Resource": f"arn:aws:athena:us-east-1:{ACCOUNT}:workgroup/primary",
            },
            {
                "Sid": "Catalog",
                "Effect": "Allow",
                "Action": "glue:GetTable",
                "Resource": [f"{glue}catalog", f"{glue}database/{athena.database}", table],
            },
            {
                "Sid": "List",
                "Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
                "Resource": f"arn:aws:s3:::{athena.bucket}",
            },
        ]
    )
    begin(aws)
    reason = Athena(role, athena.bucket, athena.database).fails("SELECT a FROM data")
    assert "Permission denied on S3 path" in reason
    found = recorded(aws)
    assert {one["caller"].split("/")[0] for one in found} == {f"arn:aws:sts::{ACCOUNT}:assumed-role"}
    said = [(one["action"], one["by"], one["statement"], one["allowed"]) for one in found]
    assert said[0] == ("athena:StartQueryExecution", "", "Query", True)
    assert ("glue:GetTable", "athena.amazonaws.com", "Catalog", True) in said
    assert ("s3:GetObject", "athena.amazonaws.com", "", False) in said
    assert {one["resource"] for one in found if one["action"] == "glue:GetTable"} == {
        f"{glue}catalog",
        f"{glue}database/{athena.database}",
        table,
    }
    assert recorded(aws, len(found)) == []


def test_a_new_record_is_empty_and_holds_no_administrator(aws: Aws) -> None:
    begin(aws)
    aws.client("s3").list_buckets()
    assert recorded(aws) == []


@pytest.mark.parametrize("verified", ["reports@example.com", "example.com"])
def test_a_mail_is_authorised_on_the_verified_identity(aws: Aws, assume: Assume, verified: str) -> None:
    ses = aws.client("ses")
    for each in ses.list_identities()["Identities"]:
        ses.delete_identity(Identity=each)
    verify = ses.verify_email_identity if "@" in verified else ses.verify_domain_identity
    verify(**({"EmailAddress": verified} if "@" in verified else {"Domain": verified}))
    ses.verify_email_identity(EmailAddress="a@example.org")
    mail = {"RawMessage": {"Data": b"From: Reports <reports@example.com>\r\nTo: a@example.org\r\n\r\nhello"}}

    def may_send(identity: str) -> None:
        resource = f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/{identity}"
        role = assume([{"Effect": "Allow", "Action": "ses:SendRawEmail", "Resource": resource}])
        role.client("ses").send_raw_email(**mail)

    may_send(verified)
    with pytest.raises(ClientError, match="not authorized to perform"):
        may_send("example.org")


def test_metrics_are_authorised_by_their_namespace(aws: Aws, assume: Assume) -> None:
    statement = {"Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*"}
    only_ours = {"Condition": {"StringEquals": {"cloudwatch:namespace": "ttl-archive/dev"}}}
    cloudwatch = assume([{**statement, **only_ours}]).client("cloudwatch")
    data = [{"MetricName": "EveryMonthPublished", "Value": 1}]
    cloudwatch.put_metric_data(Namespace="ttl-archive/dev", MetricData=data)
    with pytest.raises(ClientError, match="not authorized to perform: cloudwatch:PutMetricData"):
        cloudwatch.put_metric_data(Namespace="ttl-archive/prd", MetricData=data)
    metrics = aws.client("cloudwatch").list_metrics(Namespace="ttl-archive/dev")["Metrics"]
    assert [one["MetricName"] for one in metrics] == ["EveryMonthPublished"]
