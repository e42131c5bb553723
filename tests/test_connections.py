"""An archive's own Airflow connection: everything of its DAG that speaks to AWS uses it, and nothing else changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ENVIRONMENT, REPOSITORY
from ttl_archive.config import find_archive
from ttl_archive.settings import connection_of, settings

SHIPPED = REPOSITORY / "include/archives/usage_logs.yaml"


@pytest.fixture
def include(tmp_path: Path) -> Path:
    (tmp_path / "archives").mkdir()
    own = {**yaml.safe_load(SHIPPED.read_text()), "aws_conn_id": "aws_of_the_shop"}
    own["report"]["notify"] = {"sns_topic": "arn:aws:sns:eu-central-1:123456789012:x"}
    (tmp_path / "archives/own.yaml").write_text(yaml.safe_dump(own))
    (tmp_path / "archives/shared.yaml").write_text(SHIPPED.read_text())
    for name in ("sql", "report"):
        (tmp_path / name).symlink_to(REPOSITORY / "include" / name)
    return tmp_path


def test_the_settings_connection_is_the_default(include: Path) -> None:
    assert connection_of(find_archive(include, "own", ENVIRONMENT)) == "aws_of_the_shop"
    assert connection_of(find_archive(include, "shared", ENVIRONMENT)) == settings().aws_conn_id == "aws_default"


def connections(task: Any) -> set[str]:
    """Every connection that a task, or what it calls when it fails, has for AWS."""
    given = task.partial_kwargs if task.is_mapped else vars(task)
    callbacks = given.get("on_failure_callback") or []
    names = {each.aws_conn_id for each in callbacks if hasattr(each, "aws_conn_id")}
    return names | {given[name] for name in ("aws_conn_id", "source_aws_conn_id") if given.get(name)}


@pytest.mark.parametrize(("name", "expected"), [("own", "aws_of_the_shop"), ("shared", "aws_default")])
def test_every_operator_has_the_archives(
    include: Path, monkeypatch: pytest.MonkeyPatch, name: str, expected: str
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    monkeypatch.setenv("TTL_ARCHIVE_INCLUDE_DIR", str(include))
    settings.cache_clear()
    try:
        bag = DagBag(str(REPOSITORY / "dags"))
        assert not bag.import_errors
        dag = bag.dags[f"monthly_archive_{name}"]
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    found = {task.task_id: connections(task) for task in dag.tasks}
    with_one = {task for task, names in found.items() if names}
    assert with_one >= {"catalog.create_database", "verify.audit", "archive.export_segment", "analyse.await_section"}
    assert set().union(*found.values()) == {expected}
