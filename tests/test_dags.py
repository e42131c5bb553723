"""The DAGs as Airflow loads them: what is there, how it hangs together, and what every DAG must obey."""

from __future__ import annotations

import os
import runpy
import socket
import subprocess
import sys
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from botocore.exceptions import ClientError

from local_aws.check_sections import Anything, check_archive
from tests.conftest import ENVIRONMENT, REPOSITORY
from ttl_archive import tasks
from ttl_archive.config import Archive, find_archive
from ttl_archive.console import object_url
from ttl_archive.errors import CallInterrupted
from ttl_archive.report.sql_rules import check_sections

DAG_IDS = {"monthly_archive_usage_logs", "monthly_archive_sensor_readings"}
QUARTERLY = {"quarterly_report_usage_logs", "quarterly_report_sensor_readings"}


@pytest.fixture(scope="module")
def bag() -> DagBag:
    with pytest.MonkeyPatch.context() as patch:

        def refuse(*_: Any, **__: Any) -> None:
            raise AssertionError("parsing a DAG file opened a connection")

        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        return DagBag(str(REPOSITORY / "dags"))


@pytest.fixture(params=sorted(DAG_IDS))
def dag(request: pytest.FixtureRequest, bag: DagBag) -> Any:
    return bag.dags[request.param]


def test_exactly_these_dags_and_no_import_errors(bag: DagBag) -> None:
    assert set(bag.dags) == {*DAG_IDS, *QUARTERLY, "archive_watch"}
    assert bag.import_errors == {}


def test_every_section_keeps_the_rules() -> None:
    """SQL that isn't Athena's, or reads every month, is named with file and line."""
    assert check_sections(REPOSITORY / "include") == []


@pytest.mark.parametrize("name", sorted(path.stem for path in (REPOSITORY / "include/archives").glob("*.yaml")))
def test_every_section_runs_on_empty_tables(name: str) -> None:
    """An unknown function or column, and types that don't fit, are named with file and line."""
    archive = find_archive(REPOSITORY / "include", name, Anything(os.environ))
    assert [problem for folder in (name, "default") for problem in check_archive(archive, folder)[0]] == []


def test_the_order_is_the_promised_one(dag: Any) -> None:
    promised = [
        "resolve_month",
        "check_prerequisites",
        "choose_path",
        "archive.open_generation",
        "archive.plan_segments",
        "archive.export_segment",
        "archive.write_manifest",
        "archive.await_manifest",
        "catalog.create_database",
        "catalog.create_table",
        "catalog.append_columns",
        "catalog.create_audit_table",
        "catalog.stage",
        "verify.verify_archive",
        "publish_partition",
        "await_partition",
        "compact.plan_compaction",
        "compact.compact_month.unload",
        "compact.compact_month.stage_parquet",
        "compact.compact_month.audit_parquet",
        "compact.compact_month.publish_compaction",
        "compact.require_compacted",
        "analyse.count_published",
        "analyse.run_section",
        "analyse.await_section",
        "publish_report",
    ]
    beside = {"archive.open_months", "verify.audit", "verify.missing_keys", "open_month.stage", "open_month.late_items"}
    assert set(dag.task_ids) == {*promised, *beside}
    for earlier, later in pairwise(promised):
        assert later in _downstream(dag, earlier), f"{later} must come after {earlier}"


def _downstream(dag: Any, task_id: str) -> set[str]:
    return {task.task_id for task in dag.get_task(task_id).get_flat_relatives(upstream=False)}


def test_nothing_is_published_before_the_audit(dag: Any) -> None:
    before = {task.task_id for task in dag.get_task("publish_partition").get_flat_relatives(upstream=True)}
    assert {"verify.verify_archive", "verify.audit", "verify.missing_keys", "archive.write_manifest"} <= before


def test_a_closed_month_goes_straight_to_the_report(dag: Any) -> None:
    choose = dag.get_task("choose_path")
    assert choose.downstream_task_ids == {"archive.open_generation", "compact.plan_compaction"}
    for task_id in ("compact.plan_compaction", "compact.require_compacted", "analyse.count_published"):
        assert dag.get_task(task_id).trigger_rule == "none_failed_min_one_success", task_id


def test_without_parquet_the_report_reads_the_published_table() -> None:
    archive = find_archive(REPOSITORY / "include", "usage_logs", ENVIRONMENT)
    catalog = archive.catalog.model_copy(update={"parquet": False})
    dag = runpy.run_path(str(REPOSITORY / "dags/monthly_archive.py"))["monthly_archive"](
        archive.model_copy(update={"catalog": catalog})
    )
    assert not [task_id for task_id in dag.task_ids if task_id.startswith("compact")]
    assert dag.get_task("choose_path").downstream_task_ids == {"archive.open_generation", "analyse.count_published"}
    assert dag.get_task("analyse.run_section").partial_kwargs["sql_variables"]["table"] == "logs"


@pytest.mark.parametrize("dag_id", [*sorted(DAG_IDS | QUARTERLY), "archive_watch"])
def test_policy(bag: DagBag, dag_id: str) -> None:
    """What our organisation asks of every DAG; a message says how to mend it."""
    dag: Any = bag.dags[dag_id]
    assert dag.catchup is False, f"{dag.dag_id}: set catchup=False"
    assert dag.max_active_runs == 1, f"{dag.dag_id}: set max_active_runs=1, since runs of a month share its lease"
    assert dag.dagrun_timeout is not None, f"{dag.dag_id}: set dagrun_timeout"
    assert dag.doc_md, f"{dag.dag_id}: the module docstring must be its doc_md"
    for heading in ("What it does", "Reads", "Writes", "Re-running", "When it fails", "Owner"):
        assert f"### {heading}" in dag.doc_md, f"{dag.dag_id}: doc_md lacks the heading {heading!r}"
    assert "ttl-archive" in dag.tags
    for task in dag.tasks:
        assert task.owner == "data-engineering", f"{task.task_id}: set owner in default_args"
        assert task.retries >= 1, f"{task.task_id}: retries"
        assert task.retry_exponential_backoff, f"{task.task_id}: retries need backoff"
        assert task.execution_timeout, f"{task.task_id}: execution_timeout"


def test_queries_and_sensors_hold_no_worker_slot(dag: Any) -> None:
    waiting = {"AthenaFileOperator", "UnloadOperator", "S3KeySensor", "GlueCatalogPartitionSensor"}
    deferrable = [task for task in dag.tasks if task.task_type in waiting]
    assert len(deferrable) == 14
    for task in deferrable:
        arguments = getattr(task, "partial_kwargs", None) or vars(task)
        assert arguments["deferrable"] is True, task.task_id


def test_every_query_is_a_file_that_exists(dag: Any) -> None:
    queries = []
    for task in dag.tasks:
        if task.task_type in ("AthenaFileOperator", "UnloadOperator"):
            mapped = getattr(task, "expand_input", None)
            queries += [one["query"] for one in mapped.value] if mapped else [task.query]
    assert len(queries) > 6
    for query in queries:
        # A file that is missing is only logged by Airflow, and its name is then sent to Athena as the statement.
        assert not query.endswith(".sql") or (REPOSITORY / "include/sql" / query).is_file(), query


def test_the_month_is_a_partition_key_and_the_last_month_over(bag: DagBag) -> None:
    from airflow.serialization.encoders import coerce_to_core_timetable
    from airflow.timetables.base import TimeRestriction

    timetable = coerce_to_core_timetable(bag.dags["monthly_archive_usage_logs"].timetable)
    restriction = TimeRestriction(earliest=datetime(2025, 3, 15, tzinfo=UTC), latest=None, catchup=True)
    info = timetable.next_dagrun_info_v2(last_dagrun_info=None, restriction=restriction)
    assert info is not None
    assert info.run_after.isoformat() == "2025-04-01T18:00:00+00:00"
    assert info.partition_key == "2025-03"


@pytest.mark.parametrize(("month", "good"), [("2025-03", True), (None, True), ("2025-13", False), ("March", False)])
def test_the_trigger_form_checks_the_month(dag: Any, month: str | None, good: bool) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    parameter = dag.params.get_param("month")
    if good:
        assert parameter.resolve(value=month) == month
    else:
        with pytest.raises(ParamValidationError):
            parameter.resolve(value=month)


def test_a_broken_archive_is_an_import_error_that_names_file_line_and_key(tmp_path: Path) -> None:
    include = tmp_path / "include"
    (include / "archives").mkdir(parents=True)
    shipped = (REPOSITORY / "include/archives/usage_logs.yaml").read_text()
    (include / "archives/usage_logs.yaml").write_text(shipped.replace("segments: auto", "segmints: auto"))
    result = subprocess.run(
        [sys.executable, str(REPOSITORY / "dags/monthly_archive.py")],
        env={**os.environ, "TTL_ARCHIVE_INCLUDE_DIR": str(include)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert "usage_logs.yaml:8: source.segmints: unknown key" in result.stderr


def test_dags_and_plugins_hold_no_importable_surprises() -> None:
    """plugins/ and dags/ are on sys.path in a worker: a file there could hide a module of the same name."""
    assert {path.name for path in (REPOSITORY / "dags").glob("*.py")} == {
        "archive_watch.py",
        "monthly_archive.py",
        "quarterly_report.py",
    }
    assert "ttl_archive/" in (REPOSITORY / "plugins/.airflowignore").read_text()
    for path in (REPOSITORY / "plugins").glob("*.py"):
        assert path.stem.startswith("ttl_archive_")


def _dag_notifying(**notify: Any) -> Any:
    """The DAG of usage_logs with these entries of report.notify."""
    archive = find_archive(REPOSITORY / "include", "usage_logs", ENVIRONMENT)
    archive = Archive.model_validate({**archive.model_dump(), "report": {"title": "T", "notify": notify}})
    return runpy.run_path(str(REPOSITORY / "dags/monthly_archive.py"))["monthly_archive"](archive)


def test_the_report_is_delivered_by_one_task_a_channel() -> None:
    mail = {"to": ["a@b.c"], "from": "d@e.f"}
    dag = _dag_notifying(sns_topic="arn:aws:sns:us-east-1:1:t", email=mail)
    deliver = dag.get_task("deliver_report")
    assert deliver.upstream_task_ids >= {"publish_report"}
    assert deliver.expand_input.value == {"channel": ["sns_topic", "email"]}
    # A task that fails is told too: the explanation, then each channel.
    assert len(deliver.partial_kwargs["on_failure_callback"]) == 3


def test_nobody_to_tell_is_no_task(dag: Any) -> None:
    assert "deliver_report" not in dag.task_ids


def test_the_report_is_a_link_in_the_ui(dag: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    serialized = DagSerialization.to_dict(dag)["dag"]["tasks"]
    (publish,) = [one["__var"] for one in serialized if one["__var"]["task_id"] == "publish_report"]
    assert publish["_operator_extra_links"] == {
        "Report": "_link_ReportLink",
        "Report in S3": "_link_StoredReportLink",
    }


@pytest.mark.parametrize(
    ("endpoint", "region", "url"),
    [
        (
            "https://s3.eu-central-1.amazonaws.com",
            "eu-central-1",
            "https://eu-central-1.console.aws.amazon.com/s3/object/b?region=eu-central-1&prefix=reports%2Fa%2F2025-03%2F"
            "report.html",
        ),
        ("http://127.0.0.1:4566", "us-east-1", "http://127.0.0.1:4566/b/reports/a/2025-03/report.html"),
    ],
)
def test_the_links_address_can_be_opened_and_holds_no_secret(endpoint: str, region: str, url: str) -> None:
    import boto3

    s3 = boto3.client("s3", endpoint_url=endpoint, region_name=region)
    assert object_url(s3, "b", "reports/a/2025-03/report.html") == url
    china = boto3.client("s3", region_name="cn-north-1")
    assert object_url(china, "b", "k").startswith("https://console.amazonaws.cn/s3/object/b?region=cn-north-1")


def test_every_task_that_calls_aws_explains_its_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(service: str, aws_conn_id: str) -> Any:
        raise ClientError({"Error": {"Code": "ExpiredToken", "Message": "expired"}}, "AssumeRole")

    monkeypatch.setattr("ttl_archive.clients.connected", refuse)
    for run in (
        lambda: tasks.append_columns.function("usage_logs"),
        lambda: tasks.check_prerequisites.function("usage_logs", "2025-03"),
        lambda: tasks.choose_path.function("usage_logs", "2025-03", "a", "b", params={}),
        lambda: tasks.open_generation.function("usage_logs", "2025-03"),
    ):
        with pytest.raises(CallInterrupted, match="credentials-expired"):
            run()


@pytest.mark.parametrize("dag_id", sorted(QUARTERLY))
def test_a_quarter_is_reported_in_order(bag: DagBag, dag_id: str) -> None:
    dag: Any = bag.dags[dag_id]
    promised = [
        "resolve_quarter",
        "require_quarter",
        "analyse.count_published",
        "analyse.run_section",
        "analyse.await_section",
        "publish_report",
    ]
    assert set(dag.task_ids) == set(promised)
    for earlier, later in pairwise(promised):
        assert later in _downstream(dag, earlier), f"{later} must come after {earlier}"
    (*_, run_section) = dag.get_task("analyse.run_section").expand_input.value
    assert (REPOSITORY / "include/sql" / run_section["query"]).is_file()


def test_a_quarter_starts_when_its_three_months_can_be_read(bag: DagBag) -> None:
    """Airflow's own mapper, as the scheduler gets it: the quarter that a month counts for, the months it waits for."""
    from airflow.serialization.encoders import coerce_to_core_timetable

    timetable: Any = coerce_to_core_timetable(bag.dags["quarterly_report_usage_logs"].timetable)
    mapper = timetable.default_partition_mapper
    for month in ("2025-01", "2025-02", "2025-03"):
        assert mapper.to_downstream(month) == "2025-Q1"
    assert set(mapper.to_upstream("2025-Q4")) == {"2025-10", "2025-11", "2025-12"}
    (asset,) = [asset for _, asset in timetable.asset_condition.iter_assets()]
    assert asset.name == "ttl_archive/usage_logs/parquet"
    publish = bag.dags["monthly_archive_usage_logs"].get_task("compact.compact_month.publish_compaction")
    assert [one.name for one in publish.outlets] == [asset.name]
