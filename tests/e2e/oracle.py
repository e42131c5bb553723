"""What a shipped archive's run must give, by its generator, and what it gave, read without the package."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from local_aws.sample import Sample
from local_aws.sample_data import GENERATORS
from tests.e2e import readers
from tests.e2e.deployment import INCLUDE, Deployment
from ttl_archive.config import find_archive
from ttl_archive.months import Month


class Oracle:
    """What a shipped archive's table holds, by its generator alone."""

    def __init__(self, dev: Deployment, name: str) -> None:
        self.archive = find_archive(INCLUDE, name, dev.environment)
        now = datetime.now(UTC)
        self.month = Month.containing(now, self.archive.timezone).previous
        self.samples: list[Sample] = list(GENERATORS[name](self.month, now))

    def items(self, month: Month | None) -> list[dict[str, Any]]:
        """The items made for a month, or for none."""
        wanted = None if month is None else str(month)
        return [item for item, made_for in self.samples if made_for == wanted]


class Finished:
    """What a run left, read without the package."""

    def __init__(self, dev: Deployment, oracle: Oracle) -> None:
        self.oracle, self.aws, self.archive = oracle, dev.admin(), oracle.archive
        self.prefix = f"reports/{self.archive.name}/{oracle.month}/"
        self.report: dict[str, Any] = readers.document(self.aws, dev.results_bucket, f"{self.prefix}report.json")
        self.files = {
            key.removeprefix(self.prefix): readers.body(self.aws, dev.results_bucket, key)
            for key in readers.keys(self.aws, dev.results_bucket, self.prefix)
        }
        catalog = self.archive.catalog
        self.partitions = readers.partitions(self.aws, catalog.database, catalog.table)
        self.lines = readers.published_lines(self.aws, catalog.database, catalog.table, str(oracle.month))
        self.items = oracle.items(oracle.month)

    def section(self, name: str) -> list[dict[str, Any]]:
        """The rows of a section by column name."""
        (section,) = (one for one in self.report["sections"] if one["name"] == name)
        return [dict(zip(section["columns"], row, strict=True)) for row in section["rows"]]


def run(dev: Deployment, oracle: Oracle) -> Finished:
    """Run the archive's DAG for last month; it must succeed."""
    done = dev.archive(oracle.archive.name, "--month", str(oracle.month))
    assert done.returncode == 0, done.stderr
    assert f"{oracle.archive.dag_id} {oracle.month}: success" in done.stderr
    return Finished(dev, oracle)
