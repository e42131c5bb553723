"""The real DAG, run by Airflow under the pipeline role, killed with SIGKILL at a moment drawn from a seed."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.chaos import published
from tests.chaos.conftest import make_items
from tests.chaos.fault_proxy import Answer, At, FaultProxy, Request
from tests.chaos.trial import LONG, seeds
from tests.conftest import REPOSITORY
from tests.e2e import laboratory, readers
from tests.e2e.deployment import Deployment
from tests.e2e.pipeline import Pipeline
from ttl_archive.layout import lease_key, report_prefix

pytestmark = [pytest.mark.xdist_group("chaos-kill"), pytest.mark.timeout(600)]
# A run makes about as many requests as this: see the assertion that it was killed.
REQUESTS = 90


@pytest.fixture(scope="session")
def months(lab: Deployment) -> Callable[[], tuple[Pipeline, published.Rows, published.Rows]]:
    """A published month whose table has got further items since: the old rows, and those that a new run must publish.

    The archive is one of ``laboratory.ARCHIVES``, since a DAG needs a YAML file; each call adds to the same month.
    """
    pipeline = replace(laboratory.pipeline(lab, "diary"), aws=lab.admin())
    items: list[laboratory.Item] = []

    def make() -> tuple[Pipeline, published.Rows, published.Rows]:
        def grow() -> published.Rows:
            items.extend(make_items(pipeline.month, range(len(items), len(items) + 30)))
            laboratory.put(pipeline, items[-30:])
            return published.rows_of(items)

        rows = grow()
        pipeline.run(f"the run before, of {len(items)} items")
        return pipeline, rows, grow()

    return make


def start(lab: Deployment, url: str, pipeline: Pipeline, **more: Any) -> subprocess.Popen[str]:
    """``make archive``, with another endpoint."""
    environment = {name: value.replace(lab.url, url) for name, value in lab.environment.items()}
    return subprocess.Popen(
        [str(REPOSITORY / ".venv/bin/python"), "-m", "ttl_archive.run", "diary", "--month", str(pipeline.month)],
        cwd=lab.folder,
        env=environment | {"TTL_ARCHIVE_RETRY_SECONDS": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **more,
    )


def ended(process: subprocess.Popen[str]) -> str:
    """What the run printed; nothing of it may live on."""
    with process:
        try:
            said, _ = process.communicate(timeout=240)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return said


def end_lease(pipeline: Pipeline) -> None:
    """Ten minutes later: the lease of the killed run has ended."""
    lease = pipeline.lease()
    if lease:
        body = json.dumps({**lease, "expires_at": 0}).encode()
        key = lease_key(pipeline.archive, pipeline.month)
        pipeline.admin.s3.put_object(Bucket=pipeline.archive.destination.bucket, Key=key, Body=body)


def run_again(lab: Deployment, pipeline: Pipeline) -> None:
    """A new run, unharmed; the month is what its report says."""
    end_lease(pipeline)
    process = start(lab, lab.url, pipeline)
    said = ended(process)
    assert process.returncode == 0, said


def check(lab: Deployment, pipeline: Pipeline, witness: published.Witness, expected: published.Rows) -> None:
    found = published.month(pipeline)
    assert found == expected
    assert witness.failures == []
    partition, pointer = pipeline.partition(), pipeline.pointer()
    assert partition is not None
    assert pointer is not None
    assert partition.location == pointer["location"]
    bucket = partition.bucket
    manifest = readers.document(pipeline.admin, bucket, pointer["manifest"])
    keys = {key.removeprefix(partition.prefix) for key in readers.keys(pipeline.admin, bucket, partition.prefix)}
    assert keys == {part["name"] for part in manifest["parts"]}
    key = f"{report_prefix(pipeline.archive, pipeline.month)}report.json"
    report = readers.document(pipeline.admin, lab.results_bucket, key)
    assert report["counts"]["archived"] == report["counts"]["athena"] == len(expected)
    assert report["certificate"]["safe_to_expire"] is True


@pytest.mark.parametrize("seed", seeds(short=1, long=8))
def test_a_killed_run_is_mended_by_the_next_one(
    lab: Deployment, proxy: FaultProxy, months: Callable[[], Any], seed: int
) -> None:
    pipeline, old, new = months()
    random = Random(seed)
    number, carried_out = random.randint(1, REQUESTS), random.choice([True, False])
    with published.Witness(pipeline) as witness:
        process = start(lab, proxy.url, pipeline)

        def kill(request: Request) -> Answer | None:
            if carried_out:
                request.forward()
            os.killpg(process.pid, signal.SIGKILL)
            return None

        # The process takes seconds to begin; its first request comes long after this.
        with proxy.meddling(At(number, kill)):
            said = ended(process)
            where = proxy.log[-1] if proxy.log else "nothing"
        assert process.returncode == -signal.SIGKILL, f"it ended before request {number} of {len(proxy.log)}: {said}"
        print(f"seed {seed}: killed at request {number}, {where}, carried out: {carried_out}")  # noqa: T201
        witness.look()
        assert all(one in (old, new) for one in witness.seen)
        run_again(lab, pipeline)
    published.only_old_or_new(witness, old, new)
    check(lab, pipeline, witness, new)


@pytest.mark.skipif(not LONG, reason="long form: CHAOS_LONG=1")
def test_a_run_that_fills_the_disk_fails_and_can_be_repeated(
    lab: Deployment, proxy: FaultProxy, months: Callable[[], Any]
) -> None:
    """Airflow itself needs its disk: no file may grow beyond its database, so that it soon can't go on."""
    pipeline, old, new = months()
    database = Path(lab.environment["AIRFLOW_HOME"]) / "airflow.db"
    most = database.stat().st_size

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    with published.Witness(pipeline) as witness:
        process = start(lab, proxy.url, pipeline, preexec_fn=limit)
        ended(process)
        witness.look()
        assert all(one in (old, new) for one in witness.seen)
        run_again(lab, pipeline)
    published.only_old_or_new(witness, old, new)
    check(lab, pipeline, witness, new)
