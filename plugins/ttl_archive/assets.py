"""The assets that an archive's DAGs tell Airflow of; an event's partition key is its month, such as ``2025-03``."""

from __future__ import annotations

from airflow.sdk import Asset

from ttl_archive.config import Archive
from ttl_archive.layout import parquet_location, table_location


def archive_asset(archive: Archive) -> Asset:
    """The published months; an event's extra has ``items``, ``bytes`` and ``manifest``."""
    return Asset(name=f"ttl_archive/{archive.name}", uri=table_location(archive))


def parquet_asset(archive: Archive) -> Asset:
    """The compacted months; an event's extra has ``location`` and ``generation``."""
    return Asset(name=f"ttl_archive/{archive.name}/parquet", uri=parquet_location(archive))


def report_asset(archive: Archive) -> Asset:
    """The months that a report can read."""
    return parquet_asset(archive) if archive.catalog.parquet else archive_asset(archive)
