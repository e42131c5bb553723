"""The Glue Data Catalog as a query sees it: tables, registered partitions, and whose rights they are read with."""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from botocore.exceptions import ClientError

from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.table_formats import refuse_input_format, refuse_table_formats
from local_aws.athena.types import Type, parse_hive

DEFAULT_DATABASE = "default"
_BATCH = 100  # partitions in one BatchCreatePartition, as Glue limits it
NULL_VALUE = "__HIVE_DEFAULT_PARTITION__"  # the value of a partition key that is NULL
# What Hive writes as %XX in a partition's folder, and nothing else.
_ESCAPED = re.compile(r"""[\x00-\x1f"#%'*/:=?\\\x7f{\[\]^]""")


def partition_folder(values: dict[str, str]) -> str:
    """`year=2025/month=03`: the folder of a partition, as SHOW PARTITIONS and MSCK REPAIR TABLE print it too."""
    return "/".join(
        f"{key}={_ESCAPED.sub(lambda each: f'%{ord(each[0]):02X}', value)}" for key, value in values.items()
    )


@dataclass(frozen=True)
class Descriptor:
    """How the objects of a table or of one partition are read."""

    serde: str
    parameters: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, Type], ...]
    skip_lines: int = 0
    unlike: tuple[tuple[str, str], ...] = ()  # columns that the table declares otherwise, and why they aren't read
    input_format: str = ""


@dataclass(frozen=True)
class Partition:
    """A registered partition: values in the order of the table's partition keys, and a location of its own."""

    values: tuple[str, ...]
    location: str
    descriptor: Descriptor


@dataclass(frozen=True)
class Table:
    """A table of the catalog."""

    database: str
    name: str
    location: str
    descriptor: Descriptor
    keys: tuple[tuple[str, Type], ...] = ()
    parameters: dict[str, str] = field(default_factory=dict)
    glue: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def columns(self) -> tuple[tuple[str, Type], ...]:
        """What `SELECT *` gives: the data columns, then the partition keys."""
        return self.descriptor.columns + self.keys

    @property
    def view(self) -> str | None:
        """The statement of a view, or None for a table."""
        definition = self._definition
        return None if definition is None else str(definition["originalSql"])

    @property
    def view_schema(self) -> str:
        """The database that a view's statement was written in."""
        return str((self._definition or {}).get("schema") or self.database)

    @property
    def _definition(self) -> dict[str, Any] | None:
        if self.glue.get("TableType") != "VIRTUAL_VIEW":
            return None
        text = self.glue.get("ViewOriginalText") or ""
        encoded = text.removeprefix("/* Presto View:").removesuffix("*/").strip()
        if encoded == text:
            raise QueryFailed(f"INVALID_VIEW: View '{self.database}.{self.name}' is not a Presto view")
        definition: dict[str, Any] = json.loads(base64.b64decode(encoded))
        return definition


class Catalog:
    """Reads of Glue, with the rights of the client's credentials; a missing table is Athena's TABLE_NOT_FOUND.

    A statement has a catalog of its own, in which each table and its partitions are asked for once, as in Trino.
    """

    def __init__(self, glue: Any) -> None:
        self.glue = glue
        self._tables: dict[tuple[str, str], dict[str, Any]] = {}
        self._partitions: dict[tuple[object, ...], list[Partition]] = {}

    def table(self, database: str, name: str, place: str = "", *, checked: bool = True) -> Table:
        """One table; `place` is the statement's `line 1:15: ` for the message. DDL also takes what no query reads."""
        found = self._tables.get((database, name)) or self._find(database, name, place)
        self._tables[database, name] = found
        storage = found.get("StorageDescriptor") or {}
        parameters = found.get("Parameters") or {}
        keys = tuple((key["Name"].lower(), _type(key)) for key in found.get("PartitionKeys") or [])
        refuse_table_formats(parameters, only_iceberg=not checked)
        descriptor = _descriptor(storage, parameters)
        table = Table(database, name, storage.get("Location", ""), descriptor, keys, parameters, found)
        if checked and not storage:
            raise QueryFailed(f"HIVE_UNSUPPORTED_FORMAT: Table StorageDescriptor is null for table '{database}.{name}'")
        if checked:
            _check_properties(parameters)
        if checked and found.get("TableType") != "VIRTUAL_VIEW":
            refuse_input_format(descriptor.input_format, descriptor.serde)
        if checked and len(dict(table.columns)) < len(table.columns):
            raise QueryFailed(
                f"HIVE_INVALID_METADATA: Hive metadata for table {name} is invalid: Table descriptor contains "
                "duplicate columns"
            )
        return table

    def _find(self, database: str, name: str, place: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self.glue.get_table(DatabaseName=database, Name=name)["Table"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "EntityNotFoundException":
                raise denied(error) from error
            if not self.has_database(database):
                raise QueryFailed(f"SCHEMA_NOT_FOUND: {place}Schema '{database}' does not exist") from error
            raise QueryFailed(
                f"TABLE_NOT_FOUND: {place}Table 'awsdatacatalog.{database}.{name}' does not exist"
            ) from error
        return found

    def has_database(self, database: str) -> bool:
        try:
            self.glue.get_database(Name=database)
        except ClientError as error:
            if error.response["Error"]["Code"] == "EntityNotFoundException":
                return False
            raise denied(error) from error
        return True

    def partitions(self, table: Table) -> list[Partition]:
        """Every registered partition of a table."""
        known = (table.database, table.name, table.keys, table.descriptor)
        if known not in self._partitions:
            found = self.raw_partitions(table.database, table.name)
            self._partitions[known] = [_partition(table, item) for item in found]
        return self._partitions[known]

    def raw_partitions(self, database: str, table: str) -> list[dict[str, Any]]:
        """The partitions as Glue gives them."""
        pages = self.glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table)
        try:
            return [item for page in pages for item in page["Partitions"]]
        except ClientError as error:
            raise denied(error) from error

    def create_partitions(self, database: str, table: str, given: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
        """Make partitions, a lot at a time as this is iterated: what Glue says of each that it doesn't take.

        BatchCreatePartition, as Athena does, whose policy examples for DDL grant no other way to add partitions.
        https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
        """
        for start in range(0, len(given), _BATCH):
            answer = self.glue.batch_create_partition(
                DatabaseName=database, TableName=table, PartitionInputList=given[start : start + _BATCH]
            )
            yield from (error["ErrorDetail"] for error in answer.get("Errors") or [])


@contextmanager
def committing() -> Iterator[None]:
    """Around what a statement of Trino changes in Glue: Glue's refusals as its GlueHiveMetastore tells them.

    https://github.com/trinodb/trino/blob/400/plugin/trino-hive/src/main/java/io/trino/plugin/hive/metastore/glue/GlueHiveMetastore.java
    """
    try:
        yield
    except ClientError as error:
        details = error.response["Error"]
        if details["Code"] == "AccessDeniedException":
            raise denied(error) from error
        raise QueryFailed(
            f"HIVE_METASTORE_ERROR: {details['Message']} (Service: AWSGlue; "
            f"Status Code: {error.response['ResponseMetadata']['HTTPStatusCode']}; Error Code: {details['Code']})"
        ) from error


def denied(error: ClientError) -> QueryFailed:
    """A refused Glue call in Athena's words; anything else is the service's failure and may be retried."""
    details = error.response["Error"]
    if details["Code"] == "AccessDeniedException":
        return QueryFailed(
            f"Insufficient permissions to execute the query. {details['Message']} (Service: AWSGlue; Status Code: 400; "
            "Error Code: AccessDeniedException)"
        )
    return QueryFailed(
        f"GENERIC_INTERNAL_ERROR: {details['Message']} (Service: AWSGlue; Error Code: {details['Code']})"
    )


def _descriptor(storage: dict[str, Any], parameters: dict[str, str], table: Descriptor | None = None) -> Descriptor:
    serde = storage.get("SerdeInfo") or {}
    columns = tuple((column["Name"].lower(), _type(column)) for column in storage.get("Columns") or [])
    library = serde.get("SerializationLibrary") or (table.serde if table else "")
    # As in Hive, a property of the table counts before the SerDe's of the same name.
    own = {name: value for name, value in parameters.items() if not name.startswith("projection.")}
    return Descriptor(
        library,
        tuple(sorted(((serde.get("Parameters") or {}) | own).items())),
        columns or (table.columns if table else ()),
        int(skipped) if (skipped := _skipped(parameters)).isdecimal() else 0,
        input_format=storage.get("InputFormat") or "",
    )


def _skipped(parameters: dict[str, str], part: str = "header") -> str:
    return parameters.get(f"skip.{part}.line.count") or "0"


def _check_properties(parameters: dict[str, str]) -> None:
    """The properties of a table that say how its lines are read."""
    for part in ("header", "footer"):
        if not (count := _skipped(parameters, part)).isdecimal():
            raise QueryFailed(f"HIVE_INVALID_METADATA: Invalid value for 'skip.{part}.line.count' property: {count}")
    if int(_skipped(parameters, "footer")):
        raise CannotTranslate("skip.footer.line.count")


def _partition(table: Table, item: dict[str, Any]) -> Partition:
    """Its columns belong to the table's by name in JSON and Parquet, in other text by position.

    https://docs.aws.amazon.com/athena/latest/ug/handling-schema-updates-chapter.html
    """
    values, storage = tuple(item["Values"]), item.get("StorageDescriptor")
    if not storage:
        raise QueryFailed(f"HIVE_UNSUPPORTED_FORMAT: Partition StorageDescriptor is null: {'/'.join(values)}")
    own = _descriptor(storage, table.parameters, table.descriptor)
    columns, declared = own.columns, table.descriptor.columns
    if not re.search("json|parquet", own.serde, re.IGNORECASE):
        names = [name for name, _ in declared] + [name for name, _ in columns[len(declared) :]]
        columns = tuple((name, kind) for name, (_, kind) in zip(names, columns, strict=False))
    folder, unlike = partition_folder(dict(zip(dict(table.keys), values, strict=True))), []
    table_types = dict(declared)
    for name, kind in columns if columns != declared else ():
        want = table_types.get(name, kind)
        if (fits := _coerced(kind, want)) is None:
            what = f"{kind.hive()} in the partition {folder} as the table's {want.hive()} (column '{name}')"
            unlike.append((name, CannotTranslate(what).message))
        elif not fits:
            reason = (
                "HIVE_PARTITION_SCHEMA_MISMATCH: There is a mismatch between the table and partition schemas. "
                "The types are incompatible and cannot be coerced. "
                f"The column '{name}' in table '{table.database}.{table.name}' is declared as type '{want.hive()}', "
                f"but partition '{folder}' declared column '{name}' as type '{kind.hive()}'."
            )
            unlike.append((name, reason))
    return Partition(
        values, storage.get("Location") or table.location, replace(own, columns=columns, unlike=tuple(unlike))
    )


def _coerced(have: Type, want: Type) -> bool | None:
    """Whether Trino reads a partition's type as the table's; None if it may, in a way that we don't have.

    https://github.com/trinodb/trino/blob/400/plugin/trino-hive/src/main/java/io/trino/plugin/hive/HiveCoercionPolicy.java
    """
    ints, texts = ["tinyint", "smallint", "int", "bigint"], {"string", "varchar"}
    old, new = have.hive(), want.hive()
    if old == new or (old in ints and new in ints and ints.index(old) < ints.index(new)):
        return True
    if (old, new) == ("float", "double") or (have.name in texts and new == "string"):
        return True
    alike = {have.name, want.name} <= {"float", "double", "decimal"} or (have.nested and have.name == want.name)
    return None if alike or {have.name, want.name} & texts else False


_parsed = lru_cache(1000)(parse_hive)  # thousands of partitions have the same columns


def _type(column: dict[str, Any]) -> Type:
    try:
        return _parsed(column.get("Type") or "string")
    except ValueError as error:
        raise QueryFailed(
            f"HIVE_INVALID_METADATA: Glue table column '{column['Name']}' has an invalid type: {error}"
        ) from error
