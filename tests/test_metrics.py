"""A report's metrics, as a StatsD server on UDP gets them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import timedelta

from tests.conftest import REPOSITORY
from tests.report.sample_report import sample_content
from ttl_archive.metrics import gauges

# As the process of a task does before it runs one: airflow/sdk/execution_time/task_runner.py, main().
TASK = """
from datetime import timedelta
from airflow.sdk.configuration import conf
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils
from tests.report.sample_report import sample_content
from ttl_archive import metrics
legacy = conf.getboolean("metrics", "legacy_names_on")
stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=legacy)
content = sample_content()
metrics.emit(content, 123456, content.provenance.generated_at - timedelta(minutes=5))
"""


def received(server: socket.socket) -> dict[str, str]:
    """The package's metrics that have come, by their names; Airflow has others."""
    found = {}
    while True:
        try:
            name, _, value = server.recv(65536).decode().partition(":")
        except TimeoutError:
            return found
        if ".ttl_archive." in name:
            found[name] = value


def test_a_statsd_server_gets_every_gauge() -> None:
    content = sample_content()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(1)
        metrics = {"STATSD_ON": "True", "STATSD_HOST": "127.0.0.1", "STATSD_PORT": str(server.getsockname()[1])}
        environment = {**os.environ, **{f"AIRFLOW__METRICS__{name}": value for name, value in metrics.items()}}
        done = subprocess.run(
            [sys.executable, "-c", TASK], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        found = received(server)
    expected = gauges(content, 123456, content.provenance.generated_at - timedelta(minutes=5))
    assert {"items", "bytes", "days_left", "usd", "run_seconds"} <= expected.keys()
    assert (expected["bytes"], expected["run_seconds"]) == (123456, 300)
    prefix = f"airflow.ttl_archive.{content.archive}."
    assert found == {f"{prefix}{name}": f"{value}|g" for name, value in expected.items()}


def test_the_runbook_lists_every_metric() -> None:
    content = sample_content()
    runbook = (REPOSITORY / "docs/runbook.md").read_text()
    for name in gauges(content, 1, content.provenance.generated_at):
        assert f"| `{name}` |" in runbook
