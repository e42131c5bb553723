"""DDL about partitions, and what it shares with the rest of DDL."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from local_aws.athena.catalog import Catalog, Partition, Table, partition_folder
from local_aws.athena.create_table import HIVE_USER, parse_columns, storage_of
from local_aws.athena.errors import CannotTranslate, QueryFailed, ddl_failed
from local_aws.athena.partition_folders import find_partition_folders, has_folder
from local_aws.athena.partitions import key_values
from local_aws.athena.results import Column
from local_aws.athena.serdes import LAZY_SIMPLE, PARQUET
from local_aws.athena.statements import Tokens
from local_aws.athena.storage import is_s3_uri

Answer = tuple[list[Column], Iterator[list[str | None]]]

# What a table says that UpdateTable takes: https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html
_TABLE_INPUT = (
    "Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters",
)  # fmt: skip


class PartitionDdl:
    """ALTER TABLE, MSCK REPAIR TABLE and SHOW PARTITIONS in a database."""

    def __init__(
        self, catalog: Catalog, s3: Any, database: str, describe: Callable[[str, str], list[tuple[str, str, str]]]
    ) -> None:
        self._catalog, self._glue, self._s3, self._database = catalog, catalog.glue, s3, database
        self._describe_query = describe

    def _alter_table(self, tokens: Tokens) -> None:
        """Each form is read to its end before the first call that changes anything."""
        tokens.expect("ALTER", "TABLE")
        table = self._table(*tokens.qualified(self._database))
        if table.glue.get("TableType") == "VIRTUAL_VIEW":
            raise QueryFailed(
                "FAILED: SemanticException [Error 10131]: To alter a view you need to use the ALTER VIEW command."
            )
        storage = table.glue["StorageDescriptor"]
        changed: dict[str, Any] = {}
        if tokens.accept("ADD", "COLUMNS"):
            changed["StorageDescriptor"] = _with_columns(tokens, table, storage.get("Columns") or [])
        elif tokens.accept("REPLACE", "COLUMNS"):
            if table.descriptor.serde not in (LAZY_SIMPLE, PARQUET):
                name = f"{table.database}.{table.name}"
                raise ddl_failed(f"Replace columns is not supported for table {name}. SerDe may be incompatible.")
            changed["StorageDescriptor"] = _with_columns(tokens, table, [])
        elif tokens.accept("SET", "LOCATION"):
            changed["StorageDescriptor"] = {**storage, "Location": _new_location(tokens)}
        elif tokens.accept("SET", "TBLPROPERTIES"):
            changed["Parameters"] = {**table.parameters, **tokens.properties()}
        elif tokens.accept("ADD"):
            self._add_partitions(tokens, table)
        elif tokens.peek(1).upper() != "COLUMN" and tokens.accept("DROP"):
            self._drop_partitions(tokens, table)
        elif tokens.accept("PARTITION"):
            self._move_partition(tokens, table)
        else:
            raise CannotTranslate(f"ALTER TABLE ... {tokens.peek().upper()}")
        tokens.end()
        if changed:
            self._update(table, changed)

    def _add_partitions(self, tokens: Tokens, table: Table) -> None:
        quiet = tokens.accept("IF", "NOT", "EXISTS")
        tokens.expect("PARTITION")
        added: list[tuple[list[str], str]] = []
        while not added or tokens.accept("PARTITION"):
            values = _all_values(_given_values(_partition_spec(tokens, table)), table)
            place = tokens.string() if tokens.accept("LOCATION") else _partition_location(table, values)
            _check_values(table, values)
            added.append((values, place))
        tokens.end()
        self._create_partitions(table, added, quiet)

    def _drop_partitions(self, tokens: Tokens, table: Table) -> None:
        quiet = tokens.accept("IF", "EXISTS")
        dropped: dict[tuple[str, ...], None] = {}
        while True:
            tokens.expect("PARTITION")
            spec = _partition_spec(tokens, table)
            matching = [values for values in self._values(table) if spec.items() <= _named(table, values).items()]
            if not matching and not quiet:
                raise _not_found(spec)
            dropped |= dict.fromkeys(matching)
            if not tokens.accept(","):
                break
        tokens.end()
        for values in dropped:
            self._glue.delete_partition(DatabaseName=table.database, TableName=table.name, PartitionValues=list(values))

    def _move_partition(self, tokens: Tokens, table: Table) -> None:
        spec = _partition_spec(tokens, table)
        if not tokens.accept("SET", "LOCATION"):
            raise CannotTranslate("this ALTER TABLE PARTITION")
        location = _new_location(tokens)
        tokens.end()
        values = _all_values(spec, table)
        found = self._partition(table, values)
        if found is None:
            raise _not_found(spec)
        if not found.get("StorageDescriptor"):
            raise ddl_failed("null")
        storage = {**found["StorageDescriptor"], "Location": location}
        changed = {"Values": values, "StorageDescriptor": storage, "Parameters": found.get("Parameters", {})}
        self._glue.update_partition(
            DatabaseName=table.database, TableName=table.name, PartitionValueList=values, PartitionInput=changed
        )

    def _update(self, table: Table, changed: dict[str, Any]) -> None:
        """Change a table, which tells then who did it and when."""
        now = str(int(time.time()))
        own = {"last_modified_by": HIVE_USER, "last_modified_time": now, "transient_lastDdlTime": now}
        changed = {**changed, "Parameters": {**(changed.get("Parameters") or table.parameters), **own}}
        given = {key: table.glue[key] for key in _TABLE_INPUT if table.glue.get(key) not in (None, "")}
        self._glue.update_table(DatabaseName=table.database, TableInput={**given, **changed})

    def _msck(self, tokens: Tokens) -> Answer:
        tokens.expect("MSCK", "REPAIR", "TABLE")
        table = self._table(*tokens.qualified(self._database))
        tokens.end()
        if not need_type(table).keys:
            raise ddl_failed(f"Table {table.name} is not a partitioned table")
        known = set(self._values(table))
        found = find_partition_folders(self._s3, table)
        added = [(list(values), location) for values, location in found.items() if values not in known]
        self._create_partitions(table, added, quiet=True)
        shown = [f"{table.name}:{partition_folder(_named(table, values))}" for values, _ in added]
        gone = [
            f"{table.name}:{partition_folder(_named(table, each.values))}"
            for each in self._catalog.partitions(table)
            if each.values in known and each.values not in found and not has_folder(self._s3, each.location)
        ]
        told = [f"Partitions not in metastore:\t{chr(9).join(shown)}"] if shown else []
        told += [f"Partitions missing from filesystem:\t{chr(9).join(gone)}"] if gone else []
        told += [f"Repair: Added partition to metastore {each}" for each in shown]
        return lines("result", told) if told else ([], iter(()))

    def _show_partitions(self, tokens: Tokens) -> Answer:
        tokens.expect("SHOW", "PARTITIONS")
        table = self._table(*tokens.qualified(self._database))
        if not table.keys:
            raise ddl_failed(f"Table {table.name} is not a partitioned table")
        return lines("partition", sorted(partition_folder(_named(table, values)) for values in self._values(table)))

    def _table(self, database: str, name: str) -> Table:
        try:
            table = self._catalog.table(database, name, checked=False)
        except QueryFailed as error:
            if error.message.startswith(("TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND")):
                raise QueryFailed(f"FAILED: SemanticException [Error 10001]: Table not found {name}") from error
            if error.message.startswith("Insufficient permissions"):
                raise ddl_failed("null") from error
            raise
        if not table.glue.get("StorageDescriptor"):
            raise QueryFailed(
                f"FAILED: SemanticException Unable to fetch table {name}. StorageDescriptor cannot be null"
            )
        return table

    def _tables(self, database: str) -> list[dict[str, Any]]:
        pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=database)
        return [item for page in pages for item in page["TableList"]]

    def _tables_in(self, tokens: Tokens) -> list[dict[str, Any]]:
        """The tables and views of `[IN database]`."""
        database = self._database
        if tokens.accept("IN") or tokens.accept("FROM"):
            database = tokens.name()
            if database == "awsdatacatalog" and tokens.accept("."):
                database = tokens.name()
        if not self._catalog.has_database(database):
            raise no_database(database)
        return self._tables(database)

    def _values(self, table: Table) -> list[tuple[str, ...]]:
        return [tuple(item["Values"]) for item in self._catalog.raw_partitions(table.database, table.name)]

    def _partition(self, table: Table, values: list[str]) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._glue.get_partition(
                DatabaseName=table.database, TableName=table.name, PartitionValues=values
            )["Partition"]
        except self._glue.exceptions.EntityNotFoundException:
            return None
        return found

    def _create_partitions(self, table: Table, added: list[tuple[list[str], str]], quiet: bool) -> None:
        for _, location in added:
            if not is_s3_uri(location):
                raise ddl_failed(f"MetaException(message:Path is not a valid S3 location: {location})")
        given = [
            {"Values": values, "StorageDescriptor": {**storage_of(table), "Location": location}, "Parameters": {}}
            for values, location in added
        ]
        for details in self._catalog.create_partitions(table.database, table.name, given):
            if details["ErrorCode"] != "AlreadyExistsException":
                raise ddl_failed(f"{details['ErrorCode']}(message:{details['ErrorMessage']})")
            if not quiet:
                raise ddl_failed("AlreadyExistsException(message:Partition already exists.)")


def need_type(table: Table) -> Table:
    """https://docs.aws.amazon.com/athena/latest/ug/troubleshooting-athena.html: a table made without TableType."""
    if "TableType" not in table.glue:
        raise QueryFailed("FAILED: NullPointerException Name is null")
    return table


def _with_columns(tokens: Tokens, table: Table, kept: list[dict[str, str]]) -> dict[str, Any]:
    """The table's descriptor with the columns to come after those that are kept."""
    added = parse_columns(tokens)
    known = {column["Name"].lower() for column in kept} | {key for key, _ in table.keys}
    for twice in [column["Name"] for column in added if column["Name"] in known]:
        raise ddl_failed(f"Duplicate column name: {twice}")
    return {**table.glue["StorageDescriptor"], "Columns": [*kept, *added]}


def no_database(name: str) -> QueryFailed:
    return QueryFailed(f"FAILED: SemanticException [Error 10072]: Database does not exist: {name}")


def _new_location(tokens: Tokens) -> str:
    location = tokens.string()
    if not is_s3_uri(location):
        raise QueryFailed(
            f"FAILED: SemanticException {location} is not absolute or has no scheme information. "
            "Please specify a complete absolute uri with scheme information."
        )
    return location


def _check_values(table: Table, values: list[str]) -> None:
    """Athena may take a value that is none of its key's type; a query would fail on it."""
    try:
        key_values(table, Partition(tuple(values), table.location, table.descriptor))
    except QueryFailed as error:
        raise CannotTranslate(f"ADD PARTITION ({error.message})") from error


def _all_values(spec: dict[str, str], table: Table) -> list[str]:
    if len(spec) < len(table.keys):
        raise QueryFailed(
            f"FAILED: ValidationFailureSemanticException partition spec {_shown(spec)} doesn't contain all "
            f"({len(table.keys)}) partition columns"
        )
    return [spec[key] for key, _ in table.keys]


def _partition_spec(tokens: Tokens, table: Table) -> dict[str, str]:
    """`(year = '2025', month = '03')`, of which a statement may need only some columns."""
    given: dict[str, str] = {}
    tokens.expect("(")
    while True:
        key = tokens.name()
        if key not in dict(table.keys):
            raise QueryFailed(
                "FAILED: SemanticException [Error 10098]: Non-Partition column appears in the partition specification: "
                f" {key}"
            )
        tokens.expect("=")
        given[key] = _constant(tokens)
        if tokens.accept(")"):
            return given
        tokens.expect(",")


def _given_values(spec: dict[str, str]) -> dict[str, str]:
    """https://github.com/apache/hive/blob/rel/release-1.2.2/ql/src/java/org/apache/hadoop/hive/ql/metadata/Partition.java"""
    for key, value in spec.items():
        if not value:
            raise ddl_failed(f"partition spec is invalid; field {key} does not exist or is empty")
    return spec


def _constant(tokens: Tokens) -> str:
    """A string or a number, the constants of Hive whose text is the value."""
    if tokens.peek()[:1] in ("'", '"'):
        return tokens.string()
    if tokens.peek().upper() in ("DATE", "FALSE", "NULL", "TIMESTAMP", "TRUE"):
        raise CannotTranslate(f"{tokens.peek()} in the specification of a partition")
    if not re.fullmatch(r"\d+(\.\d+)?", tokens.peek()):
        raise tokens.error("cannot recognize input: a constant is expected")
    return tokens.take()


def _shown(spec: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}={value}" for key, value in spec.items()) + "}"


def _not_found(spec: dict[str, str]) -> QueryFailed:
    return QueryFailed(f"FAILED: SemanticException [Error 10006]: Partition not found {_shown(spec)}")


def _named(table: Table, values: Sequence[str]) -> dict[str, str]:
    return {key: value for (key, _), value in zip(table.keys, values, strict=True)}


def _partition_location(table: Table, values: list[str]) -> str:
    return f"{table.location.rstrip('/')}/{partition_folder(_named(table, values))}/"


def lines(columns: str, lines: list[str], kind: str = "string") -> Answer:
    """Rows of one text each, whatever the number of columns that Athena declares for it."""
    return [Column(column, kind) for column in columns.split(",")], iter([[line] for line in lines])
