"""## Report a quarter from its three archived months

### What it does
Runs the statements of `include/sql/<archive>/quarterly/` over the three months of a quarter and publishes their report.
There is one such DAG for each file of `include/archives/`; it starts by itself when the quarter's third month can be
read, whichever that is.

### Reads
The manifests of the three months, and their rows through Athena; never the DynamoDB table.

### Writes
`reports/<archive>/<quarter>/` in the results bucket.

### Re-running
Safe at any time: trigger it with a quarter, such as `2025-Q1`. A month that is published anew doesn't start it again.

### When it fails
`require_quarter` names the months that are not published. The log of any other failed task says what was found, what
was expected and what to do; docs/runbook.md has the whole list. *Safe to ignore*: nothing is lost by a late report.

### Owner
data-engineering.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import (
    DAG,
    Param,
    PartitionedAssetTimetable,
    QuarterWindow,
    RollupMapper,
    StartOfQuarterMapper,
    TaskGroup,
    chain,
)
from jinja2 import StrictUndefined

from ttl_archive import tasks
from ttl_archive.analyse import run_sections
from ttl_archive.assets import report_asset
from ttl_archive.catalog import report_variables, sql_variables
from ttl_archive.config import Archive, load_archives
from ttl_archive.dag_arguments import athena_arguments, default_arguments
from ttl_archive.operators.athena import AthenaFileOperator
from ttl_archive.operators.deliver_report import DeliverReportOperator
from ttl_archive.operators.publish_quarter import PublishQuarterOperator
from ttl_archive.report.sections import load_sections
from ttl_archive.settings import settings

WHEN_ITS_MONTHS_ARE_THERE = RollupMapper(
    upstream_mapper=StartOfQuarterMapper(input_format="%Y-%m"), window=QuarterWindow()
)


def quarterly_report(archive: Archive) -> DAG:
    """The quarterly DAG of one archive."""
    with DAG(
        dag_id=archive.quarterly_dag_id,
        description=f"Quarterly report: {archive.description}",
        doc_md=__doc__,
        schedule=PartitionedAssetTimetable(
            assets=report_asset(archive), default_partition_mapper=WHEN_ITS_MONTHS_ARE_THERE
        ),
        start_date=datetime(2025, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=timedelta(hours=12),
        params={
            "quarter": Param(
                None,
                type=["null", "string"],
                pattern=r"^[0-9]{4}-Q[1-4]$",
                title="Quarter",
                description="YYYY-Qn. Empty: the quarter of the run's partition key, else the last complete quarter.",
            )
        },
        tags=["ttl-archive", archive.name],
        default_args=default_arguments(archive),
        template_searchpath=[str(settings().include_dir / "sql")],
        template_undefined=StrictUndefined,
    ) as dag:
        quarter = resolve_quarter = tasks.resolve_quarter(archive.name)
        require_quarter = tasks.require_quarter(archive.name, quarter)

        with TaskGroup("analyse") as analyse_group:
            count_published = AthenaFileOperator(
                task_id="count_published",
                query="catalog/count_quarter.sql",
                sql_variables={**sql_variables(archive), "quarter": quarter},
                **athena_arguments(archive),
            )
            sections = load_sections(settings().include_dir, archive.name, "quarterly")
            run_section = run_sections(archive, sections, {**report_variables(archive), "quarter": quarter})
            chain(count_published, run_section)

        publish_report = PublishQuarterOperator(
            task_id="publish_report",
            archive_name=archive.name,
            quarter=quarter,
            count=count_published.output,
            sections=run_section.output,
        )
        if archive.report.notify.channels:
            deliver_report = DeliverReportOperator.partial(
                task_id="deliver_report",
                archive_name=archive.name,
                period=quarter,
                map_index_template="{{ task.channel }}",
            ).expand(channel=list(archive.report.notify.channels))
            chain(publish_report, deliver_report)

        chain(
            resolve_quarter,
            require_quarter,  # a quarter that lacks a month would look like one with less use
            analyse_group,
            publish_report,
        )
    return dag


for archive in load_archives(settings().include_dir, os.environ):
    globals()[archive.quarterly_dag_id] = quarterly_report(archive)
