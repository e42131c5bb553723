"""How much a run's queries will read, before any of them is started.

    python -m ttl_archive.scan_estimate [usage_logs [2025-03 | 2025-Q1]]

The estimate of a report's statement is the sum of the published bytes of the months that its partition filter lets
through, once for each time it names the table: what Athena reads of gzipped JSON Lines, and more than it reads of
Parquet. What verifies, compacts and refreshes a month reads it as often as ``READS`` says.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from botocore.exceptions import BotoCoreError, ClientError
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ttl_archive import compaction, objects, planning
from ttl_archive.catalog import report_variables
from ttl_archive.config import Archive, find_archive, load_archives
from ttl_archive.errors import ScanTooLarge
from ttl_archive.layout import pointer_key, report_table
from ttl_archive.manifest import Pointer
from ttl_archive.months import Month, Quarter, parse_period
from ttl_archive.report.partition_filter import months_read
from ttl_archive.report.sections import load_sections
from ttl_archive.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

# How often each statement of include/sql/catalog reads a generation: Athena reads a table expression (WITH) anew
# wherever it is named. A comparison reads two generations of about the same size. Compacting a month reads it once to
# write it, and each side once to compare.
READS = {"audit": 1, "missing_keys": 5, "late_items": 8, "gone_lines": 2, "compact": 3}
_POINTER = re.compile(r"(\d{4}-\d{2})\.json")


@dataclass(frozen=True)
class Reading:
    """What one statement will read; a month is in ``months`` once for each time it is read."""

    name: str
    months: tuple[str, ...]
    bytes: int

    def __str__(self) -> str:
        return f"{self.name}: {self.bytes:,} bytes of {', '.join(self.months) or 'no month'}"


@dataclass(frozen=True)
class Work:
    """What a month's run does besides reporting it.

    :param scans: whether it scans the table, or only reports a published month.
    :param open_months: the months whose late items it looks for.
    :param compacts: the months that it compacts besides its own: as a rule none, but all after a column was appended.
    """

    scans: bool = True
    open_months: tuple[str, ...] = ()
    compacts: tuple[str, ...] = ()


def estimate(
    include_dir: Path,
    archive: Archive,
    period: Month | Quarter,
    published: Iterable[str],
    size_of: Callable[[str], int],
    work: Work = Work(),
) -> list[Reading]:
    """The reading of each statement that archives and reports a month, or reports a quarter.

    :param published: the months that readers will see, those of the period among them.
    :param size_of: the published bytes of a month.
    """
    months = sorted(set(published))
    environment = Environment(  # noqa: S701  # SQL, not HTML
        loader=FileSystemLoader(include_dir / "sql"), undefined=StrictUndefined
    )
    kind, name = ("report", "month") if isinstance(period, Month) else ("quarterly", "quarter")
    variables = {**report_variables(archive), name: period, f"previous_{name}": period.previous}
    read = _read_of_quarter(period) if isinstance(period, Quarter) else _read_of_month(archive, period, work)
    for section in load_sections(include_dir, archive.name, kind):
        statement = environment.get_template(section.template).render(**variables)
        named = months_read(statement, report_table(archive), months)
        read.append((section.name, tuple(one for each in named for one in each)))
    return [Reading(name, months, sum(map(size_of, months))) for name, months in read]


def _read_of_quarter(quarter: Quarter) -> list[tuple[str, tuple[str, ...]]]:
    return [("count_quarter", tuple(map(str, quarter.months)))]


def _read_of_month(archive: Archive, month: Month, work: Work) -> list[tuple[str, tuple[str, ...]]]:
    """What the run reads besides the sections."""
    done = [("audit", str(month)), ("missing_keys", str(month))] if work.scans else []
    again = ["late_items", *(["gone_lines", "audit", "missing_keys"] if archive.source.refresh_open_months else [])]
    done += [(name, other) for other in work.open_months for name in again]
    if archive.catalog.parquet:
        refreshed = work.open_months if archive.source.refresh_open_months else ()
        own = (str(month),) if work.scans else ()
        done += [("compact", one) for one in dict.fromkeys((*own, *refreshed, *work.compacts))]
    read = [(name if of == str(month) else f"{name} of {of}", (of,) * READS[name]) for name, of in done]
    return [*read, ("count_published", (str(month),))]


def estimate_from_manifests(
    s3: S3Client,
    include_dir: Path,
    archive: Archive,
    period: Month | Quarter,
    compacts: Iterable[str] = (),
    scans: bool = True,
) -> list[Reading]:
    """The estimate by the manifests of the months that are published.

    A month counts as big as the last month published before it, until it is published.

    :param compacts: the months that the compacted table lacks.
    :param scans: whether a month's run scans the table.
    """
    months, now = published_months(s3, archive), datetime.now(UTC)

    @cache
    def size_of(name: str) -> int:
        if name in months:
            return _published_bytes(s3, archive, Month.parse(name, archive.timezone))
        before = [one for one in months if one < name]
        return size_of(before[-1]) if before else 0

    own = [str(month) for month in period.months] if isinstance(period, Quarter) else [str(period)]
    others = [Month.parse(name, archive.timezone) for name in months if name not in own]
    open_months = [str(month) for month in others if scans and now < planning.horizon(archive, month)]
    return estimate(
        include_dir, archive, period, [*months, *own], size_of, Work(scans, tuple(open_months), tuple(compacts))
    )


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


def check_scan(
    s3: S3Client,
    include_dir: Path,
    archive: Archive,
    period: Month | Quarter,
    compacts: Iterable[str] = (),
    scans: bool = True,
) -> list[Reading]:
    """Estimate the run, and refuse one that would read more than ``athena.max_scan_bytes``; no limit, no estimate.

    :param compacts: the months that the compacted table lacks.
    :param scans: whether a month's run scans the table.
    :raises ScanTooLarge: with the estimate of each statement, the largest first.
    """
    limit = archive.athena.max_scan_bytes
    if limit is None:
        return []
    readings = estimate_from_manifests(s3, include_dir, archive, period, compacts, scans)
    total = sum(one.bytes for one in readings)
    if total > limit:
        listed = "\n".join(f"  {one}" for one in sorted(readings, key=lambda one: -one.bytes))
        raise ScanTooLarge(
            f"{archive.name} {period}: the run would read {total:,} bytes, athena.max_scan_bytes allows {limit:,}; "
            f"no query was started:\n{listed}\n  next step: narrow the partition filters of those that read most, or "
            f"raise athena.max_scan_bytes in include/archives/{archive.name}.yaml"
        )
    return readings


def main() -> int:
    """Print estimates; exit code 1 if one is over its archive's limit."""
    from ttl_archive.clients import client

    parser = argparse.ArgumentParser(prog="ttl_archive.scan_estimate", description="Estimate what a report reads.")
    parser.add_argument("archive", nargs="?", help="file stem of include/archives/*.yaml; default: all of them")
    parser.add_argument("period", nargs="?", help="YYYY-MM or YYYY-Qn; default: the last published month")
    arguments = parser.parse_args()
    include_dir = settings().include_dir
    if arguments.archive is None and settings().bucket is None:
        sys.stdout.write("nothing to estimate by: the environment names no deployment (TTL_ARCHIVE_BUCKET)\n")
        return 0
    if arguments.archive:
        archive = find_archive(include_dir, arguments.archive, os.environ)
        return _print_estimate(client(archive, "s3"), client(archive, "glue"), include_dir, archive, arguments.period)
    archives = load_archives(include_dir, os.environ)
    try:
        # Every one is printed, also after one that is over.
        return max(
            [_print_estimate(client(one, "s3"), client(one, "glue"), include_dir, one, None) for one in archives]
        )
    except (BotoCoreError, ClientError) as error:  # a check of statements must not fail for want of a deployment
        sys.stdout.write(f"nothing to estimate by: {error}\n")
        return 0


def _print_estimate(s3: S3Client, glue: GlueClient, include_dir: Path, archive: Archive, name: str | None) -> int:
    names = [name] if name else published_months(s3, archive)[-1:]
    if not names:
        sys.stdout.write(f"{archive.name}: no month is published, so there is nothing to estimate by\n")
        return 0
    period = parse_period(names[0], archive.timezone)
    compacts = compaction.lacking(archive, glue)
    readings = estimate_from_manifests(s3, include_dir, archive, period, compacts)
    lines = [f"{archive.name} {period}:", *(f"  {one}" for one in readings)]
    lines.append(f"  total: {sum(one.bytes for one in readings):,} bytes")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    try:
        check_scan(s3, include_dir, archive, period, compacts)
    except ScanTooLarge as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
