"""A query that lacks one thing, on the embedded AWS with IAM enforced: the message names it, and what mends it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import ACCOUNT, Athena, Aws
from ttl_archive import errors, queries
from ttl_archive.probes import probe, tables

Assume = Callable[[list[dict[str, Any]]], Aws]

SELECT = "SELECT a FROM logs WHERE p = '1'"


@pytest.fixture(scope="module")
def logs(athena: Athena) -> str:
    """A partitioned table with one object in its one partition, and another one."""
    athena.s3.put_object(Bucket=athena.bucket, Key="logs/p=1/x.json", Body=b'{"a": "1"}')
    for name, partitioned in (("logs", "PARTITIONED BY (p string) "), ("other", "")):
        athena.run(
            f"CREATE EXTERNAL TABLE {name} (a string) {partitioned}"
            f"ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://{athena.bucket}/{name}/'"
        )
    athena.run("MSCK REPAIR TABLE logs")
    return "logs"


def statements(athena: Athena, without: str = "") -> list[dict[str, Any]]:
    """What reading, altering and diagnosing `logs` needs, less one action."""
    glue = f"arn:aws:glue:us-east-1:{ACCOUNT}:"
    bucket = f"arn:aws:s3:::{athena.bucket}"
    wanted = [
        (
            ["athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults", "athena:GetWorkGroup"],
            [f"arn:aws:athena:us-east-1:{ACCOUNT}:workgroup/primary"],
        ),
        (
            ["glue:GetDatabase", "glue:GetTable", "glue:GetPartitions", "glue:BatchCreatePartition"],
            [
                f"{glue}{each}"
                for each in (
                    "catalog",
                    "database/default",
                    f"database/{athena.database}",
                    f"table/{athena.database}/logs*",
                )
            ],
        ),
        (["s3:GetObject"], [f"{bucket}/logs/*"]),
        (["s3:PutObject"], [f"{bucket}/results/*"]),
        (["s3:ListBucket", "s3:GetBucketLocation"], [bucket]),
    ]
    read_results = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{bucket}/results/*"}
    return [
        {"Effect": "Allow", "Action": kept, "Resource": resources}
        for actions, resources in wanted
        if (kept := [action for action in actions if action != without])
    ] + [read_results]


def failed(athena: Athena, role: Aws, statement: str) -> errors.QueryFailed:
    """The error for a statement that fails under a role."""
    mine = Athena(role, athena.bucket, athena.database)
    answer = mine.ask(statement)
    assert answer.state == "FAILED", answer.rows
    return queries.failure(mine.client, answer.execution["QueryExecutionId"], "run_section", role.client)


def test_the_role_itself_suffices(athena: Athena, logs: str, assume: Assume) -> None:
    mine = Athena(assume(statements(athena)), athena.bucket, athena.database)
    assert mine.ask(SELECT).state == "SUCCEEDED"


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("glue:GetTable", "arn:aws:glue:us-east-1:{account}:table/{database}/logs"),
        ("glue:GetPartitions", "arn:aws:glue:us-east-1:{account}:table/{database}/logs"),
        ("s3:ListBucket", "arn:aws:s3:::{bucket}"),
        ("s3:GetObject", "arn:aws:s3:::{bucket}/logs/"),
        ("s3:PutObject", "arn:aws:s3:::{bucket}/results/"),
    ],
)
def test_the_missing_action_is_named_with_what_grants_it(
    athena: Athena, logs: str, assume: Assume, action: str, resource: str
) -> None:
    error = failed(athena, assume(statements(athena, without=action)), SELECT)
    assert type(error) is errors.QueryDenied
    where = resource.format(account=ACCOUNT, database=athena.database, bucket=athena.bucket)
    assert f"the pipeline role lacks {action} on {where}" in error.next_step
    granted = json.loads(error.next_step.partition("policy: ")[2])
    assert granted["Action"] == action
    assert where in str(granted["Resource"])
    # The statement that the message gives is all that was missing.
    mended = [*statements(athena, without=action), granted]
    assert Athena(assume(mended), athena.bucket, athena.database).ask(SELECT).state == "SUCCEEDED"


def test_an_opaque_ddl_failure_names_the_missing_action(athena: Athena, logs: str, assume: Assume) -> None:
    role = assume(statements(athena, without="glue:BatchCreatePartition"))
    error = failed(athena, role, "ALTER TABLE logs ADD PARTITION (p = '2')")
    assert "DDLTask. null" in str(error)
    assert type(error) is errors.QueryDenied
    assert "the pipeline role lacks glue:BatchCreatePartition on" in error.next_step
    assert f"table/{athena.database}/logs" in error.next_step


def test_what_cannot_be_tried_is_told_as_such(athena: Athena, logs: str, assume: Assume) -> None:
    """glue:CreateTable: trying it would create a table."""
    error = failed(
        athena,
        assume(statements(athena)),
        f"CREATE EXTERNAL TABLE logs2 (a string) LOCATION 's3://{athena.bucket}/logs/'",
    )
    assert any("probe glue:CreateTable" in line and "not tried" in line for line in error.evidence)
    assert "else the pipeline role lacks glue:CreateTable on" in error.next_step
    assert "logs2" in str(error)


def test_a_table_that_is_gone_is_told_from_one_that_is_hidden(
    athena: Athena, logs: str, assume: Assume, aws: Aws
) -> None:
    gone = failed(athena, aws, "SELECT a FROM nosuch")
    assert type(gone) is errors.QueryRejected
    assert f"table/{athena.database}/nosuch doesn't exist" in gone.next_step
    hidden = failed(athena, assume(statements(athena)), "SELECT a FROM other")
    assert type(hidden) is errors.QueryDenied
    assert f"glue:GetTable on arn:aws:glue:us-east-1:{ACCOUNT}:table/{athena.database}/other" in hidden.next_step


def test_probing_changes_nothing(athena: Athena, logs: str, assume: Assume, aws: Aws) -> None:
    def everything() -> tuple[Any, ...]:
        keys = [one["Key"] for one in athena.s3.list_objects_v2(Bucket=athena.bucket)["Contents"]]
        names = [one["Name"] for one in athena.glue.get_tables(DatabaseName=athena.database)["TableList"]]
        partitions = athena.glue.get_partitions(DatabaseName=athena.database, TableName="logs")["Partitions"]
        return [key for key in keys if not key.startswith("results/")], names, len(partitions), "results/probe" in keys

    before = everything()
    for action in ("glue:GetTable", "s3:PutObject"):
        failed(athena, assume(statements(athena, without=action)), SELECT)
    failed(athena, assume(statements(athena, "glue:BatchCreatePartition")), "ALTER TABLE logs ADD PARTITION (p = '2')")
    failed(athena, assume(statements(athena, "glue:GetTable")), "ALTER TABLE logs ADD PARTITION (p = '2')")
    failed(athena, aws, "SELECT a FROM nosuch")
    assert everything() == before
    assert before[3] is False


def test_a_statement_that_is_not_started_is_probed_too(athena: Athena, logs: str, assume: Assume) -> None:
    role = assume(statements(athena))
    request = {
        "Query": SELECT,
        "WorkGroup": "primary",
        "QueryExecutionContext": {"Database": athena.database},
        "ResultConfiguration": {"OutputLocation": "s3://no-such-bucket-of-ours/x/"},
    }
    refused = ClientError(
        {"Error": {"Code": "InvalidRequestException", "Message": "Unable to verify/create output bucket no-such"}},
        "StartQueryExecution",
    )
    error = queries.not_started(refused, request, "audit", role.client)
    assert isinstance(error, errors.CallRejected)
    assert "no-such-bucket-of-ours" in error.next_step


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ('SELECT 1 FROM "db"."t" AS x JOIN u ON 1 = 1', [("db", "t"), ("mine", "u")]),
        ("WITH a AS (SELECT 1 FROM t), b AS (SELECT 2 FROM a) SELECT * FROM b", [("mine", "t")]),
        ("CREATE EXTERNAL TABLE IF NOT EXISTS `db`.`t` (a string)", [("db", "t")]),
        ("ALTER TABLE `db`.`t` ADD IF NOT EXISTS PARTITION (g = '1')", [("db", "t")]),
        ("MSCK REPAIR TABLE T", [("mine", "t")]),
        ("SELECT 1", []),
        ("SELECT EXTRACT(HOUR FROM seen), TRIM(BOTH FROM x), a IS DISTINCT FROM b FROM t", [("mine", "t")]),
        ("WITH a (x) AS (SELECT ' FROM c' FROM t) SELECT x FROM a", [("mine", "t")]),
        ('SELECT 1 FROM "awsdatacatalog"."db"."my-table"', [("db", "my-table")]),
        ("UNLOAD (\nSELECT a FROM db.t WHERE a = ')'\n)\nTO 's3://b/x/' WITH (format = 'PARQUET')", [("db", "t")]),
        ("INSERT INTO db.t SELECT a FROM u", [("mine", "u"), ("db", "t")]),
    ],
)
def test_the_tables_of_a_statement(statement: str, expected: list[tuple[str, str]]) -> None:
    assert tables(statement, "mine") == expected


@pytest.mark.parametrize(
    ("granted", "outcome"),
    [(["kms:GenerateDataKey"], "allowed"), (["kms:Decrypt"], "denied")],
    ids=["allowed", "denied"],
)
def test_the_key_of_the_results_is_tried(
    athena: Athena, aws: Aws, assume: Assume, granted: list[str], outcome: str
) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    role = assume([*statements(athena), {"Effect": "Allow", "Action": granted, "Resource": key}])
    (found,) = [one for one in probe(encrypted(athena, key), role.client) if one.action.startswith("kms:")]
    assert (found.action, found.resource, found.outcome) == ("kms:GenerateDataKey", key, outcome)
    if outcome == "denied":
        statement = {"Effect": "Allow", "Action": "kms:GenerateDataKey", "Resource": key}
        assert json.loads(str(found.next_step).partition("policy: ")[2]) == statement


def test_a_key_that_is_gone_is_told(athena: Athena, aws: Aws) -> None:
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/00000000-0000-4000-8000-000000000000"
    (found,) = [one for one in probe(encrypted(athena, key), aws.client) if one.action.startswith("kms:")]
    assert found.outcome == "missing"
    assert f"{key} doesn't exist in this region and account" in str(found.next_step)


def encrypted(athena: Athena, key: str) -> dict[str, Any]:
    """A query execution whose results a key encrypts, as GetQueryExecution gives it."""
    configuration = {
        "OutputLocation": f"s3://{athena.bucket}/results/q.csv",
        "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": key},
    }
    return {"Query": "SELECT 1", "WorkGroup": "primary", "ResultConfiguration": configuration}
