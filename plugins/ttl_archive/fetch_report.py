"""Copies a published report to a folder and prints it.

python -m ttl_archive.fetch_report usage_logs --month 2025-03 --to build/report
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from ttl_archive.config import find_archive
from ttl_archive.errors import ArchiveError
from ttl_archive.layout import report_prefix
from ttl_archive.months import resolve_month
from ttl_archive.objects import is_missing
from ttl_archive.settings import settings


def main() -> int:
    """Copy, then print the Markdown; exit code 2 for a bad request, 1 if there is no such report."""
    parser = argparse.ArgumentParser(
        prog="ttl_archive.fetch_report", description="Copy a published report and print it."
    )
    parser.add_argument("archive", help="file stem of include/archives/*.yaml")
    parser.add_argument("--month", help="YYYY-MM; default: the last complete month")
    parser.add_argument("--to", type=Path, default=Path("build/report"), help="folder (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        archive = find_archive(settings().include_dir, arguments.archive, os.environ)
        month = resolve_month(arguments.month, None, archive.timezone, datetime.now(UTC))
    except ArchiveError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    bucket, prefix = archive.athena.results_bucket, report_prefix(archive, month)
    s3 = boto3.client("s3")
    arguments.to.mkdir(parents=True, exist_ok=True)
    for name in ("report.html", "report.md", "report.json"):
        try:
            body = s3.get_object(Bucket=bucket, Key=prefix + name)["Body"].read()
        except ClientError as error:
            if not is_missing(error):
                raise
            sys.stderr.write(f"s3://{bucket}/{prefix}{name} does not exist: {month} was not reported yet\n")
            return 1
        (arguments.to / name).write_bytes(body)
    sys.stdout.write((arguments.to / "report.md").read_text(encoding="utf-8"))
    sys.stderr.write(f"\nThe report is in {arguments.to}/report.html, .md and .json\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
