"""Every statement that the package sends to Athena runs here, as its golden file renders it."""

import gzip
import json
from pathlib import Path

import pytest

from tests.local_aws.harness import REPOSITORY, Athena, Aws

GOLDEN = REPOSITORY / "tests/golden"
REPORTS = REPOSITORY / "tests/report/golden"
STATEMENTS = sorted(GOLDEN.rglob("*.sql")) + sorted(REPORTS.rglob("*.sql"))
USES = [
    {"userId": f"u{n % 5}", "eventId": f"e{n}", "action": ["login", "query"][n % 2], "timestamp": f"2025-0{m}-{n % 28 + 1:02}T0{n % 10}:30:00Z", "expiresAt": 1750000000}  # noqa: E501
    for m in (2, 3)
    for n in range(40)
]  # fmt: skip
READINGS = [
    {"sensor": f"s{n % 3}", "measuredAt": 1740787200 + n * 3600, "celsius": n * 0.125, "tags": ["a", "b"][: n % 3], "deleteAfter": 1750000000}  # noqa: E501
    for n in range(40)
]  # fmt: skip


@pytest.fixture(scope="module")
def package(aws: Aws) -> Athena:
    """Athena with the package's databases, tables and a little data."""
    s3, glue = aws.client("s3"), aws.client("glue")
    s3.create_bucket(Bucket="test-archive")
    athena = Athena(aws, "test-archive")
    for archive, database, table, place, items in (
        ("usage_logs", "usage_archive", "logs", "logs", USES),
        ("sensor_readings", "plant_archive", "readings", "sensors/readings", READINGS),
    ):
        glue.create_database(DatabaseInput={"Name": database})
        body = gzip.compress("".join(json.dumps(item) + "\n" for item in items).encode())
        for month in ("02", "03"):
            s3.put_object(Bucket="test-archive", Key=f"{place}/year=2025/month={month}/g/part.jsonl.gz", Body=body)
        for generation in ("0123456789ab", "ba9876543210"):
            s3.put_object(Bucket="test-archive", Key=f"_staging/{archive}/{generation}/part.jsonl.gz", Body=body)
        for name in ("create_table", "create_audit_table"):
            athena.run((GOLDEN / archive / f"{name}.sql").read_text())
        athena.run(f"MSCK REPAIR TABLE {database}.{table}")
        for generation in ("0123456789ab", "ba9876543210"):
            athena.run(
                f"ALTER TABLE {database}.{table}__audit ADD PARTITION (generation = '{generation}') "
                f"LOCATION 's3://test-archive/_staging/{archive}/{generation}/'"
            )
        columns = glue.get_table(DatabaseName=database, Name=table)["Table"]["StorageDescriptor"]["Columns"]
        declared = ", ".join(f"`{one['Name']}` {one['Type']}" for one in columns)
        athena.run(
            f"CREATE EXTERNAL TABLE {database}.{table}_parquet__audit ({declared}) PARTITIONED BY (folder string) "
            f"STORED AS PARQUET LOCATION 's3://test-archive/_parquet/{archive}/'"
        )
    return athena


@pytest.mark.parametrize(
    "statement", STATEMENTS, ids=[str(path.relative_to(REPOSITORY / "tests")) for path in STATEMENTS]
)
def test_it_runs(package: Athena, statement: Path) -> None:
    answer = package.ask(statement.read_text())
    assert answer.state == "SUCCEEDED", answer.reason
    # Nothing is gone here, so no line is carried over.
    assert answer.rows or statement.name.startswith(("create_", "stage", "gone_lines", "unload"))


def test_the_goldens_are_there() -> None:
    assert len(STATEMENTS) > 15
