"""Deployments on an embedded AWS of each worker's own; nothing is written outside pytest's temporary folder."""

from __future__ import annotations

import fcntl
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local_aws.sample_data import write_items
from tests.conftest import REPOSITORY
from tests.e2e import laboratory
from tests.e2e.deployment import Deployment, base_environment, copy_include, exports
from tests.e2e.oracle import Finished, Oracle, run
from tests.e2e.pipeline import Pipeline


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def airflow_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated metadata database to copy, made once for all workers."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if shared.name.startswith("popen-") else shared
    folder = shared / "airflow-template"
    with (shared / "airflow-template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        database = folder / "airflow/airflow.db"
        if not (folder / "ready").exists():
            migrated_database(folder)
            (folder / "ready").touch()
    return database


def migrated_database(folder: Path) -> Path:
    """A new metadata database, as ``airflow db migrate`` makes it."""
    migrated = Deployment(folder, base_environment(folder)).command("-m", "airflow", "db", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    return folder / "airflow/airflow.db"


@contextmanager
def embedded_aws(folder: Path, airflow_database: Path, **variables: str) -> Iterator[Deployment]:
    """An embedded AWS, started with these variables, with nothing in it yet, and an Airflow home."""
    deployment = Deployment(folder, base_environment(folder))
    shutil.copy(airflow_database, folder / "airflow/airflow.db")
    state = str(folder / "aws")
    started = deployment.command(
        "-m", "local_aws", "start", "--state", state, "--port", str(_free_port()), venv=".venv-aws", **variables
    )
    assert started.returncode == 0, started.stderr
    try:
        yield deployment.with_variables(exports(started.stdout))
    finally:
        stopped = deployment.command("-m", "local_aws", "stop", "--state", state, venv=".venv-aws")
        shutil.rmtree(folder / "aws")
    assert "stopped http://127.0.0.1:" in stopped.stderr


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory, airflow_database: Path) -> Iterator[Deployment]:
    """The embedded AWS that the worker's tests share."""
    with embedded_aws(tmp_path_factory.mktemp("e2e"), airflow_database) as deployment:
        yield deployment


def _deployed(deployment: Deployment, *arguments: str) -> Deployment:
    deployed = deployment.command("-m", "ttl_archive.stack", "deploy", *arguments)
    assert deployed.returncode == 0, deployed.stderr
    return deployment.with_variables(exports(deployed.stdout))


@pytest.fixture(scope="session")
def dev(embedded: Deployment) -> Deployment:
    """The shipped archives' deployment, as `make local-aws` makes it; its tables are still missing."""
    return _deployed(embedded, "--env", "dev")


def _loaded(dev: Deployment, name: str) -> Oracle:
    oracle = Oracle(dev, name)
    path = dev.folder / f"{name}.jsonl.gz"
    write_items(path, oracle.samples)
    seeded = dev.command("-m", "local_aws.seed", "--archive", name, "--items", str(path))
    assert seeded.returncode == 0, seeded.stderr
    return oracle


@pytest.fixture(scope="session")
def usage_logs(dev: Deployment) -> Oracle:
    return _loaded(dev, "usage_logs")


@pytest.fixture(scope="session")
def sensor_readings(dev: Deployment) -> Oracle:
    return _loaded(dev, "sensor_readings")


@pytest.fixture(scope="session")
def usage(dev: Deployment, usage_logs: Oracle) -> Finished:
    """The main job of usage_logs."""
    return run(dev, usage_logs)


@pytest.fixture(scope="session")
def sensors(dev: Deployment, sensor_readings: Oracle) -> Finished:
    """The main job of sensor_readings."""
    return run(dev, sensor_readings)


@pytest.fixture(scope="session")
def lab(embedded: Deployment) -> Deployment:
    """A second deployment whose archives are made to be broken: ``laboratory.ARCHIVES``."""
    include = copy_include(embedded.folder / "include")
    laboratory.write_archives(include)
    deployment = _deployed(embedded.with_variables({"TTL_ARCHIVE_INCLUDE_DIR": str(include)}), "--env", "stg")
    laboratory.create_tables(deployment)
    return deployment


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return iter(range(1, 1000))


@pytest.fixture
def small(lab: Deployment, _numbers: Iterator[int]) -> Callable[..., Pipeline]:
    """A pipeline for a new small table and a new Glue table, under the administrator: ``small("diary")``."""

    def make(like: str, **source: Any) -> Pipeline:
        return laboratory.new_pipeline(lab, like, next(_numbers), **source)

    return make


@pytest.fixture(scope="session", autouse=True)
def _ready() -> None:
    for venv in (".venv", ".venv-aws"):
        python = REPOSITORY / venv / "bin/python"
        if not python.exists():
            pytest.fail(f"{python} is missing: run `make test`, which makes it")
