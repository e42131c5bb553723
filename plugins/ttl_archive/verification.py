"""The audit of a staged generation: exporter, manifest, S3 and Athena must agree before anything is published."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ttl_archive import objects
from ttl_archive.config import Archive
from ttl_archive.errors import ArchiveCorrupt, ArchiveIncomplete, ArchiveShrunk
from ttl_archive.layout import GenerationLayout
from ttl_archive.manifest import Manifest, Part
from ttl_archive.months import Month
from ttl_archive.planning import read_manifest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from ttl_archive.queries import QueryResult


def verify_archive(
    archive: Archive,
    opened: dict[str, Any],
    audit: QueryResult,
    shrinkage: QueryResult,
    *,
    s3: S3Client,
) -> Manifest:
    """Check the staged generation against its manifest.

    :param audit: the row of ``audit.sql``.
    :param shrinkage: the row of ``missing_keys.sql``.
    :raises ArchiveIncomplete: if counts differ.
    :raises ArchiveCorrupt: if an object isn't what the manifest says.
    :raises ArchiveShrunk: if published keys are missing and the trigger form gave no reason.
    """
    bucket = archive.destination.bucket
    manifest = read_manifest(s3, bucket, opened["manifest_key"])
    _check_counts(manifest, _row(audit), bucket, opened)
    check_objects(s3, bucket, opened["staging_prefix"], manifest.parts)
    check_objects(s3, bucket, opened["quarantine_prefix"], manifest.quarantine_parts)
    _check_shrinkage(archive, manifest, _row(shrinkage), opened, s3)
    return manifest


def _row(result: QueryResult) -> dict[str, str | None]:
    names = [column["Name"] for column in result.columns]
    return dict(zip(names, result.rows[0], strict=True))


def _check_counts(manifest: Manifest, row: dict[str, str | None], bucket: str, opened: dict[str, Any]) -> None:
    expected = {
        "lines": manifest.archived,
        "distinct_keys": manifest.archived,
        "null_keys": 0,
        "outside_month": 0,
    }
    found = {name: int(row[name] or 0) for name in expected}
    if found != expected:
        differences = ", ".join(
            f"{name.replace('_', ' ')}: {found[name]} instead of {count}"
            for name, count in expected.items()
            if found[name] != count
        )
        raise ArchiveIncomplete(
            f"{manifest.month}: Athena's audit of the staged lines differs from the manifest: {differences}. Nothing "
            f"was published; the lines lie under s3://{bucket}/{opened['staging_prefix']}. Clear open_generation and "
            "everything after it to scan anew"
        )


def _check_shrinkage(
    archive: Archive, manifest: Manifest, row: dict[str, str | None], opened: dict[str, Any], s3: S3Client
) -> None:
    if opened["base"] is None:
        return
    base = GenerationLayout(archive, Month.parse(manifest.month, archive.timezone), opened["base"])
    expected = read_manifest(s3, archive.destination.bucket, base.manifest_key).archived
    seen, missing = int(row["published_keys"] or 0), int(row["missing_keys"] or 0)
    if seen != expected:
        raise ArchiveIncomplete(
            f"{manifest.month}: Athena sees {seen} keys of the published generation {opened['base']}, its manifest "
            f"says {expected}, so nothing shows that no key would be lost. Nothing was published; see docs/runbook.md"
        )
    if missing and not manifest.reason_for_fewer:
        raise ArchiveShrunk(
            f"{manifest.month}: {missing} keys of the published generation {opened['base']} are not in the table any "
            f"more: {row['missing']}. Nothing was published, the old month stays. If they were deleted on purpose, "
            "trigger the month again with accept_fewer and a reason"
        )


def check_objects(s3: S3Client, bucket: str, prefix: str, parts: tuple[Part, ...]) -> None:
    """Compare every part's size and CRC-32 in S3 with the record.

    :raises ArchiveCorrupt: naming every part that is missing or differs.
    """
    with ThreadPoolExecutor(8, "head") as pool:
        problems = [problem for problem in pool.map(lambda part: _differs(s3, bucket, prefix, part), parts) if problem]
    if problems:
        raise ArchiveCorrupt(
            f"{len(problems)} of {len(parts)} parts differ from the manifest: {'; '.join(problems[:10])}. "
            "Nothing was published by this task; clear open_generation and everything after it to scan anew"
        )


def _differs(s3: S3Client, bucket: str, prefix: str, part: Part) -> str | None:
    where = f"s3://{bucket}/{prefix}{part.name}"
    try:
        head = s3.head_object(Bucket=bucket, Key=prefix + part.name, ChecksumMode="ENABLED")
    except ClientError as error:
        if objects.is_missing(error):
            return f"{where} is missing"
        raise
    if head["ContentLength"] != part.bytes:
        return f"{where} has {head['ContentLength']} bytes instead of {part.bytes}"
    if head.get("ChecksumCRC32") != part.crc32:
        return f"{where} has CRC-32 {head.get('ChecksumCRC32')} instead of {part.crc32}"
    return None
