"""How much a run's report queries will read, before any of them is started.

    python -m ttl_archive.scan_estimate [usage_logs [2025-03]]

The estimate of a statement is the sum of the published bytes of the months that its partition filter lets through, once
for each time it names the table: what Athena reads of gzipped JSON Lines, and more than it reads of Parquet. Compacting
the month counts as reading it three times: once to write it, and once each side to compare.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from botocore.exceptions import BotoCoreError
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ttl_archive import objects, planning
from ttl_archive.catalog import report_variables
from ttl_archive.config import Archive, find_archive, load_archives
from ttl_archive.errors import ScanTooLarge
from ttl_archive.layout import pointer_key, report_table
from ttl_archive.manifest import Pointer
from ttl_archive.months import Month
from ttl_archive.report.partition_filter import months_read
from ttl_archive.report.sections import load_sections
from ttl_archive.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_POINTER = re.compile(r"(\d{4}-\d{2})\.json")


@dataclass(frozen=True)
class Reading:
    """What one statement will read; a month is in ``months`` once for each time it is read."""

    name: str
    months: tuple[str, ...]
    bytes: int

    def __str__(self) -> str:
        return f"{self.name}: {self.bytes:,} bytes of {', '.join(self.months) or 'no month'}"


def estimate(
    include_dir: Path, archive: Archive, month: Month, published: Iterable[str], size_of: Callable[[str], int]
) -> list[Reading]:
    """The reading of each statement that a report of the month runs.

    :param published: the months that readers will see, this one among them.
    :param size_of: the published bytes of a month.
    """
    months = sorted(set(published))
    environment = Environment(  # noqa: S701  # SQL, not HTML
        loader=FileSystemLoader(include_dir / "sql"), undefined=StrictUndefined
    )
    variables = {**report_variables(archive), "month": month, "previous_month": month.previous}
    readings = [Reading("count_published", (str(month),), size_of(str(month)))]
    if archive.catalog.parquet:
        readings.append(Reading("compact", (str(month),) * 3, 3 * size_of(str(month))))
    for section in load_sections(include_dir, archive.name):
        statement = environment.get_template(section.template).render(**variables)
        read = [one for named in months_read(statement, report_table(archive), months) for one in named]
        readings.append(Reading(section.name, tuple(read), sum(map(size_of, read))))
    return readings


def estimate_from_manifests(s3: S3Client, include_dir: Path, archive: Archive, month: Month) -> list[Reading]:
    """The estimate by the manifests of the months that are published.

    The month itself counts as big as the last month published before it, until it is published.
    """
    months = published_months(s3, archive)

    @cache
    def size_of(name: str) -> int:
        if name in months:
            return _published_bytes(s3, archive, Month.parse(name, archive.timezone))
        before = [one for one in months if one < str(month)]
        return size_of(before[-1]) if name == str(month) and before else 0

    return estimate(include_dir, archive, month, [*months, str(month)], size_of)


def _published_bytes(s3: S3Client, archive: Archive, month: Month) -> int:
    """The bytes of a month that has a pointer; unlike ``planning.published``, this only reads."""
    bucket = archive.destination.bucket
    found = objects.read(s3, bucket, pointer_key(archive, month))
    if found is None:  # removed a moment ago
        return 0
    pointer = Pointer.model_validate(orjson.loads(found.body))
    return planning.read_manifest(s3, bucket, pointer.manifest).bytes


def published_months(s3: S3Client, archive: Archive) -> list[str]:
    """The months that have a pointer, sorted."""
    folder = pointer_key(archive, Month(2025, 1, archive.timezone)).rpartition("/")[0] + "/"
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=archive.destination.bucket, Prefix=folder, Delimiter="/"
    )
    names = [one["Key"].removeprefix(folder) for page in pages for one in page.get("Contents", [])]
    return sorted(found[1] for name in names if (found := _POINTER.fullmatch(name)))


def check_scan(s3: S3Client, include_dir: Path, archive: Archive, month: Month) -> list[Reading]:
    """Estimate the run, and refuse one that would read more than ``athena.max_scan_bytes``; no limit, no estimate.

    :raises ScanTooLarge: with the estimate of each statement, the largest first.
    """
    limit = archive.athena.max_scan_bytes
    if limit is None:
        return []
    readings = estimate_from_manifests(s3, include_dir, archive, month)
    total = sum(one.bytes for one in readings)
    if total > limit:
        listed = "\n".join(f"  {one}" for one in sorted(readings, key=lambda one: -one.bytes))
        raise ScanTooLarge(
            f"{archive.name} {month}: the report would read {total:,} bytes, athena.max_scan_bytes allows {limit:,}; "
            f"no query was started:\n{listed}\n  next step: narrow the partition filters of those that read most, or "
            f"raise athena.max_scan_bytes in include/archives/{archive.name}.yaml"
        )
    return readings


def main() -> int:
    """Print estimates; exit code 1 if one is over its archive's limit."""
    from ttl_archive.clients import client

    parser = argparse.ArgumentParser(prog="ttl_archive.scan_estimate", description="Estimate what a report reads.")
    parser.add_argument("archive", nargs="?", help="file stem of include/archives/*.yaml; default: all of them")
    parser.add_argument("month", nargs="?", help="YYYY-MM; default: the last published one")
    arguments = parser.parse_args()
    include_dir = settings().include_dir
    if arguments.archive is None and settings().bucket is None:
        sys.stdout.write("nothing to estimate by: the environment names no deployment (TTL_ARCHIVE_BUCKET)\n")
        return 0
    if arguments.archive:
        archive = find_archive(include_dir, arguments.archive, os.environ)
        return _print_estimate(client(archive, "s3"), include_dir, archive, arguments.month)
    archives = load_archives(include_dir, os.environ)
    try:
        # Every one is printed, also after one that is over.
        return max([_print_estimate(client(one, "s3"), include_dir, one, None) for one in archives])
    except BotoCoreError as error:  # a check of statements that needs no deployment must not fail for want of one
        sys.stdout.write(f"nothing to estimate by: {error}\n")
        return 0


def _print_estimate(s3: S3Client, include_dir: Path, archive: Archive, name: str | None) -> int:
    months = [name] if name else published_months(s3, archive)[-1:]
    if not months:
        sys.stdout.write(f"{archive.name}: no month is published, so there is nothing to estimate by\n")
        return 0
    month = Month.parse(months[0], archive.timezone)
    readings = estimate_from_manifests(s3, include_dir, archive, month)
    lines = [f"{archive.name} {month}:", *(f"  {one}" for one in readings)]
    lines.append(f"  total: {sum(one.bytes for one in readings):,} bytes")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    try:
        check_scan(s3, include_dir, archive, month)
    except ScanTooLarge as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
