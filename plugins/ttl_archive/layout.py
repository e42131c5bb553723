"""Where everything lies in S3: keys are functions of archive, month and generation, and never random."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ttl_archive.config import Archive
from ttl_archive.months import Month, Quarter


def generation_of(run_id: str, clear_number: int) -> str:
    """Name a generation: twelve hex digits that every retry within a run repeats.

    Clearing a run keeps its run id, hence ``clear_number`` (``dag_run.clear_number``).
    """
    return hashlib.sha256(f"{run_id}\n{clear_number}".encode()).hexdigest()[:12]


def part_name(segment: int, number: int) -> str:
    """``part-00003-00012.jsonl.gz``: the 12th part of segment 3."""
    return f"part-{segment:05d}-{number:05d}.jsonl.gz"


def table_location(archive: Archive) -> str:
    """``s3://bucket/logs/``: the LOCATION of the published table."""
    return f"s3://{archive.destination.bucket}/{archive.destination.prefix}"


def audit_location(archive: Archive) -> str:
    """``s3://bucket/_staging/usage_logs/``: the LOCATION of the audit table."""
    return f"s3://{archive.destination.bucket}/_staging/{archive.name}/"


def audit_table(archive: Archive) -> str:
    """The unpublished table of raw lines that Athena audits a generation through."""
    return f"{archive.catalog.table}__audit"


def parquet_location(archive: Archive) -> str:
    """``s3://bucket/_parquet/usage_logs/``: the LOCATION of the compacted table; outside the published table's."""
    return f"s3://{archive.destination.bucket}/_parquet/{archive.name}/"


def parquet_table(archive: Archive) -> str:
    """The table of compacted months."""
    return f"{archive.catalog.table}_parquet"


def parquet_audit_table(archive: Archive) -> str:
    """The unpublished table that Athena audits a compacted month through."""
    return f"{parquet_table(archive)}__audit"


def tables(archive: Archive) -> tuple[str, ...]:
    """Every Glue table of an archive."""
    own = (archive.catalog.table, audit_table(archive))
    return (*own, parquet_table(archive), parquet_audit_table(archive)) if archive.catalog.parquet else own


def report_table(archive: Archive) -> str:
    """The table that the report's statements read."""
    return parquet_table(archive) if archive.catalog.parquet else archive.catalog.table


def pointer_key(archive: Archive, month: Month) -> str:
    """The month's pointer to its published manifest."""
    return f"_manifests/{archive.name}/{month}.json"


def lease_key(archive: Archive, month: Month) -> str:
    """The month's lease: who may publish it now."""
    return f"_manifests/{archive.name}/{month}.lease.json"


def report_prefix(archive: Archive, period: Month | Quarter) -> str:
    """``reports/usage_logs/2025-03/`` or ``.../2025-Q1/``, in the results bucket."""
    return f"reports/{archive.name}/{period}/"


@dataclass(frozen=True)
class GenerationLayout:
    """The keys of one generation of one month, in the archive bucket."""

    archive: Archive
    month: Month
    generation: str

    @property
    def staging_prefix(self) -> str:
        """Where segments write; outside the table's LOCATION."""
        return f"_staging/{self.archive.name}/{self.generation}/"

    @property
    def published_prefix(self) -> str:
        """Where the published parts lie; the LOCATION of the month's partition."""
        return f"{self.archive.destination.prefix}year={self.month.yyyy}/month={self.month.mm}/{self.generation}/"

    @property
    def quarantine_prefix(self) -> str:
        """Where items without a readable timestamp go; never part of the table."""
        return f"_quarantine/{self.archive.name}/{self.month}/{self.generation}/"

    @property
    def manifest_key(self) -> str:
        """The manifest: the commit record of the staged generation."""
        return f"_manifests/{self.archive.name}/{self.month}/{self.generation}.json"

    @property
    def plan_key(self) -> str:
        """The frozen plan of segments."""
        return f"_manifests/{self.archive.name}/{self.month}/{self.generation}/plan.json"

    def uri(self, prefix: str) -> str:
        """``s3://bucket/prefix``."""
        return f"s3://{self.archive.destination.bucket}/{prefix}"
