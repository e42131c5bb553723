"""The plan of a generation: how the table is split into segments, frozen by the first try."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from ttl_archive import catalog, objects
from ttl_archive.config import Archive
from ttl_archive.errors import MonthBusy, MonthError
from ttl_archive.layout import GenerationLayout, generation_of, pointer_key
from ttl_archive.manifest import Manifest, Pointer
from ttl_archive.months import Month, Quarter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

SEGMENT_BYTES = 256 * 1024**2  # of table data a segment: small ones even out, and a retry repeats little
MOST_SEGMENTS = 200
FEWEST_SEGMENTS = 2  # so that two workers share even a small table


def segment_count(archive: Archive, table_bytes: int) -> int:
    """How many segments to scan the table in; ``auto`` gives each about 256 MiB."""
    if archive.source.segments != "auto":
        return archive.source.segments
    fewest = archive.source.segments_at_once or FEWEST_SEGMENTS
    return min(max(math.ceil(table_bytes / SEGMENT_BYTES), fewest), MOST_SEGMENTS)


def published(archive: Archive, month: Month, *, s3: S3Client, glue: GlueClient) -> tuple[Pointer, Manifest] | None:
    """The month's pointer and the manifest it names, or None if the month was never published.

    Both are reconciled, the higher fence wins. A publication that died after it showed the partition and before it
    replaced the pointer is completed: what readers see is what is published, and the pointer's bytes are those that the
    dead task would have written. A partition that a zombie's call, long under way, has set back, or that somebody
    dropped with its table, is shown again.
    """
    bucket, key = archive.destination.bucket, pointer_key(archive, month)
    found = objects.read(s3, bucket, key)
    pointer = Pointer.model_validate(orjson.loads(found.body)) if found else None
    seen = catalog.published_pointer(glue, archive, month)
    if seen and (pointer is None or seen.fence > pointer.fence):
        if not objects.write(s3, bucket, key, seen.to_bytes(), replaces=found):
            raise MonthBusy(f"s3://{bucket}/{key} is being replaced by another run; this task retries")
        pointer = seen
    elif pointer and (seen is None or seen.fence < pointer.fence) and catalog.has_table(glue, archive):
        catalog.show_partition(glue, archive, month, pointer)
    return (pointer, read_manifest(s3, bucket, pointer.manifest)) if pointer else None


def require_quarter(archive: Archive, quarter: Quarter, *, s3: S3Client, glue: GlueClient) -> None:
    """Refuse a quarter of which a month isn't published.

    :raises MonthError: naming the months that aren't.
    """
    missing = [str(month) for month in quarter.months if published(archive, month, s3=s3, glue=glue) is None]
    if missing:
        raise MonthError(
            f"{archive.name} {quarter}: {', '.join(missing)} was never published; trigger {archive.dag_id} with it, "
            "or report another quarter"
        )


def read_manifest(s3: S3Client, bucket: str, key: str) -> Manifest:
    """A manifest.

    :raises LookupError: if there is none.
    """
    found = objects.read(s3, bucket, key)
    if found is None:
        raise LookupError(f"s3://{bucket}/{key}: no such manifest")
    return Manifest.model_validate(orjson.loads(found.body))


def horizon(archive: Archive, month: Month) -> datetime:
    """When the first items of the month may be deleted by TTL, by the archive's retention."""
    return month.start + timedelta(days=archive.source.ttl.retention_days)


def is_closed(archive: Archive, month: Month, manifest: Manifest, now: datetime) -> bool:
    """Whether a published month is past its TTL horizon: a new scan could find less than the archive holds."""
    first = manifest.ttl.first_expiry
    return now >= horizon(archive, month) or (first is not None and now.timestamp() >= first)


def open_generation(
    archive: Archive,
    month: Month,
    run_id: str,
    clear_number: int,
    now: datetime,
    *,
    s3: S3Client,
    dynamodb: DynamoDBClient,
    glue: GlueClient,
) -> dict[str, Any]:
    """Choose the generation of a run, and what it is to be compared with.

    :return: ``month``, ``run_id``, ``generation``, its prefixes and ``manifest_key``, ``key_attributes`` of the table,
        ``complete`` (False where the month's retention has already passed) and ``base`` (the published generation, or
        None).
    """
    layout = GenerationLayout(archive, month, generation_of(run_id, clear_number))
    table = dynamodb.describe_table(TableName=archive.source.table)["Table"]
    current = published(archive, month, s3=s3, glue=glue)
    return {
        "month": str(month),
        "run_id": run_id,
        "generation": layout.generation,
        "staging_prefix": layout.staging_prefix,
        "quarantine_prefix": layout.quarantine_prefix,
        "manifest_key": layout.manifest_key,
        "key_attributes": [entry["AttributeName"] for entry in table["KeySchema"]],
        "complete": now < horizon(archive, month),
        "base": current[0].generation if current else None,
    }


def open_months(
    archive: Archive,
    month: Month,
    run_id: str,
    clear_number: int,
    now: datetime,
    *,
    s3: S3Client,
    dynamodb: DynamoDBClient,
    glue: GlueClient,
) -> list[dict[str, Any]]:
    """The other months that are published and not closed: the scan passes their items too.

    :return: what ``open_generation`` returns, for each, oldest first; a generation of this run of its own.
    """
    found = []
    other = Month.containing(now, archive.timezone).previous
    while now < horizon(archive, other):
        if other != month:
            current = published(archive, other, s3=s3, glue=glue)
            if current and not is_closed(archive, other, current[1], now):
                found.append(other)
        other = other.previous
    clients: dict[str, Any] = {"s3": s3, "dynamodb": dynamodb, "glue": glue}
    opened = [
        open_generation(archive, one, f"{run_id}\n{one}", clear_number, now, **clients) for one in reversed(found)
    ]
    return [{**one, "run_id": run_id} for one in opened]


def plan_segments(
    archive: Archive, month: Month, generation: str, *, s3: S3Client, dynamodb: DynamoDBClient
) -> list[dict[str, Any]]:
    """Split the table into segments, once: a later try reads back what the first one chose.

    :return: never empty; each has ``segment``, ``total_segments`` and ``read_units_per_second``, the segment's share
        of the archive's limit, or None. ``max_active_tis_per_dag`` keeps the segments that run at once to as many as
        share it, in all runs of the DAG together.
    """
    table = dynamodb.describe_table(TableName=archive.source.table)["Table"]
    total = segment_count(archive, table.get("TableSizeBytes", 0))
    limit, at_once = archive.source.max_read_units_per_second, archive.source.segments_at_once
    share = limit / at_once if limit and at_once else None
    plan = [{"segment": number, "total_segments": total, "read_units_per_second": share} for number in range(total)]
    bucket, key = archive.destination.bucket, GenerationLayout(archive, month, generation).plan_key
    if objects.write(s3, bucket, key, orjson.dumps(plan, option=orjson.OPT_INDENT_2), replaces=None):
        return plan
    found = objects.read(s3, bucket, key)
    if found is None:
        raise LookupError(f"s3://{bucket}/{key} was there a moment ago and is gone: clear the run")
    frozen: list[dict[str, Any]] = orjson.loads(found.body)
    return frozen
