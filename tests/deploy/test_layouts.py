"""Laid out as MWAA and Astronomer have it, and nowhere else, the DAGs parse and find what they are made of."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from deploy import astronomer, mwaa

SETTINGS = {
    "TTL_ARCHIVE_BUCKET": "archive-bucket",
    "TTL_ARCHIVE_RESULTS_BUCKET": "results-bucket",
    "TTL_ARCHIVE_WORKGROUP": "workgroup",
    "TTL_ARCHIVE_TABLE_PREFIX": "prd-",
    "AIRFLOW_CONN_AWS_DEFAULT": json.dumps({"conn_type": "aws", "extra": {"region_name": "eu-central-1"}}),
}
# Each DAG, and whether each of its statements was found: a parsed task has the text in place of the file's name.
PARSE = """
import json, os
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
found = {}
for dag_id, dag in bag.dags.items():
    queries = [task.query for task in dag.tasks if isinstance(getattr(task, "query", None), str)]
    found[dag_id] = ["SELECT" in query or "CREATE" in query or "ALTER" in query for query in queries]
print("PARSED", json.dumps({"errors": bag.import_errors, "dags": found}))
"""


def _parse(home: Path, before: str = "", **variables: str) -> dict[str, object]:
    """What the DAGs folder of an Airflow home holds, in a process that knows nothing of this repository."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(home / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "PYTHONDONTWRITEBYTECODE": "1",
        **variables,
    }
    command = f"{before}\nexec {shlex.quote(sys.executable)} -c {shlex.quote(PARSE)}"
    done = subprocess.run(
        ["bash", "-euc", command], cwd=home, env=environment, text=True, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    parsed: dict[str, object] = json.loads(done.stdout.rpartition("PARSED ")[2])
    return parsed


def _holds_the_archives(parsed: dict[str, object]) -> None:
    assert parsed["errors"] == {}
    dags = parsed["dags"]
    assert isinstance(dags, dict)
    fewest = {"archive_watch": 0, "monthly_archive_": 5, "quarterly_report_": 1}  # statements that aren't mapped
    names = {f"{dag}{archive}" for dag in list(fewest)[1:] for archive in ("usage_logs", "sensor_readings")}
    assert set(dags) == {"archive_watch", *names}
    for start, count in fewest.items():
        for templates in (templates for dag_id, templates in dags.items() if dag_id.startswith(start)):
            assert len(templates) >= count
            assert all(templates)


def _mwaa_home(tmp_path: Path) -> tuple[Path, Path]:
    """A package, and a home that has it as MWAA lays it out."""
    package, home = tmp_path / "package", tmp_path / "airflow"
    mwaa.write_package(package, SETTINGS)
    home.mkdir()
    (package / "dags").rename(home / "dags")
    with zipfile.ZipFile(package / "plugins.zip") as archive:
        archive.extractall(home / "plugins")
    return package, home


def test_the_mwaa_package_parses_as_mwaa_unpacks_it(tmp_path: Path) -> None:
    package, home = _mwaa_home(tmp_path)
    _holds_the_archives(_parse(home, before=f"source {package}/startup.sh"))


def test_without_the_startup_script_mwaa_would_find_no_archive(tmp_path: Path) -> None:
    """So that the test above can't pass for another reason."""
    _, home = _mwaa_home(tmp_path)
    assert _parse(home, **SETTINGS)["dags"] == {}


def test_mwaa_requirements_are_under_the_constraints_that_lie_in_dags(tmp_path: Path) -> None:
    mwaa.write_package(tmp_path / "package", SETTINGS)
    first, *rest = (tmp_path / "package/requirements.txt").read_text().splitlines()
    assert first == '--constraint "/usr/local/airflow/dags/constraints.txt"'
    locked = (tmp_path / "package/dags/constraints.txt").read_text().lower()
    assert len(rest) >= 10
    assert all("==" in line for line in rest)
    assert "--hash" not in locked  # pip would then want a hash for every line of requirements.txt


def test_the_mwaa_package_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        mwaa.write_package(tmp_path / name, SETTINGS)
    one, two = ((tmp_path / name / "plugins.zip").read_bytes() for name in ("one", "two"))
    assert one == two


def test_mwaa_takes_from_the_env_file_only_what_the_package_reads(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    lines = [f"{name}={shlex.quote(value)}" for name, value in SETTINGS.items()]
    path.write_text("\n".join(["# a comment", *lines, "POSTGRES_PASSWORD=canary", "AWS_SECRET_ACCESS_KEY=canary"]))
    assert mwaa.read_settings(path) == SETTINGS


def test_mwaa_refuses_an_env_file_that_lacks_a_setting(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="lacks AIRFLOW_CONN_AWS_DEFAULT, TTL_ARCHIVE_BUCKET"):
        mwaa.read_settings(tmp_path / "none")


def test_the_astro_project_parses_as_the_runtime_copies_it(tmp_path: Path) -> None:
    home = tmp_path / "airflow"
    astronomer.write_project(home, "runtime:3.3-1")
    assert (home / "Dockerfile").read_text() == "FROM runtime:3.3-1\n"
    lines = (home / "requirements.txt").read_text().splitlines()
    assert len(lines) >= 10
    assert not [line for line in lines if line.startswith("apache-airflow==")]  # the image brings it
    _holds_the_archives(_parse(home, **SETTINGS))
