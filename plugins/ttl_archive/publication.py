"""Publishing a month: copy, flip the partition, replace the pointer; a reader sees the old month or the new one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ttl_archive import objects
from ttl_archive.catalog import partition_parameters, put_partition, show_partition
from ttl_archive.config import Archive
from ttl_archive.errors import ArchiveCorrupt, ArchiveIncomplete, MonthBusy
from ttl_archive.layout import GenerationLayout, audit_table, lease_key, pointer_key
from ttl_archive.lease import Lease
from ttl_archive.manifest import Manifest, Part, Pointer
from ttl_archive.months import Month
from ttl_archive.planning import published, read_manifest
from ttl_archive.verification import check_objects

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client


def publish_partition(
    archive: Archive, month: Month, opened: dict[str, Any], owner: str, *, s3: S3Client, glue: GlueClient
) -> Pointer:
    """Publish a verified generation under the month's lease; a repeat after any interruption ends in the same state.

    The partition is flipped before the pointer is replaced: where a task dies in between, whoever looks next completes
    it (``planning.published``).

    :raises MonthBusy: if another run is publishing the month.
    :raises ArchiveIncomplete: if another run has published it since this one was planned.
    """
    bucket = archive.destination.bucket
    layout = GenerationLayout(archive, month, opened["generation"])
    manifest = read_manifest(s3, bucket, layout.manifest_key)
    with Lease(s3, bucket, lease_key(archive, month), owner) as lease:
        current = published(archive, month, s3=s3, glue=glue)
        _require_base(month, current[0] if current else None, opened)
        found = objects.read(s3, bucket, pointer_key(archive, month))
        if not (current and current[0].generation == layout.generation and _is_copied(s3, bucket, layout, manifest)):
            _copy_parts(s3, bucket, layout, manifest, lease)
        pointer = Pointer(
            generation=layout.generation,
            manifest=layout.manifest_key,
            fence=lease.fence,
            location=layout.uri(layout.published_prefix),
        )
        lease.renew()
        _flip(archive, month, pointer, glue)
        try:
            lease.renew()
        except MonthBusy:
            # The call may have been under way past the lease's end, and have hidden what its next holder published:
            # Glue's updates take no condition.
            published(archive, month, s3=s3, glue=glue)
            raise
        _replace_pointer(s3, bucket, pointer_key(archive, month), pointer, found)
    return pointer


def _require_base(month: Month, current: Pointer | None, opened: dict[str, Any]) -> None:
    generation = current.generation if current else None
    if generation not in (opened["base"], opened["generation"]):
        raise ArchiveIncomplete(
            f"{month}: generation {generation} was published while this run worked against {opened['base']}, so the "
            "keys it holds were not compared. Nothing was published by this run; trigger the month again"
        )


def _copy_parts(s3: S3Client, bucket: str, layout: GenerationLayout, manifest: Manifest, lease: Lease) -> None:
    """Copy the staged parts, on S3's side, to where the partition will point."""
    step = 256  # parts between two signs of life
    with ThreadPoolExecutor(8, "copy") as pool:
        for first in range(0, len(manifest.parts), step):
            chunk = manifest.parts[first : first + step]
            list(pool.map(lambda part: _copy(s3, bucket, layout, part), chunk))
            lease.renew()
    check_objects(s3, bucket, layout.published_prefix, manifest.parts)


def _is_copied(s3: S3Client, bucket: str, layout: GenerationLayout, manifest: Manifest) -> bool:
    """Whether every part lies where the partition points already; the staged ones may be gone by then."""
    try:
        check_objects(s3, bucket, layout.published_prefix, manifest.parts)
    except ArchiveCorrupt:
        return False
    return True


def _copy(s3: S3Client, bucket: str, layout: GenerationLayout, part: Part) -> None:
    source = {"Bucket": bucket, "Key": layout.staging_prefix + part.name}
    s3.copy_object(
        Bucket=bucket,
        Key=layout.published_prefix + part.name,
        CopySource=source,  # type: ignore[arg-type]
        ContentType="application/gzip",
        MetadataDirective="REPLACE",
    )


def _flip(archive: Archive, month: Month, pointer: Pointer, glue: GlueClient) -> None:
    show_partition(glue, archive, month, pointer)
    # From now on the audit of a later run compares with what readers see, not with what was staged.
    put_partition(
        glue,
        archive.catalog.database,
        audit_table(archive),
        [pointer.generation],
        pointer.location,
        partition_parameters(pointer),
    )


def _replace_pointer(s3: S3Client, bucket: str, key: str, pointer: Pointer, found: objects.Stored | None) -> None:
    if not objects.write(s3, bucket, key, pointer.to_bytes(), replaces=found):
        raise ArchiveIncomplete(f"s3://{bucket}/{key} was replaced by another run; trigger the month again")
