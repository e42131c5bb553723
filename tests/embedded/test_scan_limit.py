"""A run that would read more than the archive allows is refused by what the manifests in S3 say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ENVIRONMENT, REPOSITORY
from tests.local_aws.harness import Aws
from ttl_archive import prerequisites, scan_estimate
from ttl_archive.config import Archive, find_archive
from ttl_archive.errors import PrerequisiteError, ScanTooLarge
from ttl_archive.layout import GenerationLayout, pointer_key
from ttl_archive.manifest import Manifest, Pointer, TtlCounts
from ttl_archive.months import Month

INCLUDE = REPOSITORY / "include"
SIZES = {"2025-01": 1_000, "2025-02": 20_000}


def limited(bucket: str, limit: int | None) -> Archive:
    archive = find_archive(INCLUDE, "usage_logs", {**ENVIRONMENT, "TTL_ARCHIVE_BUCKET": bucket})
    return archive.model_copy(update={"athena": archive.athena.model_copy(update={"max_scan_bytes": limit})})


@pytest.fixture(scope="module")
def s3(aws: Aws, bucket: str) -> Any:
    """Two published months."""
    client, archive = aws.client("s3"), limited(bucket, None)
    for name, size in SIZES.items():
        layout = GenerationLayout(archive, Month.parse(name), "0123456789ab")
        manifest = Manifest(
            archive="usage_logs", month=name, timezone="UTC", generation=layout.generation, table="t",
            key_attributes=("id",), as_of=datetime(2025, 4, 1, tzinfo=UTC), complete=True, total_segments=1, pages=1,
            scanned=1, archived=1, outside=0, quarantined=0, filtered=0, bytes=size, read_units=1.0, types={},
            ttl=TtlCounts(), parts=(), quarantine_parts=(), quarantined_keys=(),
        )  # fmt: skip
        pointer = Pointer(generation=layout.generation, manifest=layout.manifest_key, fence=1, location="s3://x/")
        client.put_object(Bucket=bucket, Key=layout.manifest_key, Body=manifest.to_bytes())
        client.put_object(Bucket=bucket, Key=pointer_key(archive, layout.month), Body=pointer.to_bytes())
    return client


def total(found: list[scan_estimate.Reading]) -> int:
    return sum(one.bytes for one in found)


def test_published_months_are_those_with_a_pointer(s3: Any, bucket: str) -> None:
    assert scan_estimate.published_months(s3, limited(bucket, None)) == ["2025-01", "2025-02"]


def test_a_published_month_is_estimated_by_its_manifest(s3: Any, bucket: str) -> None:
    found = scan_estimate.estimate_from_manifests(s3, INCLUDE, limited(bucket, None), Month(2025, 2))
    by_name = {one.name: one.bytes for one in found}
    assert by_name["count_published"] == 20_000
    assert by_name["70_change_by_action"] == 21_000


def test_a_month_to_come_counts_as_big_as_the_last(s3: Any, bucket: str) -> None:
    found = scan_estimate.estimate_from_manifests(s3, INCLUDE, limited(bucket, None), Month(2025, 3))
    assert {one.name: one.bytes for one in found}["count_published"] == 20_000


def test_a_run_over_the_limit_is_refused_with_the_estimate(s3: Any, bucket: str) -> None:
    needed = total(scan_estimate.estimate_from_manifests(s3, INCLUDE, limited(bucket, None), Month(2025, 2)))
    assert scan_estimate.check_scan(s3, INCLUDE, limited(bucket, needed), Month(2025, 2))
    with pytest.raises(ScanTooLarge) as refused:
        scan_estimate.check_scan(s3, INCLUDE, limited(bucket, needed - 1), Month(2025, 2))
    message = str(refused.value)
    assert f"would read {needed:,} bytes, athena.max_scan_bytes allows {needed - 1:,}" in message
    assert "70_change_by_action: 21,000 bytes of 2025-01, 2025-02" in message
    assert "include/archives/usage_logs.yaml" in message


def test_no_limit_looks_at_nothing(bucket: str) -> None:
    assert scan_estimate.check_scan(None, INCLUDE, limited(bucket, None), Month(2025, 2)) == []  # type: ignore[arg-type]


def test_the_prerequisites_refuse_it_before_anything_is_read(aws: Aws, s3: Any, bucket: str) -> None:
    clients = {name: aws.client(name) for name in ("dynamodb", "glue", "athena")}
    with pytest.raises(PrerequisiteError) as refused:
        prerequisites.check_prerequisites(limited(bucket, 10), Month(2025, 2), s3=s3, **clients)
    assert any("athena.max_scan_bytes allows 10" in problem for problem in refused.value.problems)


def _command(aws: Aws, bucket: str, include: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{REPOSITORY}/plugins",
        "AIRFLOW_HOME": str(include.parent),
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "TTL_ARCHIVE_INCLUDE_DIR": str(include),
        **ENVIRONMENT,
        "TTL_ARCHIVE_BUCKET": bucket,
        **more,
    }
    command = [sys.executable, "-m", "ttl_archive.scan_estimate", *arguments]
    return subprocess.run(command, env=environment, text=True, capture_output=True, check=False, timeout=120)


@pytest.mark.usefixtures("s3")
def test_the_command_estimates_the_last_published_month_of_every_archive(aws: Aws, bucket: str, tmp_path: Path) -> None:
    include = tmp_path / "include"
    shutil.copytree(INCLUDE, include)
    done = _command(aws, bucket, include)
    assert done.returncode == 0, done.stderr
    assert "sensor_readings: no month is published" in done.stdout
    assert "usage_logs 2025-02:\n  audit: 20,000 bytes of 2025-02\n" in done.stdout
    assert "\n  count_published: 20,000 bytes of 2025-02\n" in done.stdout
    quarter = _command(aws, bucket, include, "usage_logs", "2025-Q1")
    assert quarter.returncode == 0, quarter.stderr
    # March isn't published, so it counts as big as February.
    assert "usage_logs 2025-Q1:\n  count_quarter: 41,000 bytes of 2025-01, 2025-02, 2025-03\n" in quarter.stdout

    archive = include / "archives/usage_logs.yaml"
    archive.write_text(archive.read_text().replace('/athena/"}', '/athena/", max_scan_bytes: 1000}'))
    limited = _command(aws, bucket, include)
    assert limited.returncode == 1
    assert "athena.max_scan_bytes allows 1,000" in limited.stderr

    nowhere = _command(aws, bucket, include, AWS_ENDPOINT_URL="http://127.0.0.1:1", AWS_MAX_ATTEMPTS="1")
    assert (nowhere.returncode, "nothing to estimate by: Could not connect" in nowhere.stdout) == (0, True)
    nothing = _command(aws, "", include)
    assert "the environment names no deployment" in nothing.stdout
