"""What is looked after between two monthly runs: months at risk, months to refresh, and what nobody needs any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from croniter import croniter

from ttl_archive import catalog, compaction
from ttl_archive.config import Archive
from ttl_archive.errors import MonthAtRisk
from ttl_archive.export import remove
from ttl_archive.layout import GenerationLayout, audit_table, parquet_location, parquet_table, pointer_key
from ttl_archive.manifest import Manifest, Pointer
from ttl_archive.months import Month
from ttl_archive.planning import horizon, published

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

READERS_TIME = timedelta(hours=24)  # a query that began before a flip may still read the superseded generation
ORPHAN_AGE = timedelta(days=7)  # no run lives that long: dagrun_timeout is two days
AFTERWARDS = timedelta(days=31)  # how long a month past its horizon is still asked for: something of it may be left
LATENESS = timedelta(days=1)  # how long after its schedule a month may be unpublished before that is worth an alert


@dataclass(frozen=True)
class Generation:
    """What S3 holds of a generation below one prefix."""

    generation: str
    prefix: str
    newest: datetime


def deadline(archive: Archive, month: Month, manifest: Manifest | None) -> datetime:
    """When the first items of the month may be deleted: by the retention, or by their own TTL where that is earlier."""
    first = manifest.ttl.first_expiry if manifest else None
    end = horizon(archive, month)
    return end if first is None else min(end, datetime.fromtimestamp(first, end.tzinfo))


def require_published(archive: Archive, now: datetime, *, s3: S3Client, glue: GlueClient) -> list[str]:
    """Look whether every month whose run is due is published; also those that a paused or failed schedule skipped.

    :return: the months that are, newest first.
    :raises MonthAtRisk: naming those that aren't, with the days that are left.
    """
    there, problems = [], []
    for month in _finished_months(archive, now, AFTERWARDS):
        if published(archive, month, s3=s3, glue=glue):
            there.append(str(month))
        elif now >= _due(archive, month) + LATENESS:
            end = horizon(archive, month)
            left = f"{(end - now).days} days left" if now < end else "archive what is left of them now"
            problems.append(f"{month}, whose first items TTL deletes from {end:%Y-%m-%d} on ({left})")
    if problems:
        raise MonthAtRisk(
            f"{archive.name}: not published: {'; '.join(problems)}. Look why the runs of {archive.dag_id} failed or "
            "never started, then trigger it with each month; docs/runbook.md has the steps"
        )
    return there


def tell_alarm(cloudwatch: CloudWatchClient, namespace: str) -> None:
    """Put the metric whose absence raises the alarm of ``include/aws/stack.yaml``."""
    cloudwatch.put_metric_data(
        Namespace=namespace, MetricData=[{"MetricName": "EveryMonthPublished", "Value": 1, "Unit": "Count"}]
    )


def find_refreshes(archive: Archive, now: datetime, *, s3: S3Client, glue: GlueClient) -> list[dict[str, Any]]:
    """The published months to scan once more before their first item may be deleted.

    :return: arguments of TriggerDagRunOperator, for each month whose last scan lies before
        ``refresh_days_before_expiry`` and whose first deletion doesn't.
    """
    days = archive.source.refresh_days_before_expiry
    if days is None:
        return []
    due = []
    for month in _finished_months(archive, now):
        found = published(archive, month, s3=s3, glue=glue)
        if found is None:
            continue
        end = deadline(archive, month, found[1])
        if found[1].as_of < end - timedelta(days=days) <= now < end:
            due.append(month)
    return [
        {
            "trigger_dag_id": archive.dag_id,
            "trigger_run_id": f"refresh__{month}__{now:%Y-%m-%d}",
            "conf": {"month": str(month)},
        }
        for month in due
    ]


def remove_superseded(archive: Archive, *, s3: S3Client, glue: GlueClient) -> dict[str, list[str]]:
    """Delete what no later run needs: generations that a later one replaced over a day ago, staged copies of published
    ones, and, after a week, what scans staged of open months that they passed. Folders of Parquet likewise.

    Ages are S3's own: of its objects, and of the clock in its answers.

    :return: ``removed``, the prefixes; ``orphans``, those of dead runs, which are only reported.
    """
    bucket = archive.destination.bucket
    now, staged = _listing(s3, bucket, f"_staging/{archive.name}/")
    months, planned = _generations(s3, archive)
    removed, orphans = [], []
    for found in [*staged, *_published_generations(s3, archive, {month for month, _ in months.values()})]:
        month, committed = months.get(found.generation, (None, None))
        current = published(archive, month, s3=s3, glue=glue) if month else None
        flipped = _flipped(s3, archive, month) if month and current else None
        shown = current[0] if current and current[0].generation == found.generation else None
        if shown and not found.prefix.startswith("_staging/"):
            continue
        replaced = flipped and committed and committed <= flipped and now - flipped >= READERS_TIME
        aged = now - found.newest >= ORPHAN_AGE
        # A run plans its own generation; those of the open months it passes have no plan, and without late items to
        # publish no manifest either.
        if replaced or (aged and not committed and found.generation not in planned):
            _remove(s3, glue, archive, found, shown)
            removed.append(found.prefix)
        elif aged:
            orphans.append(found.prefix)
    return {"removed": removed + _remove_compacted(archive, s3, glue), "orphans": orphans}


def _finished_months(archive: Archive, now: datetime, past: timedelta = timedelta(0)) -> list[Month]:
    """The finished months whose TTL horizon lies ahead, or behind by less than ``past``; newest first."""
    months, month = [], Month.containing(now, archive.timezone).previous
    while now < horizon(archive, month) + past:
        months.append(month)
        month = month.previous
    return months


def _due(archive: Archive, month: Month) -> datetime:
    due: datetime = croniter(archive.schedule, month.end - timedelta(minutes=1)).get_next(datetime)
    return due


def _remove_compacted(archive: Archive, s3: S3Client, glue: GlueClient) -> list[str]:
    """Delete folders of Parquet that no partition shows: a day after another was shown instead, or else in a week."""
    if not archive.catalog.parquet:
        return []
    bucket = archive.destination.bucket
    now, folders = _listing(s3, bucket, parquet_location(archive).removeprefix(f"s3://{bucket}/"), depth=3)
    removed = []
    for found in folders:
        year, month, folder = found.generation.split("/")
        values = [year.removeprefix("year="), month.removeprefix("month=")]
        shown = catalog.find_partition(glue, archive.catalog.database, parquet_table(archive), values)
        if shown and shown["StorageDescriptor"]["Location"] == f"s3://{bucket}/{found.prefix}":
            continue
        since = datetime.fromtimestamp(int(shown["Parameters"]["ttl_archive.shown_at"]), UTC) if shown else None
        if (since and found.newest <= since <= now - READERS_TIME) or found.newest <= now - ORPHAN_AGE:
            compaction.drop_audit_partition(archive, folder, glue)
            remove(s3, bucket, found.prefix)
            removed.append(found.prefix)
    return removed


def _listing(s3: S3Client, bucket: str, prefix: str, depth: int = 1) -> tuple[datetime, list[Generation]]:
    """The generations so many folders below a prefix, and S3's time."""
    newest: dict[str, datetime] = {}
    now = None
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        now = parsedate_to_datetime(page["ResponseMetadata"]["HTTPHeaders"]["date"])
        for found in page.get("Contents", []):
            generation = "/".join(found["Key"].removeprefix(prefix).split("/")[:depth])
            newest[generation] = max(newest.get(generation, found["LastModified"]), found["LastModified"])
    if now is None:
        raise RuntimeError(f"s3://{bucket}/{prefix}: S3 gave no page at all")
    return now, [Generation(name, f"{prefix}{name}/", at) for name, at in sorted(newest.items())]


def _generations(s3: S3Client, archive: Archive) -> tuple[dict[str, tuple[Month, datetime]], set[str]]:
    """Every committed generation, with its month and when it was committed; and those that a run has planned."""
    prefix, planned = f"_manifests/{archive.name}/", set()
    committed: dict[str, tuple[Month, datetime]] = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=archive.destination.bucket, Prefix=prefix):
        for each in page.get("Contents", []):
            month, _, name = each["Key"].removeprefix(prefix).partition("/")
            if name.endswith("/plan.json"):
                planned.add(name.removesuffix("/plan.json"))
            elif name.endswith(".json"):
                parsed = Month.parse(month, archive.timezone)
                committed[name.removesuffix(".json")] = (parsed, each["LastModified"])
    return committed, planned


def _published_generations(s3: S3Client, archive: Archive, months: set[Month]) -> list[Generation]:
    found = []
    for month in sorted(months):
        prefix = GenerationLayout(archive, month, "").published_prefix.removesuffix("/")
        found += _listing(s3, archive.destination.bucket, prefix)[1]
    return found


def _flipped(s3: S3Client, archive: Archive, month: Month) -> datetime:
    # As a listing has it, to the millisecond like the times it is compared with: HeadObject gives whole seconds.
    listed = s3.list_objects_v2(Bucket=archive.destination.bucket, Prefix=pointer_key(archive, month), MaxKeys=1)
    return listed["Contents"][0]["LastModified"]


def _remove(s3: S3Client, glue: GlueClient, archive: Archive, found: Generation, shown: Pointer | None) -> None:
    """Delete a generation's folder, and its partition of the audit table unless it is the one that readers see.

    :param shown: the month's pointer, if it names this generation.
    """
    database, table = archive.catalog.database, audit_table(archive)
    location = catalog.partition_location(glue, database, table, [found.generation])
    if location and shown and location != shown.location:
        # A publication died before the audit's partition followed, and the next run's audit would read what goes now.
        catalog.put_partition(
            glue, database, table, [found.generation], shown.location, catalog.partition_parameters(shown)
        )
    elif location and not shown:
        glue.delete_partition(DatabaseName=database, TableName=table, PartitionValues=[found.generation])
    remove(s3, archive.destination.bucket, found.prefix)
