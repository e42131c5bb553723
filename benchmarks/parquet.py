"""What a report scans: the sections of ``usage_logs`` over two months, on gzipped JSON Lines and on their Parquet.

The statements are the package's own, the embedded Athena runs them and tells the bytes it read.
"""

from __future__ import annotations

import gzip
import os
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from benchmarks.wire_server import items
from ttl_archive import layout
from ttl_archive.catalog import report_variables, sql_variables
from ttl_archive.config import Archive, find_archive
from ttl_archive.months import Month
from ttl_archive.page_codec import encode_page
from ttl_archive.report.sections import load_sections

REPOSITORY = Path(__file__).resolve().parents[1]
MONTHS = (Month(2025, 2, "UTC"), Month(2025, 3, "UTC"))
BUCKET = "bench"  # as `make bench` names it to the archives
_FOLDER = "bench"


def scanned(count: int, say: Callable[[str], None]) -> dict[str, tuple[float, str]]:
    """The bytes that the report scans of so many items a month, against those of Parquet."""
    archive = find_archive(REPOSITORY / "include", "usage_logs", os.environ)
    with _embedded_aws() as client:
        client("s3").create_bucket(Bucket=BUCKET)
        client("glue").create_database(DatabaseInput={"Name": archive.catalog.database})
        athena = _Athena(client("athena"), archive)
        athena.run("catalog/create_table.sql")
        columns = ", ".join(f"`{one.column_name}` {one.type}" for one in archive.columns)
        parquet = f"{archive.catalog.database}.{layout.parquet_table(archive)}"
        athena.statement(
            f"CREATE EXTERNAL TABLE {parquet} ({columns}) PARTITIONED BY (year string, month string) STORED AS PARQUET "
            f"LOCATION '{layout.parquet_location(archive)}'"
        )
        for month in MONTHS:
            _load(client("s3"), archive, month, count)
            place = f"year={month.yyyy}/month={month.mm}/{_FOLDER}/"
            athena.add_partition(archive.catalog.table, month, layout.table_location(archive) + place)
            athena.run("catalog/unload.sql", month=month, folder=_FOLDER)
            athena.add_partition(layout.parquet_table(archive), month, layout.parquet_location(archive) + place)
            say(f"parquet: {month}: {count:,} items as JSON Lines and as Parquet")
        sections = [one.template for one in load_sections(REPOSITORY / "include", archive.name)]
        both = {
            table: sum(athena.run(template, **{**report_variables(archive), "table": table}) for template in sections)
            for table in (archive.catalog.table, layout.parquet_table(archive))
        }
    lines, columnar = both.values()
    note = f"{lines / 1e6:.1f} against {columnar / 1e6:.1f} MB for {len(sections)} sections, {count:,} items a month"
    return {"parquet_vs_jsonl": (lines / columnar, note)}


def _load(s3: Any, archive: Archive, month: Month, count: int) -> None:
    taken = [
        {**item, "timestamp": {"S": item["timestamp"]["S"].replace("2025-03", str(month)[:7])}}
        for item in items(count)
        if int(item["timestamp"]["S"][8:10]) <= 28
    ]
    key = f"{archive.destination.prefix}year={month.yyyy}/month={month.mm}/{_FOLDER}/part-00000-00001.jsonl.gz"
    body = gzip.compress(b"".join(encode_page(taken)[0]), compresslevel=1)
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)


class _Athena:
    """Runs the package's statements to their end."""

    def __init__(self, client: Any, archive: Archive) -> None:
        self._client, self._archive = client, archive
        self._templates = Environment(  # noqa: S701 - SQL
            loader=FileSystemLoader(REPOSITORY / "include/sql"), undefined=StrictUndefined
        )

    def run(self, template: str, month: Month = MONTHS[-1], **variables: Any) -> int:
        """Run a file; return the bytes that it scanned."""
        given = {**sql_variables(self._archive), "month": month, "previous_month": month.previous, **variables}
        return self.statement(self._templates.get_template(template).render(given))

    def add_partition(self, table: str, month: Month, location: str) -> None:
        self.statement(
            f"ALTER TABLE {self._archive.catalog.database}.{table} ADD PARTITION "
            f"(year = '{month.yyyy}', month = '{month.mm}') LOCATION '{location}'"
        )

    def statement(self, sql: str) -> int:
        """Run a statement.

        :raises RuntimeError: if it fails.
        """
        output = {"OutputLocation": f"s3://{BUCKET}/results/"}
        started = self._client.start_query_execution(QueryString=sql, ResultConfiguration=output)["QueryExecutionId"]
        while True:
            execution = self._client.get_query_execution(QueryExecutionId=started)["QueryExecution"]
            if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
                break
            time.sleep(0.02)
        if execution["Status"]["State"] != "SUCCEEDED":
            raise RuntimeError(f"{execution['Status']['StateChangeReason']}:\n{sql}")
        return int(execution["Statistics"]["DataScannedInBytes"])


@contextmanager
def _embedded_aws() -> Iterator[Callable[[str], Any]]:
    """An embedded AWS of its own, in a temporary folder; yields what makes its clients."""
    command = [str(REPOSITORY / ".venv-aws/bin/python"), "-m", "local_aws"]
    with tempfile.TemporaryDirectory(prefix="ttl-archive-bench-") as folder:
        state = ["--state", folder]
        started = subprocess.run(
            [*command, "start", *state, "--port", "0"], check=True, capture_output=True, text=True, cwd=REPOSITORY
        )
        variables = dict(
            shlex.split(line)[1].split("=", 1) for line in started.stdout.splitlines() if line.startswith("export ")
        )
        try:
            yield lambda service: boto3.client(
                service,
                endpoint_url=variables["AWS_ENDPOINT_URL"],
                region_name="us-east-1",
                aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            )
        finally:
            subprocess.run([*command, "stop", *state], check=True, capture_output=True, cwd=REPOSITORY)
