"""Prints what the scheduler starts of the quarterly DAG after each of some asset events, as JSON: a script of the test.

python -m tests.e2e.quarter_starts 2025-01 2025-03 2025-02
"""

from __future__ import annotations

import json
import os
import sys

from airflow.assets.manager import asset_manager
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.asset import AssetModel
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from sqlalchemy import select

from ttl_archive.assets import report_asset
from ttl_archive.config import find_archive
from ttl_archive.settings import settings


def main() -> None:
    """Tell of one month after the other, and let the scheduler look each time."""
    archive = find_archive(settings().include_dir, "usage_logs", os.environ)
    scheduler = SchedulerJobRunner(job=Job())
    started = []
    for month in sys.argv[1:]:
        with create_session() as session:
            asset = session.scalars(select(AssetModel).where(AssetModel.name == report_asset(archive).name)).one()
            asset_manager.register_asset_change(asset=asset, partition_key=month, session=session)
        with create_session() as session:
            scheduler._create_dagruns_for_partitioned_asset_dags(session)
        with create_session() as session:
            runs = session.scalars(select(DagRun).where(DagRun.dag_id == archive.quarterly_dag_id)).all()
            started.append([run.partition_key for run in runs])
    sys.stdout.write(f"\n{json.dumps(started)}\n")


if __name__ == "__main__":
    main()
