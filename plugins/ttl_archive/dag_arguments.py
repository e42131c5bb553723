"""The arguments that the DAG's tasks share, and its trigger form."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param

from ttl_archive import notifications
from ttl_archive.config import Archive
from ttl_archive.operators.retries import retry_policy
from ttl_archive.settings import connection_of, settings

QUERY_SECONDS = 2 * 3600  # the longest a query may take
SENSOR_SECONDS = 3600
SEGMENT_SECONDS = 12 * 3600


def params() -> dict[str, Param]:
    """The trigger form; the schedule uses the defaults."""
    return {
        "month": Param(
            None,
            type=["null", "string"],
            pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$",
            title="Month",
            description="YYYY-MM. Empty: the month of the run's partition key, else the last complete month.",
        ),
        "report_only": Param(
            False,
            type="boolean",
            title="Report only",
            description="Report a published month as it is; the table isn't read.",
        ),
        "accept_fewer": Param(
            "",
            type="string",
            maxLength=500,
            title="Accept fewer items",
            description="Why items that are published may be missing now; kept in the manifest. Empty: they may not.",
        ),
    }


def default_arguments(archive: Archive) -> dict[str, Any]:
    """Owner, retries with backoff, timeouts and the notice of a failure, of every task."""
    return {
        "owner": "data-engineering",
        "retries": 3,
        "retry_delay": timedelta(seconds=settings().retry_seconds),
        "retry_exponential_backoff": 2,
        "max_retry_delay": timedelta(minutes=30),
        "retry_policy": retry_policy,
        "execution_timeout": timedelta(seconds=QUERY_SECONDS),
        "on_failure_callback": notifications.failed(archive),
    }


def export_arguments(archive: Archive) -> dict[str, Any]:
    """What a segment's export needs of the archive."""
    return {
        "source_aws_conn_id": connection_of(archive),
        "dynamodb_table_name": archive.source.table,
        "dynamodb_scan_kwargs": {"ConsistentRead": archive.source.consistent_read},
        "s3_bucket_name": archive.destination.bucket,
        "timezone": archive.timezone,
        "timestamp": archive.source.timestamp.model_dump(),
        "ttl_attribute": archive.source.ttl.attribute,
        "refresh_open_months": archive.source.refresh_open_months,
        "max_active_tis_per_dag": archive.source.segments_at_once,
        "execution_timeout": timedelta(seconds=SEGMENT_SECONDS),
    }


def athena_arguments(archive: Archive) -> dict[str, Any]:
    """Where and how the archive's queries run: deferred, so that no worker slot waits for Athena."""
    return {
        "aws_conn_id": connection_of(archive),
        "database": archive.catalog.database,
        "workgroup": archive.athena.workgroup,
        "output_location": archive.athena.results,
        "deferrable": True,
        "sleep_time": settings().athena_poll_seconds,
        "max_polling_attempts": QUERY_SECONDS // settings().athena_poll_seconds,
    }


def sensor_arguments(archive: Archive) -> dict[str, Any]:
    """How the deferred sensors wait."""
    return {
        "aws_conn_id": connection_of(archive),
        "deferrable": True,
        "poke_interval": settings().sensor_poll_seconds,
        "timeout": SENSOR_SECONDS,
    }
