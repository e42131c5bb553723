"""The task group that looks after an open month: one that is published and whose items the scan has passed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import Asset, chain, task_group

from ttl_archive import tasks
from ttl_archive.catalog import sql_variables
from ttl_archive.config import Archive
from ttl_archive.dag_arguments import athena_arguments
from ttl_archive.operators.athena import AthenaFileOperator


def open_month(
    archive: Archive, open_months: Any, plan_segments: Any, asset: Asset, after: Any, then: Sequence[Any]
) -> Any:
    """Count what came late of each open month; with ``refresh_open_months``, publish the month with it.

    :param open_months: what the task of that name returns; the group is mapped over it.
    :param after: the task that must have succeeded first.
    :param then: what must see the month as it will be, if this publishes it.
    :return: the execution ids of ``late_items.sql``.
    """

    @task_group(group_id="open_month")
    def group(opened: Any) -> Any:
        stage, late_items = _queries(archive, opened, "stage", "late_items")
        chain(after, stage, late_items)
        if archive.source.refresh_open_months:
            gone_lines, audit, missing_keys = _queries(archive, opened, "gone_lines", "audit", "missing_keys")
            chain(
                tasks.choose_refresh(archive.name, late_items.output),
                gone_lines,
                tasks.merge_month(archive.name, opened, plan_segments, gone_lines.output),
                [audit, missing_keys],
                tasks.verify_archive(archive.name, opened, audit.output, missing_keys.output),
                tasks.publish_partition.override(outlets=[asset])(archive.name, opened),
                *then,
            )
        return late_items.output

    return group.expand(opened=open_months)


def _queries(archive: Archive, opened: Any, *names: str) -> list[Any]:
    return [
        AthenaFileOperator(
            task_id=name,
            query=f"catalog/{name}.sql",
            sql_variables={**sql_variables(archive), "opened": opened},
            **athena_arguments(archive),
        )
        for name in names
    ]
