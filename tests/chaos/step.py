"""One step of a run in a process of its own, as a worker runs it: what a fault test kills.

    python -m tests.chaos.step < job.json

The last line of stdout is ``{"result": ...}`` or ``{"error": class, "message": ..., "retried": true}``. Retries,
timeouts and their number are those of a deployment; only the waits between them are shortened.
"""

from __future__ import annotations

import datetime as datetime_module
import json
import os
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from pydantic import BaseModel

from tests.e2e.deployment import Clients
from tests.e2e.pipeline import Pipeline
from ttl_archive import export, parts, planning, scan
from ttl_archive.config import Archive
from ttl_archive.errors import ArchiveError, CallInterrupted, ExportInterrupted, MonthBusy, QueryInterrupted
from ttl_archive.months import Month
from ttl_archive.translation import translate

STEPS = (
    "open_generation",
    "plan_segments",
    "export_segment",
    "write_manifest",
    "catalog",
    "verify_archive",
    "publish_partition",
)
INTERRUPTIONS = (CallInterrupted, ExportInterrupted, QueryInterrupted)
# What ExportSegmentOperator gives its Scan client.
_SCAN_CONFIG = Config(retries={"mode": "adaptive", "total_max_attempts": 12}, read_timeout=60, connect_timeout=10)
_WAITS_SHORTENED = 20


class Job(BaseModel):
    """What a step needs; the same fields for all of them.

    :param url: where its AWS is.
    :param page_items: how many items a page of the Scan holds at most.
    :param clock_ahead: seconds by which this worker's clock is wrong.
    :param disk_full: whether every write to a file fails.
    """

    step: str
    archive: Archive
    month: str
    include: Path
    url: str
    run_id: str
    try_number: int = 1
    opened: dict[str, Any] = {}
    segment: dict[str, Any] = {}
    exported: list[dict[str, Any]] = []
    upload_bytes: int = parts.UPLOAD_BYTES
    target_bytes: int = 64 * 1024 * 1024
    page_items: int | None = None
    clock_ahead: float = 0
    disk_full: bool = False


class WorkerClients(Clients):
    """Clients that retry as those of a deployment do: ``Clients`` of the tests never retry."""

    def make(self, service: str) -> Any:
        return self._client(service, Config(s3={"addressing_style": "path"}))

    @property
    def scanner(self) -> Any:
        return scan.prepare_client(self._client("dynamodb", _SCAN_CONFIG))

    def _client(self, service: str, config: Config) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            config=config,
        )


def perform(job: Job) -> Any:
    """Do the step; its result is JSON."""
    month = Month.parse(job.month, job.archive.timezone)
    clients = WorkerClients(job.url)
    pipeline = Pipeline(job.archive, month, job.include, clients, clients)
    match job.step:
        case "open_generation":
            return pipeline.open(job.run_id)
        case "plan_segments":
            return planning.plan_segments(
                job.archive, month, job.opened["generation"], s3=clients.s3, dynamodb=clients.dynamodb
            )
        case "export_segment":
            scan_kwargs = {"Limit": job.page_items} if job.page_items else {}
            segment_export = pipeline.segment_export(
                job.opened, job.segment, job.try_number, target_bytes=job.target_bytes, scan_kwargs=scan_kwargs
            )
            return {"segment": segment_export.run().segment, "record": segment_export.record_key}
        case "write_manifest":
            return pipeline.commit(job.opened, job.exported).model_dump(mode="json")
        case "catalog":
            return pipeline.stage(job.opened)
        case "verify_archive":
            return pipeline.verify(job.opened).model_dump(mode="json")
        case "publish_partition":
            return pipeline.publish(job.opened, job.run_id).model_dump(mode="json")
    raise ValueError(f"no such step: {job.step}")


def is_retried(error: BaseException) -> bool:
    """Whether Airflow tries the task again, by ``ttl_archive.operators.retries``, which would import Airflow."""
    return not isinstance(error, ArchiveError) or isinstance(error, (*INTERRUPTIONS, MonthBusy))


def _shorten_waits() -> None:
    real = time.sleep
    time.sleep = lambda seconds: real(seconds / _WAITS_SHORTENED)


def _set_clock_ahead(seconds: float) -> None:
    """Let what the package reads of the clock be wrong; signatures keep the true time, which AWS would refuse."""
    real = time.time
    time.time = lambda: real() + seconds

    class Wrong(datetime_module.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return super().now(tz) + datetime_module.timedelta(seconds=seconds)

    export.datetime = Wrong  # type: ignore[misc]


def _fill_disk() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        with tempfile.TemporaryFile() as file:
            file.write(b"a byte")
    except OSError:
        return
    raise AssertionError("the disk is not full")


def main() -> int:
    job = Job.model_validate_json(sys.stdin.read())
    _shorten_waits()
    if job.clock_ahead:
        _set_clock_ahead(job.clock_ahead)
    parts.UPLOAD_BYTES = job.upload_bytes
    if job.disk_full:
        _fill_disk()
    try:
        said: dict[str, Any] = {"result": perform(job)}
    except Exception as error:
        meant = translate(error) or error
        said = {"error": type(meant).__name__, "message": str(meant), "retried": is_retried(meant)}
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    # A worker's process group ends with it; a thread of the copy pool must not keep it.
    os._exit(0 if "result" in said else 1)


if __name__ == "__main__":
    sys.exit(main())
