"""The steps of the DAG that no operator does: each names an archive, and calls the package with clients."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

from airflow.sdk.exceptions import AirflowSkipException

from ttl_archive import (
    catalog,
    commit,
    compaction,
    months,
    planning,
    prerequisites,
    publication,
    queries,
    refresh,
    scan_estimate,
    upkeep,
    verification,
)
from ttl_archive.clients import client, clients, connected
from ttl_archive.config import Archive, find_archive
from ttl_archive.errors import ConfigurationError, MonthError
from ttl_archive.months import Month
from ttl_archive.operators.explained_task import task
from ttl_archive.settings import settings


def _archive(name: str) -> Archive:
    return find_archive(settings().include_dir, name, os.environ)


def _named(name: str, month: str) -> tuple[Archive, Month]:
    archive = _archive(name)
    return archive, Month.parse(month, archive.timezone)


@task(multiple_outputs=True)
def resolve_month(name: str, params: Any = None, dag_run: Any = None) -> dict[str, str]:
    """Decide the month of this run, once: of the trigger form, else of the partition key, else the last one over."""
    zone = _archive(name).timezone
    month = months.resolve_month(params["month"], dag_run.partition_key, zone, datetime.now(UTC))
    return {"month": str(month), "partition": f"year='{month.yyyy}' AND month='{month.mm}'"}


@task
def check_prerequisites(name: str, month: str, params: Any = None) -> None:
    """Fail in seconds, with every problem there is, before anything is read."""
    archive, parsed = _named(name, month)
    services = clients(archive, "dynamodb", "s3", "glue", "athena")
    prerequisites.check_prerequisites(archive, parsed, reads_table=not params["report_only"], **services)


@task.branch
def choose_path(name: str, month: str, scan: str, report: str, params: Any = None) -> str:
    """Scan the table, or report a published month as it is, when asked to or when its items may be expiring.

    :param scan: task id to go on with for a scan.
    :param report: task id to go on with for a report.
    """
    archive, parsed = _named(name, month)
    published = planning.published(archive, parsed, **clients(archive, "s3", "glue"))
    if published and planning.is_closed(archive, parsed, published[1], datetime.now(UTC)):
        return report
    if params["report_only"] and not published:
        raise MonthError(f"{name} {month} was never published, so there is nothing to report: run without report_only")
    return report if params["report_only"] else scan


@task(multiple_outputs=True)
def open_generation(name: str, month: str, dag_run: Any = None) -> dict[str, Any]:
    """Choose where this run writes, and the published generation that it must not fall short of."""
    (archive, parsed), now = _named(name, month), datetime.now(UTC)
    services = clients(archive, "s3", "dynamodb", "glue")
    return planning.open_generation(archive, parsed, dag_run.run_id, dag_run.clear_number, now, **services)


@task
def open_months(name: str, month: str, dag_run: Any = None) -> list[dict[str, Any]]:
    """Find the earlier months that are published and still open: items of theirs may have come late."""
    (archive, parsed), now = _named(name, month), datetime.now(UTC)
    services = clients(archive, "s3", "dynamodb", "glue")
    return planning.open_months(archive, parsed, dag_run.run_id, dag_run.clear_number, now, **services)


@task
def plan_segments(name: str, month: str, generation: str) -> list[dict[str, Any]]:
    """Split the table into segments; a retry reads back what the first try chose."""
    archive, parsed = _named(name, month)
    return planning.plan_segments(archive, parsed, generation, **clients(archive, "s3", "dynamodb"))


@task
def write_manifest(name: str, month: str, opened: dict[str, Any], exported: Any, params: Any = None) -> None:
    """Commit the staged generation, if everything adds up."""
    archive, parsed = _named(name, month)
    commit.write_manifest(archive, parsed, opened, list(exported), params["accept_fewer"], **clients(archive, "s3"))


@task
def append_columns(name: str) -> list[str]:
    """Append the columns that the archive declares and the table lacks."""
    archive = _archive(name)
    return catalog.append_columns(archive, client(archive, "glue"))


@task
def verify_archive(name: str, opened: dict[str, Any], audit: str, missing_keys: str) -> None:
    """Exporter, manifest, S3 and Athena must agree on the staged lines.

    :param audit: execution id of ``audit.sql``.
    :param missing_keys: execution id of ``missing_keys.sql``.
    """
    archive = _archive(name)
    results = [queries.fetch(client(archive, "athena"), one) for one in (audit, missing_keys)]
    verification.verify_archive(archive, opened, *results, s3=client(archive, "s3"))


@task
def choose_refresh(name: str, late_items: str) -> None:
    """Go on only if the scan found something of the open month that the archive lacks.

    A skip of its own, since a short circuit inside a mapped task group skips nothing in ``dag.test`` (Airflow 3.3.2).

    :param late_items: execution id of ``late_items.sql``.
    """
    row = queries.fetch_row(client(_archive(name), "athena"), late_items)
    if not int(row["fresh_items"] or 0):
        raise AirflowSkipException(f"{row['open_month']}: the archive has all that the scan found")


@task
def merge_month(name: str, opened: dict[str, Any], plan: Any, gone_lines: str, ti: Any = None) -> None:
    """Commit an open month's items, and those that only the archive still has.

    :param gone_lines: execution id of ``gone_lines.sql``.
    """
    archive, month = _named(name, opened["month"])
    services = clients(archive, "s3", "athena")
    refresh.merge_month(archive, month, opened, len(plan), gone_lines, ti.try_number, **services)


@task
def publish_partition(
    name: str, opened: dict[str, Any], dag_run: Any = None, task: Any = None, outlet_events: Any = None
) -> None:
    """Show the month to readers, whole, in one catalog call, and tell Airflow's asset."""
    archive, month = _named(name, opened["month"])
    services = clients(archive, "s3", "glue")
    pointer = publication.publish_partition(archive, month, opened, dag_run.run_id, **services)
    manifest = planning.read_manifest(services["s3"], archive.destination.bucket, pointer.manifest)
    extra = {"items": manifest.archived, "bytes": manifest.bytes, "manifest": pointer.manifest}
    _tell(task, outlet_events, month, extra)


def _tell(task: Any, outlet_events: Any, month: Month, extra: dict[str, Any]) -> None:
    """One event of the task's asset, whose partition key is the month."""
    for asset in task.outlets:
        outlet_events[asset].add_partitions(str(month))
        outlet_events[asset].extra.update(extra)


@task
def plan_compaction(name: str, dag_run: Any = None) -> list[dict[str, str]]:
    """Find the published months that the compacted table lacks."""
    archive = _archive(name)
    return compaction.plan_compaction(archive, dag_run.run_id, dag_run.clear_number, client(archive, "glue"))


@task
def publish_compaction(
    name: str,
    opened: dict[str, str],
    folder: str,
    audit: str,
    dag_run: Any = None,
    task: Any = None,
    outlet_events: Any = None,
) -> None:
    """Show a compacted month to readers, if its rows are the published ones, and tell Airflow's asset.

    :param audit: execution id of ``audit_parquet.sql``.
    """
    archive, month = _named(name, opened["month"])
    result, services = queries.fetch(client(archive, "athena"), audit), clients(archive, "s3", "glue")
    location = compaction.publish_compaction(archive, month, opened, folder, result, dag_run.run_id, **services)
    _tell(task, outlet_events, month, {"location": location, "generation": opened["generation"]})


@task
def require_compacted(name: str) -> None:
    """Make sure that the compacted table holds every published month: the report reads it."""
    archive = _archive(name)
    compaction.require_compacted(archive, client(archive, "glue"))


@task
def resolve_quarter(name: str, params: Any = None, dag_run: Any = None) -> str:
    """Decide the quarter of this run, once: of the trigger form, else of the partition key, else the last one over."""
    zone = _archive(name).timezone
    return str(months.resolve_quarter(params["quarter"], dag_run.partition_key, zone, datetime.now(UTC)))


@task
def require_quarter(name: str, quarter: str) -> None:
    """Make sure that every month of the quarter can be read, and that the statements are sound and not too dear."""
    archive = _archive(name)
    parsed = months.Quarter.parse(quarter, archive.timezone)
    planning.require_quarter(archive, parsed, **clients(archive, "s3", "glue"))
    if problems := prerequisites.sql_problems(archive, "quarterly"):
        raise ConfigurationError("\n".join(problems))
    scan_estimate.check_scan(client(archive, "s3"), settings().include_dir, archive, parsed)
    if archive.catalog.parquet:
        compaction.require_compacted(archive, client(archive, "glue"))


@task
def find_refreshes(name: str) -> list[dict[str, Any]]:
    """Find the published months to scan once more before their first item may be deleted."""
    archive = _archive(name)
    return upkeep.find_refreshes(archive, datetime.now(UTC), **clients(archive, "s3", "glue"))


@task
def remove_superseded(name: str) -> dict[str, list[str]]:
    """Delete what a later generation replaced over a day ago; list what dead runs left."""
    archive = _archive(name)
    return upkeep.remove_superseded(archive, **clients(archive, "s3", "glue"))


@task
def require_published(name: str) -> list[str]:
    """Fail if a month whose run is due isn't published."""
    archive = _archive(name)
    return upkeep.require_published(archive, datetime.now(UTC), **clients(archive, "s3", "glue"))


@task
def tell_alarm() -> None:
    """Tell the stack's alarm that every due month of every archive is published."""
    upkeep.tell_alarm(connected("cloudwatch", settings().aws_conn_id), settings().metric_namespace or "")
