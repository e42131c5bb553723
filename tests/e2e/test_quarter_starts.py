"""The quarterly DAG starts by itself, by Airflow's own scheduler and metadata database."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import ENVIRONMENT
from tests.e2e.deployment import Deployment, base_environment

pytestmark = pytest.mark.xdist_group("e2e-late")


def test_it_starts_once_when_the_third_month_can_be_read_whichever_that_is(
    airflow_database: Path, tmp_path: Path
) -> None:
    deployment = Deployment(tmp_path, base_environment(tmp_path)).with_variables(ENVIRONMENT)
    shutil.copy(airflow_database, tmp_path / "airflow/airflow.db")
    written = deployment.command("-m", "airflow", "dags", "reserialize")
    assert written.returncode == 0, written.stderr
    unpaused = deployment.command("-m", "airflow", "dags", "unpause", "quarterly_report_usage_logs", "--yes")
    assert unpaused.returncode == 0, unpaused.stderr
    done = deployment.command("-m", "tests.e2e.quarter_starts", "2025-02", "2025-04", "2025-03", "2025-01", "2025-01")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [[], [], [], ["2025-Q1"], ["2025-Q1"]]
