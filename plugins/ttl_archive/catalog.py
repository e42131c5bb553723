"""The Glue table and its partitions, where SQL can't say it or the provider's operators can't update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ttl_archive.config import Archive
from ttl_archive.errors import ConfigurationError, MonthBusy
from ttl_archive.layout import (
    audit_location,
    audit_table,
    parquet_audit_table,
    parquet_location,
    report_table,
    table_location,
)
from ttl_archive.manifest import Pointer
from ttl_archive.months import Month
from ttl_archive.objects import error_code

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

SERDE = "org.openx.data.jsonserde.JsonSerDe"
# Of what GetTable and GetPartition return, what the updates take:
# https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html .../API_PartitionInput.html
_TABLE_INPUT = {
    "Name",
    "Description",
    "Owner",
    "Retention",
    "StorageDescriptor",
    "PartitionKeys",
    "TableType",
    "Parameters",
}
_PARTITION_INPUT = {"Values", "StorageDescriptor", "Parameters", "LastAccessTime", "LastAnalyzedTime"}
_PARTITION_KEYS = [("year", "string"), ("month", "string")]


def sql_variables(archive: Archive) -> dict[str, Any]:
    """What the statements of ``include/sql`` may use of an archive; the month comes on top."""
    return {
        "archive": archive.name,
        "database": archive.catalog.database,
        "table": archive.catalog.table,
        "audit_table": audit_table(archive),
        "location": table_location(archive),
        "audit_location": audit_location(archive),
        "columns": [
            {"name": one.column_name, "type": one.type, "field": one.field or one.name} for one in archive.columns
        ],
        "timestamp": archive.source.timestamp.model_dump(),
        "timezone": archive.timezone,
        "refresh_open_months": archive.source.refresh_open_months,
        "parquet_audit_table": parquet_audit_table(archive),
        "parquet_location": parquet_location(archive),
    }


def report_variables(archive: Archive) -> dict[str, Any]:
    """What the statements of a report may use: ``table`` is the one that they read."""
    return {**sql_variables(archive), "table": report_table(archive), "parameters": archive.report.parameters}


def find_table(glue: GlueClient, database: str, table: str) -> Any:
    """The table as Glue has it, or None."""
    try:
        return glue.get_table(DatabaseName=database, Name=table)["Table"]
    except glue.exceptions.EntityNotFoundException:
        return None


def has_table(glue: GlueClient, archive: Archive) -> bool:
    """Whether the archive's table is there."""
    return find_table(glue, archive.catalog.database, archive.catalog.table) is not None


def conflicts(archive: Archive, table: Any) -> list[str]:
    """Why an existing table can't be this archive's; empty if it can."""
    name = f"Glue table {archive.catalog.database}.{archive.catalog.table}"
    descriptor, parameters = table["StorageDescriptor"], table.get("Parameters", {})
    problems = []
    if descriptor.get("Location", "").rstrip("/") != table_location(archive).rstrip("/"):
        problems.append(
            f"{name} lies at {descriptor.get('Location')}, the archive at {table_location(archive)}: choose another "
            "catalog.table, or drop the table"
        )
    if descriptor.get("SerdeInfo", {}).get("SerializationLibrary") != SERDE:
        problems.append(f"{name} is read by {descriptor.get('SerdeInfo')}, expected {SERDE}: drop the table")
    keys = [(key["Name"], key.get("Type")) for key in table.get("PartitionKeys", [])]
    if keys != _PARTITION_KEYS:
        problems.append(f"{name} is partitioned by {keys}, expected {_PARTITION_KEYS}: drop the table")
    return [*problems, *_exposures(name, parameters), *_column_conflicts(archive, name, descriptor["Columns"])]


def derived_conflicts(archive: Archive, table: Any) -> list[str]:
    """Why an existing table can't be one that the archive keeps beside the published one; empty if it can."""
    name = f"Glue table {archive.catalog.database}.{table['Name']}"
    parameters = table.get("Parameters", {})
    owner = parameters.get("ttl_archive.archive")
    if owner != archive.name:
        return [
            f"{name} is {f'archive {owner}' if owner else 'not an archive'}'s, expected {archive.name}'s own: choose "
            "another catalog.table, or drop that table"
        ]
    return _exposures(name, parameters)


def _exposures(name: str, parameters: dict[str, str]) -> list[str]:
    """What could show readers data that nobody has verified."""
    problems = []
    if parameters.get("projection.enabled", "false").lower() == "true":
        problems.append(f"{name} has partition projection, which shows unpublished months: remove projection.enabled")
    if "UPDATED_BY_CRAWLER" in parameters:
        problems.append(
            f"{name} is updated by crawler {parameters['UPDATED_BY_CRAWLER']}, which could publish unverified data: "
            "take the table out of the crawler's targets and remove that table parameter"
        )
    return problems


def _column_conflicts(archive: Archive, name: str, columns: list[Any]) -> list[str]:
    # Glue lower-cases the names inside a struct.
    there = [(column["Name"], column["Type"].replace(" ", "").lower()) for column in columns]
    wanted = [(column.column_name, column.type.replace(" ", "").lower()) for column in archive.columns]
    if there == wanted[: len(there)]:
        return []
    return [
        f"{name} has the columns {there}, the archive wants {wanted}: columns can only be appended. Put the old ones "
        "back in their order, or drop the table (the data stays) and re-run each month"
    ]


def append_columns(archive: Archive, glue: GlueClient) -> list[str]:
    """Append the columns that the archive has and the table hasn't, to every partition too; return their names.

    Athena reads a partition by the partition's own descriptor, so one left behind would show NULLs.

    :raises ConfigurationError: if the table's columns aren't the first of the archive's.
    """
    name: dict[str, Any] = {"DatabaseName": archive.catalog.database, "TableName": archive.catalog.table}
    table = glue.get_table(DatabaseName=archive.catalog.database, Name=archive.catalog.table)["Table"]
    problems = conflicts(archive, table)
    if problems:
        raise ConfigurationError("; ".join(problems))
    descriptor: Any = table["StorageDescriptor"]
    missing = archive.columns[len(descriptor["Columns"]) :]
    if missing:
        _append(descriptor, archive)
        table_input: Any = {key: value for key, value in table.items() if key in _TABLE_INPUT and value != ""}
        glue.update_table(DatabaseName=archive.catalog.database, TableInput=table_input)
    # Looked at every time: an earlier try may have died between the table and its last partition.
    for page in glue.get_paginator("get_partitions").paginate(**name):
        for partition in page["Partitions"]:
            own: Any = partition["StorageDescriptor"]
            if len(own["Columns"]) < len(archive.columns):
                _append(own, archive)
                partition_input: Any = {key: value for key, value in partition.items() if key in _PARTITION_INPUT}
                glue.update_partition(**name, PartitionValueList=partition["Values"], PartitionInput=partition_input)
    return [one.column_name for one in missing]


def _append(descriptor: Any, archive: Archive) -> None:
    missing = archive.columns[len(descriptor["Columns"]) :]
    descriptor["Columns"] += [{"Name": one.column_name, "Type": one.type} for one in missing]
    descriptor["SerdeInfo"].setdefault("Parameters", {}).update(
        {f"mapping.{one.column_name}": one.field or one.name for one in missing}
    )


def put_partition(
    glue: GlueClient, database: str, table: str, values: list[str], location: str, parameters: dict[str, str]
) -> None:
    """Create a partition, or point an existing one elsewhere, in one synchronous call.

    :param parameters: with ``ttl_archive.fence``; a partition that a later lease wrote is left alone.
    :raises MonthBusy: if it is.
    """
    descriptor: Any = glue.get_table(DatabaseName=database, Name=table)["Table"]["StorageDescriptor"]
    partition: Any = {
        "Values": values,
        "StorageDescriptor": {**descriptor, "Location": location},
        "Parameters": parameters,
    }
    name: dict[str, Any] = {"DatabaseName": database, "TableName": table}
    try:
        existing = glue.get_partition(**name, PartitionValues=values)["Partition"]
    except glue.exceptions.EntityNotFoundException:
        try:
            glue.create_partition(**name, PartitionInput=partition)
        except glue.exceptions.AlreadyExistsException:  # another run's, or our own, whose answer was lost
            existing = glue.get_partition(**name, PartitionValues=values)["Partition"]
        else:
            return
    fence = int(existing.get("Parameters", {}).get("ttl_archive.fence", 0))
    if fence > int(parameters["ttl_archive.fence"]):
        raise MonthBusy(f"{database}.{table} {values}: a later lease (fence {fence}) has published; this task retries")
    glue.update_partition(**name, PartitionValueList=values, PartitionInput=partition)


def partition_parameters(pointer: Pointer) -> dict[str, str]:
    """What a published partition says of itself; ``published_pointer`` reads it back."""
    return {
        "ttl_archive.generation": pointer.generation,
        "ttl_archive.manifest": pointer.manifest,
        "ttl_archive.fence": str(pointer.fence),
    }


def show_partition(glue: GlueClient, archive: Archive, month: Month, pointer: Pointer) -> None:
    """Point the month's partition to a published generation, in one synchronous call.

    :raises MonthBusy: if a later lease has published.
    """
    put_partition(
        glue,
        archive.catalog.database,
        archive.catalog.table,
        [month.yyyy, month.mm],
        pointer.location,
        partition_parameters(pointer),
    )


def published_pointer(glue: GlueClient, archive: Archive, month: Month) -> Pointer | None:
    """What the month's partition says that readers see, or None if there is no partition that this package wrote."""
    partition = find_partition(glue, archive.catalog.database, archive.catalog.table, [month.yyyy, month.mm])
    parameters = partition.get("Parameters", {}) if partition else {}
    if "ttl_archive.fence" not in parameters:
        return None
    return Pointer(
        generation=parameters["ttl_archive.generation"],
        manifest=parameters["ttl_archive.manifest"],
        fence=int(parameters["ttl_archive.fence"]),
        location=partition["StorageDescriptor"]["Location"],
    )


def find_partition(glue: GlueClient, database: str, table: str, values: list[str]) -> Any:
    """The partition as Glue has it, or None if there is no such partition or table."""
    try:
        return glue.get_partition(DatabaseName=database, TableName=table, PartitionValues=values)["Partition"]
    except glue.exceptions.EntityNotFoundException:
        return None


def partition_location(glue: GlueClient, database: str, table: str, values: list[str]) -> str | None:
    """Where a partition lies, or None if there is no such partition or table."""
    found = find_partition(glue, database, table, values)
    return found["StorageDescriptor"]["Location"] if found else None


def denied(error: BaseException) -> bool:
    """Whether AWS refused a call for want of a permission."""
    return error_code(error) in {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}
