"""Compacting published months into a typed Parquet table: by Athena, audited row by row, shown by one catalog call.

The compacted table holds what the published one does, month for month, or ``require_compacted`` fails: a report that
reads it never lacks a month without a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ttl_archive import catalog
from ttl_archive.config import Archive
from ttl_archive.errors import CompactionDiffers, ConfigurationError
from ttl_archive.layout import (
    generation_of,
    lease_key,
    parquet_audit_table,
    parquet_location,
    parquet_table,
)
from ttl_archive.lease import Lease
from ttl_archive.months import Month
from ttl_archive.planning import published

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

    from ttl_archive.queries import QueryResult

_FORMAT = "org.apache.hadoop.hive.ql.io.parquet"
_PARTITIONED_BY = (("year", "string"), ("month", "string"))


def plan_compaction(archive: Archive, run_id: str, clear_number: int, glue: GlueClient) -> list[dict[str, str]]:
    """Make the tables if they are missing, and find the months to compact.

    :return: for each month that the compacted table lacks, or has of another generation or with fewer columns:
        ``month``, the ``generation`` that is published, and ``stem``, the start of its folder's name.
    """
    catalog.append_columns(archive, glue)
    _keep_table(archive, parquet_table(archive), _PARTITIONED_BY, glue)
    _keep_table(archive, parquet_audit_table(archive), (("folder", "string"),), glue)
    return [
        {
            "month": month,
            "generation": generation,
            "stem": f"{generation}-{generation_of(f'{run_id} {month}', clear_number)}",
        }
        for month, generation in _lacking(archive, glue).items()
    ]


def require_compacted(archive: Archive, glue: GlueClient) -> None:
    """Make sure that whoever reads the compacted table misses no published month.

    :raises CompactionDiffers: naming the months that it lacks.
    """
    if lacking := _lacking(archive, glue):
        raise CompactionDiffers(
            f"{archive.catalog.database}.{parquet_table(archive)} lacks the published {', '.join(lacking)}: another "
            "run has published since this one compacted. Clear the tasks of the group compact"
        )


def publish_compaction(
    archive: Archive,
    month: Month,
    opened: dict[str, str],
    folder: str,
    audit: QueryResult,
    owner: str,
    *,
    s3: S3Client,
    glue: GlueClient,
) -> str:
    """Show a compacted month to readers, if its rows are the published ones.

    :param opened: the month's entry of ``plan_compaction``.
    :param folder: where its Parquet files are.
    :param audit: the row of ``audit_parquet.sql``.
    :return: the partition's location.
    :raises CompactionDiffers: if the rows differ.
    :raises MonthBusy: if another run is publishing the month.
    """
    with Lease(s3, archive.destination.bucket, lease_key(archive, month), owner) as lease:
        current = published(archive, month, s3=s3, glue=glue)
        if current is None or current[0].generation != opened["generation"]:
            raise CompactionDiffers(
                f"{month}: generation {opened['generation']} was compacted, but "
                f"{current[0].generation if current else 'none'} is published now. Clear the tasks of the group compact"
            )
        _require_same_rows(month, audit, current[1].archived, folder)
        location = f"{parquet_location(archive)}year={month.yyyy}/month={month.mm}/{folder}/"
        catalog.put_partition(
            glue,
            archive.catalog.database,
            parquet_table(archive),
            [month.yyyy, month.mm],
            location,
            {
                "ttl_archive.generation": opened["generation"],
                "ttl_archive.fence": str(lease.fence),
                "ttl_archive.shown_at": f"{lease.now():.0f}",
            },
        )
    drop_audit_partition(archive, folder, glue)
    return location


def drop_audit_partition(archive: Archive, folder: str, glue: GlueClient) -> None:
    """Forget a folder that was audited, or never will be."""
    database, table = archive.catalog.database, parquet_audit_table(archive)
    if catalog.find_partition(glue, database, table, [folder]):
        glue.delete_partition(DatabaseName=database, TableName=table, PartitionValues=[folder])


def _require_same_rows(month: Month, audit: QueryResult, archived: int, folder: str) -> None:
    names = [column["Name"] for column in audit.columns]
    row = {name: int(value or 0) for name, value in zip(names, audit.rows[0], strict=True)}
    expected = {"published_rows": archived, "compacted_rows": archived, "differing_rows": 0}
    if row != expected:
        found = ", ".join(f"{name.replace('_', ' ')}: {row[name]} instead of {expected[name]}" for name in expected)
        raise CompactionDiffers(
            f"{month}: the Parquet rows in {folder} aren't the published ones: {found}. Nobody reads them, and the "
            "published JSON Lines are as they were. Clear the tasks of the group compact; catalog.parquet: false lets "
            "the report read the JSON Lines"
        )


def lacking(archive: Archive, glue: GlueClient) -> list[str]:
    """The published months that the compacted table lacks, which the next run compacts; none where Parquet is off."""
    return list(_lacking(archive, glue)) if archive.catalog.parquet else []


def _lacking(archive: Archive, glue: GlueClient) -> dict[str, str]:
    """Published months that the compacted table doesn't hold as they are, each with its generation."""
    there = _partitions(archive, parquet_table(archive), glue)
    columns = [one.column_name for one in archive.columns]
    return {
        month: generation
        for month, (generation, _) in sorted(_partitions(archive, archive.catalog.table, glue).items())
        if there.get(month) != (generation, columns)
    }


def _partitions(archive: Archive, table: str, glue: GlueClient) -> dict[str, tuple[str, list[str]]]:
    """The months that a table shows, each with its generation and the names of its columns; none if it isn't there."""
    if catalog.find_table(glue, archive.catalog.database, table) is None:
        return {}
    pages = glue.get_paginator("get_partitions").paginate(DatabaseName=archive.catalog.database, TableName=table)
    return {
        "-".join(one["Values"]): (
            one["Parameters"]["ttl_archive.generation"],
            [column["Name"] for column in one["StorageDescriptor"]["Columns"]],
        )
        for page in pages
        for one in page["Partitions"]
        if "ttl_archive.generation" in one.get("Parameters", {})
    }


def _keep_table(archive: Archive, name: str, keys: tuple[tuple[str, str], ...], glue: GlueClient) -> None:
    """Make one of the two tables, or give it the columns that it lacks."""
    wanted = _table_input(archive, name, keys)
    found = catalog.find_table(glue, archive.catalog.database, name)
    if found is None:
        glue.create_table(DatabaseName=archive.catalog.database, TableInput=wanted)
        return
    if problems := catalog.derived_conflicts(archive, found):
        raise ConfigurationError("; ".join(problems))
    if found["StorageDescriptor"]["Columns"] != wanted["StorageDescriptor"]["Columns"]:
        glue.update_table(DatabaseName=archive.catalog.database, TableInput=wanted)


def _table_input(archive: Archive, name: str, keys: tuple[tuple[str, str], ...]) -> Any:
    """https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html."""
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet", "ttl_archive.archive": archive.name},
        "PartitionKeys": [{"Name": key, "Type": kind} for key, kind in keys],
        "StorageDescriptor": {
            "Columns": [{"Name": one.column_name, "Type": one.type} for one in archive.columns],
            "Location": parquet_location(archive),
            "InputFormat": f"{_FORMAT}.MapredParquetInputFormat",
            "OutputFormat": f"{_FORMAT}.MapredParquetOutputFormat",
            "SerdeInfo": {
                "SerializationLibrary": f"{_FORMAT}.serde.ParquetHiveSerDe",
                "Parameters": {"serialization.format": "1"},
            },
        },
    }
