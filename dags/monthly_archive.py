"""## Archive the month that just ended, before TTL deletes it

### What it does
Scans a DynamoDB table in segments, writes the items of one month to S3 as exact JSON Lines, lets Athena audit what was
written, publishes it as one partition of a Glue table, runs the report's queries and publishes the report. There is one
such DAG for each file of `include/archives/`.

### Reads
The archive's DynamoDB table (every item once, at the read units that the report's cost card shows); after that only S3.

### Writes
`_staging/`, `_manifests/`, `_quarantine/` and the archive's prefix in the archive bucket, one partition of its Glue
table, and `reports/<archive>/<month>/` in the results bucket. Nothing is published before every count agrees.

### Re-running
Safe at any time: clear any task, or trigger the month again. A re-run that would lose a published key publishes nothing
and lists the keys. A month whose items may be expiring is closed: it is reported from the archive, not scanned again.

### When it fails
The log of the failed task says what was found, what was expected and what to do; docs/runbook.md has the whole list.
Until a report says *safe to expire*, treat the month as not archived. *Safe to ignore*: a failed run whose month a
later run has published, and anything under `_staging/` that is a week old.

### Owner
data-engineering. A successful run archives its own month and no other: after a pause or a failed run, backfill the
months in between before their items expire.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.providers.amazon.aws.operators.glue_catalog import GlueCatalogCreateDatabaseOperator
from airflow.providers.amazon.aws.sensors.glue_catalog_partition import GlueCatalogPartitionSensor
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.sdk import DAG, CronPartitionTimetable, TaskGroup, chain, get_parsing_context
from jinja2 import StrictUndefined

from ttl_archive import tasks
from ttl_archive.analyse import run_sections
from ttl_archive.assets import archive_asset
from ttl_archive.catalog import report_variables, sql_variables
from ttl_archive.compact import compact
from ttl_archive.config import Archive, load_archives
from ttl_archive.dag_arguments import (
    athena_arguments,
    default_arguments,
    export_arguments,
    params,
    sensor_arguments,
)
from ttl_archive.open_month import open_month
from ttl_archive.operators.athena import AthenaFileOperator
from ttl_archive.operators.deliver_report import DeliverReportOperator
from ttl_archive.operators.export_segment import ExportSegmentOperator
from ttl_archive.operators.publish_report import PublishReportOperator
from ttl_archive.report.sections import load_sections
from ttl_archive.settings import connection_of, settings


def monthly_archive(archive: Archive) -> DAG:
    """The DAG of one archive: what is below is the order, and nothing else decides it."""
    athena, sensor = athena_arguments(archive), sensor_arguments(archive)
    asset = archive_asset(archive)

    with DAG(
        dag_id=archive.dag_id,
        description=archive.description,
        doc_md=__doc__,
        schedule=CronPartitionTimetable(archive.schedule, timezone=archive.timezone, run_offset=-1, key_format="%Y-%m"),
        start_date=datetime(2025, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=timedelta(days=2),
        tags=["ttl-archive", archive.name],
        default_args=default_arguments(archive),
        template_searchpath=[str(settings().include_dir / "sql")],
        template_undefined=StrictUndefined,
    ) as dag:
        resolve_month = tasks.resolve_month(archive.name)
        month = resolve_month["month"]
        check_prerequisites = tasks.check_prerequisites(archive.name, month)
        report = "compact.plan_compaction" if archive.catalog.parquet else "analyse.count_published"
        choose_path = tasks.choose_path(archive.name, month, "archive.open_generation", report)

        with TaskGroup("archive") as archive_group:
            open_generation = opened = tasks.open_generation(archive.name, month)
            open_months = tasks.open_months(archive.name, month)
            plan_segments = tasks.plan_segments(archive.name, month, opened["generation"])
            export_segment = ExportSegmentOperator.partial(
                task_id="export_segment",
                s3_key_prefix=opened["staging_prefix"],
                quarantine_prefix=opened["quarantine_prefix"],
                sealed_by=opened["manifest_key"],
                key_attributes=opened["key_attributes"],
                month=month,
                open_months=open_months,
                **export_arguments(archive),
            ).expand(segment=plan_segments)
            write_manifest = tasks.write_manifest(archive.name, month, opened, export_segment.output)
            await_manifest = S3KeySensor(
                task_id="await_manifest",
                bucket_name=archive.destination.bucket,
                bucket_key=opened["manifest_key"],
                **sensor,
            )
            chain(open_generation, [plan_segments, open_months], export_segment, write_manifest, await_manifest)

        variables = {**sql_variables(archive), "month": month}
        staged = {**sql_variables(archive), "opened": opened}

        with TaskGroup("catalog") as catalog_group:
            create_database = GlueCatalogCreateDatabaseOperator(
                task_id="create_database", database_name=archive.catalog.database, aws_conn_id=connection_of(archive)
            )
            create_table, create_audit_table, stage = (
                AthenaFileOperator(task_id=name, query=f"catalog/{name}.sql", sql_variables=staged, **athena)
                for name in ("create_table", "create_audit_table", "stage")
            )
            append_columns = tasks.append_columns(archive.name)
            chain(create_database, create_table, append_columns, create_audit_table, stage)

        with TaskGroup("verify") as verify_group:
            audit, missing_keys = (
                AthenaFileOperator(task_id=name, query=f"catalog/{name}.sql", sql_variables=staged, **athena)
                for name in ("audit", "missing_keys")
            )
            tasks.verify_archive(archive.name, opened, audit.output, missing_keys.output)

        publish_partition = tasks.publish_partition.override(outlets=[asset])(archive.name, opened)
        await_partition = GlueCatalogPartitionSensor(
            task_id="await_partition",
            database_name=archive.catalog.database,
            table_name=archive.catalog.table,
            expression=resolve_month["partition"],
            **sensor,
        )

        compaction = compact(archive)

        with TaskGroup("analyse") as analyse_group:
            count_published = AthenaFileOperator(
                task_id="count_published",
                query="catalog/count_published.sql",
                sql_variables=variables,
                trigger_rule="none_failed_min_one_success",  # a closed month comes straight from choose_path
                **athena,
            )
            sections = load_sections(settings().include_dir, archive.name)
            run_section = run_sections(archive, sections, {**report_variables(archive), "month": month})
            chain(count_published, run_section)

        reporting = compaction or [analyse_group]
        late_items = open_month(archive, open_months, plan_segments, asset, after=publish_partition, then=reporting)

        publish_report = PublishReportOperator(
            task_id="publish_report",
            archive_name=archive.name,
            month=month,
            count=count_published.output,
            sections=run_section.output,
            late_items=late_items,
            trigger_rule="none_failed_min_one_success",  # a closed month is not scanned, so nothing came late
        )
        if archive.report.notify.channels:
            deliver_report = DeliverReportOperator.partial(
                task_id="deliver_report",
                archive_name=archive.name,
                period=month,
                map_index_template="{{ task.channel }}",
            ).expand(channel=list(archive.report.notify.channels))
            chain(publish_report, deliver_report)

        chain(resolve_month, check_prerequisites, choose_path, [archive_group, *reporting])
        chain(
            archive_group,
            catalog_group,
            verify_group,  # nothing below may run on lines that were not counted
            publish_partition,
            await_partition,
            *compaction,
            analyse_group,
            publish_report,
        )
    # Given to DAG(), the form would be copied into every task, which takes a third of the time of parsing.
    dag.params = params()
    return dag


# A worker needs the DAG of its task and no other.
wanted = get_parsing_context().dag_id
for archive in load_archives(settings().include_dir, os.environ):
    if wanted in (None, archive.dag_id):
        globals()[archive.dag_id] = monthly_archive(archive)
