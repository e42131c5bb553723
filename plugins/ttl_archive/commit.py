"""The manifest: written last, once, and only if everything that must add up does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ttl_archive import objects
from ttl_archive.config import Archive
from ttl_archive.errors import ArchiveIncomplete, BadTimestamps
from ttl_archive.export import read_record
from ttl_archive.manifest import Manifest, SegmentRecord, broken_identities, sum_segments
from ttl_archive.months import Month
from ttl_archive.planning import horizon

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def write_manifest(
    archive: Archive, month: Month, opened: dict[str, Any], exported: list[dict[str, Any]], reason: str, *, s3: S3Client
) -> Manifest:
    """Commit the staged generation.

    :param opened: what ``open_generation`` returned.
    :param exported: what each ``export_segment`` returned.
    :param reason: the trigger form's ``accept_fewer``, or empty.
    :raises ArchiveIncomplete: if the segments don't add up.
    :raises BadTimestamps: if items have no readable timestamp and the archive says ``fail``.
    """
    bucket = archive.destination.bucket
    records = [_record(s3, bucket, one["record"]) for one in sorted(exported, key=lambda one: one["segment"])]
    total = max(record.total_segments for record in records)  # carried lines are one more than the scan had
    problems = broken_identities(records, total)
    if problems:
        raise ArchiveIncomplete(
            f"{month}: the staged segments do not add up: {'; '.join(problems)}. Nothing was published; the segments "
            f"lie under s3://{bucket}/{opened['staging_prefix']}. Clear export_segment and everything after it"
        )
    manifest = Manifest(
        archive=archive.name,
        month=str(month),
        timezone=month.timezone,
        generation=opened["generation"],
        table=archive.source.table,
        key_attributes=tuple(opened["key_attributes"]),
        # Judged by when the scan ended: a task cleared weeks later may have found only what TTL left.
        complete=opened["complete"] and max(one.finished_at for one in records) < horizon(archive, month),
        total_segments=total,
        reason_for_fewer=reason or None,
        run_id=opened["run_id"],
        **sum_segments(records),
    )
    if manifest.quarantined and archive.source.on_bad_timestamp == "fail":
        raise BadTimestamps(_bad_timestamps(archive, manifest, opened))
    _store(s3, bucket, opened["manifest_key"], manifest)
    return manifest


def _record(s3: S3Client, bucket: str, key: str) -> SegmentRecord:
    record = read_record(s3, bucket, key)
    if record is None:
        raise ArchiveIncomplete(f"s3://{bucket}/{key}: the segment's record is gone; clear that export_segment")
    return record


def _store(s3: S3Client, bucket: str, key: str, manifest: Manifest) -> None:
    if not objects.write(s3, bucket, key, manifest.to_bytes(), replaces=None):
        raise ArchiveIncomplete(
            f"s3://{bucket}/{key} already commits this generation with other contents: clear open_generation and "
            "everything after it, which starts a new generation"
        )


def _bad_timestamps(archive: Archive, manifest: Manifest, opened: dict[str, Any]) -> str:
    timestamp = archive.source.timestamp
    keys = ", ".join(str(key) for key in manifest.quarantined_keys[:10])
    return (
        f"{manifest.month}: {manifest.quarantined} items of {archive.source.table} have no readable "
        f"{timestamp.attribute!r} (expected {timestamp.format}), so their month is unknown. Nothing was published; "
        f"copies lie under s3://{archive.destination.bucket}/{opened['quarantine_prefix']}. First keys: {keys}. "
        "Mend the items, or set source.on_bad_timestamp: quarantine to archive them apart"
    )
