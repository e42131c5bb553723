"""Refreshing a published month that is still open: what the scan found of it, and what only the archive still has."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from ttl_archive.codec import decode
from ttl_archive.commit import write_manifest
from ttl_archive.config import Archive
from ttl_archive.export import SegmentExport, record_key
from ttl_archive.manifest import Manifest
from ttl_archive.months import Month
from ttl_archive.page import TypedItems
from ttl_archive.scan import Page

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_s3 import S3Client

_LINES_A_PAGE = 1000
_LONGEST_LINE = 64 * 1024 * 1024  # of an item of 400 KB, every character of it escaped


@dataclass(frozen=True)
class ArchivedLines:
    """Published lines in the place of a scan's segment: they count as scanned, and cost no read units."""

    lines: Iterator[str]
    segment: int
    total_segments: int

    def pages(self) -> Iterator[Page]:
        """The lines as items, a thousand at a time."""
        while items := TypedItems(decode(line.encode()) for line in islice(self.lines, _LINES_A_PAGE)):
            yield Page(items, len(items), 0.0)


def merge_month(
    archive: Archive,
    month: Month,
    opened: dict[str, Any],
    segments: int,
    gone_lines: str,
    try_number: int,
    *,
    s3: S3Client,
    athena: AthenaClient,
) -> Manifest:
    """Carry over the published lines whose keys the scan didn't find, and commit the merged generation.

    The scan's version of an item wins over the published one; no published key is lost.

    :param opened: the month's entry of ``open_months``.
    :param segments: how many segments the scan had.
    :param gone_lines: execution id of ``gone_lines.sql``.
    """
    output = athena.get_query_execution(QueryExecutionId=gone_lines)["QueryExecution"]["ResultConfiguration"]
    bucket, _, key = output["OutputLocation"].removeprefix("s3://").partition("/")
    body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    scan: Any = ArchivedLines(_lines(body), segments, segments + 1)
    SegmentExport(
        client=s3,
        bucket=archive.destination.bucket,
        prefix=opened["staging_prefix"],
        scan=scan,
        try_number=try_number,
        ttl_attribute=archive.source.ttl.attribute,
    ).run()
    exported = [
        {"segment": segment, "record": record_key(opened["staging_prefix"], segment)} for segment in range(segments + 1)
    ]
    return write_manifest(archive, month, opened, exported, "", s3=s3)


def _lines(body: Any) -> Iterator[str]:
    """The one column of a result file, without its header; Athena quotes every value of it."""
    csv.field_size_limit(_LONGEST_LINE)
    rows = csv.reader(io.TextIOWrapper(body, encoding="utf-8", newline=""))
    next(rows)
    for (line,) in rows:
        yield line
