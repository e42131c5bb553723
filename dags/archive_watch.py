"""## Watch the archives between two monthly runs

### What it does
Once a day, for each archive: fails if a month whose run is due isn't published, while there is still time to archive
it; scans a published month once more before its first items may be deleted; deletes superseded generations.

### Reads
Pointers, manifests and listings in the archive bucket, and the Glue partitions; never the DynamoDB table.

### Writes
Nothing but a CloudWatch metric, where the stack has the alarm that misses it. It deletes generations that a later one
replaced over a day ago and staged copies of published ones, and triggers `monthly_archive_<name>`.

### Re-running
Safe at any time; a refresh is triggered at most once a day and month.

### When it fails
`require_published` names the months at risk and the days that are left: see docs/runbook.md. *Safe to ignore*: the
orphans that `remove_superseded` lists; they cost storage and nothing else.

### Owner
data-engineering. While this DAG is paused, nothing tells that a month was skipped.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, TaskGroup, chain

from ttl_archive import tasks
from ttl_archive.config import load_archives
from ttl_archive.dag_arguments import default_arguments
from ttl_archive.settings import settings

with DAG(
    dag_id="archive_watch",
    description="Months at risk, months to refresh, and what nobody needs any more",
    doc_md=__doc__,
    schedule="0 6 * * *",
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    tags=["ttl-archive"],
):
    required = []
    for archive in load_archives(settings().include_dir, os.environ):
        with TaskGroup(archive.name, default_args=default_arguments(archive)):
            find_refreshes = tasks.find_refreshes(archive.name)
            refresh_month = TriggerDagRunOperator.partial(
                task_id="refresh_month", skip_when_already_exists=True
            ).expand_kwargs(find_refreshes)
            chain(find_refreshes, refresh_month)
            tasks.remove_superseded(archive.name)
            required.append(tasks.require_published(archive.name))
    if settings().metric_namespace:
        chain(required, tasks.tell_alarm())  # silence raises the alarm, so it must not speak before all have passed
