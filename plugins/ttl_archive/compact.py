"""The task group that compacts published months into Parquet, which the report then reads."""

from __future__ import annotations

from typing import Any

from airflow.sdk import TaskGroup, XComArg, chain, task_group

from ttl_archive import tasks
from ttl_archive.assets import parquet_asset
from ttl_archive.catalog import sql_variables
from ttl_archive.config import Archive
from ttl_archive.dag_arguments import athena_arguments
from ttl_archive.operators.athena import AthenaFileOperator
from ttl_archive.operators.unload import UnloadOperator


def compact(archive: Archive) -> list[TaskGroup]:
    """Compact every published month that the compacted table lacks: as a rule, the run's own; no group if it is off."""
    if not archive.catalog.parquet:
        return []

    with TaskGroup("compact") as group:
        plan_compaction = tasks.plan_compaction.override(trigger_rule="none_failed_min_one_success")(archive.name)
        require_compacted = tasks.require_compacted.override(trigger_rule="none_failed_min_one_success")(archive.name)

        @task_group
        def compact_month(opened: Any) -> None:
            variables = {**sql_variables(archive), "opened": opened}
            unload = UnloadOperator(
                task_id="unload", query="catalog/unload.sql", sql_variables=variables, **athena_arguments(archive)
            )
            folder: Any = XComArg(unload, key="folder")
            stage_parquet, audit_parquet = (
                AthenaFileOperator(
                    task_id=name,
                    query=f"catalog/{name}.sql",
                    sql_variables={**variables, "folder": folder},
                    **athena_arguments(archive),
                )
                for name in ("stage_parquet", "audit_parquet")
            )
            show = tasks.publish_compaction.override(outlets=[parquet_asset(archive)])
            audit: Any = audit_parquet.output
            publish_compaction = show(archive.name, opened, folder, audit)
            # The table shows the month only after its rows were compared.
            chain(unload, stage_parquet, audit_parquet, publish_compaction, require_compacted)

        compact_month.expand(opened=plan_compaction)
        chain(plan_compaction, require_compacted)  # there may be no month to compact
    return [group]
