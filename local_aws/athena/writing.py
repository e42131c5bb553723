"""CREATE TABLE AS, INSERT INTO and UNLOAD: a query's rows as files in S3.

https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html, .../insert-into.html, .../unload.html
"""

import contextlib
import re
import uuid
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from sqlglot import exp

from local_aws.athena.assignment import assigned, is_assignable, is_cast, lengths_of_values, truncation
from local_aws.athena.catalog import Table, committing, partition_folder
from local_aws.athena.conversion import identifier, literal
from local_aws.athena.create_table import storage_of, table_over
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.parsing import parse
from local_aws.athena.projection import is_projected
from local_aws.athena.select import Select
from local_aws.athena.serdes import JSON_SERDES, PARQUET
from local_aws.athena.session import Session
from local_aws.athena.statements import Statement, Tokens
from local_aws.athena.storage import is_s3_uri, list_objects, put_file
from local_aws.athena.types import hive_of_duckdb, parse_hive
from local_aws.athena.write_options import (
    CTAS_OPTIONS,
    UNLOAD_OPTIONS,
    check_keys,
    check_partition_values,
    check_table_type,
    choose_compression,
    parse_options,
    partition_text,
    table_compression,
)

OPEN_PARTITIONS = 100
_ROWS = "written_rows"


class Writing:
    """Runs one statement that writes data; `results` is where CREATE TABLE AS writes if it names no place."""

    def __init__(self, session: Session, database: str, results: str | None) -> None:
        self._session, self._database, self._results = session, database, results
        self._glue, self._connection = session.catalog.glue, session.connection

    def execute(self, statement: Statement) -> tuple[list[str], int]:
        """(the objects written, the number of rows)."""
        tokens = Tokens(statement.sql)
        return {"UNLOAD": self._unload, "CTAS": self._create_table_as, "INSERT": self._insert}[statement.kind](tokens)

    def _unload(self, tokens: Tokens) -> tuple[list[str], int]:
        tokens.expect("UNLOAD")
        query = tokens.parenthesised()
        tokens.expect("TO")
        location = tokens.string()
        options = parse_options(tokens, UNLOAD_OPTIONS) if tokens.accept("WITH") else {}
        tokens.end()
        self._empty_place(location)
        columns = self._select(query)
        keys = [str(key).lower() for key in options.get("partitioned_by") or []]
        written = self._write(location, str(options.get("format", "")).upper(), options, columns, keys)
        return [uri for _, uri in written], self._count()

    def _create_table_as(self, tokens: Tokens) -> tuple[list[str], int]:
        tokens.expect("CREATE", "TABLE")
        quiet = tokens.accept("IF", "NOT", "EXISTS")
        database, name = tokens.qualified(self._database)
        if tokens.accept("COMMENT"):
            tokens.string()
        options = parse_options(tokens, CTAS_OPTIONS) if tokens.accept("WITH") else {}
        tokens.expect("AS")
        taken = QueryFailed(f"TABLE_ALREADY_EXISTS: Table '{database}.{name}' already exists")
        if self._exists(database, name):
            if quiet:
                return [], 0
            raise taken
        check_table_type(options)
        location = str(options.get("external_location") or self._results).rstrip("/") + "/"
        self._empty_place(location)
        query = tokens.query()
        ending = re.search(r"\bWITH\s+(NO\s+)?DATA\s*$", query, re.IGNORECASE)
        if ending:
            query = query[: ending.start()]
        columns = self._select(query, dry=bool(ending and ending[1]))
        keys = [str(key).lower() for key in options.get("partitioned_by") or []]
        stored = str(options.get("format", "PARQUET")).upper()
        written = self._write(location, stored, options, columns, keys)
        table = table_over(name, location, stored, choose_compression(stored, options, columns), columns, keys)
        with committing():
            try:
                self._glue.create_table(DatabaseName=database, TableInput=table)
            except self._glue.exceptions.AlreadyExistsException:
                raise taken from None
        try:
            self._register(database, name, table["StorageDescriptor"], written)
        except QueryFailed:  # a statement that fails leaves no table, if its caller may delete it
            with contextlib.suppress(ClientError):
                self._glue.delete_table(DatabaseName=database, Name=name)
            raise
        return [uri for _, uri in written], self._count()

    def _insert(self, tokens: Tokens) -> tuple[list[str], int]:
        tokens.expect("INSERT", "INTO")
        table = self._session.catalog.table(*tokens.qualified(self._database))
        if table.view is not None:
            raise QueryFailed(f"NOT_SUPPORTED: Inserting into views is not supported: {table.database}.{table.name}")
        if is_projected(table):
            raise CannotTranslate("INSERT INTO a table with partition projection")
        listed = _listed_columns(tokens, table)
        columns = self._select(tokens.query(), named=False)
        targets = listed or [name for name, _ in table.columns]
        kinds = dict(table.columns)
        wanted, given = (
            ", ".join("unknown" if of == "null" else parse_hive(of).trino() for of in types)
            for types in ([kinds[name].hive() for name in targets], [of for _, of in columns])
        )
        mismatched = QueryFailed(
            f"TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: Table: [{wanted}], Query: [{given}]"
        )
        if len(targets) != len(columns):
            raise mismatched
        by_target = dict(zip(targets, columns, strict=True))
        for name, (_, have) in by_target.items():
            if not is_assignable(have, kinds[name].hive()):
                if is_cast(have, kinds[name].hive()):
                    raise CannotTranslate(f"an INSERT of {have} into {name}, which is {kinds[name].hive()}: add a CAST")
                raise mismatched
        self._assign(table, by_target)
        known = self._places(table)
        written = self._write(
            table.location,
            _stored_as(table),
            table_compression(_stored_as(table), table.parameters),
            [(n, k.hive()) for n, k in table.columns],
            [name for name, _ in table.keys],
            known,
        )
        new = [(values, uri) for values, uri in written if values not in known]
        self._register(table.database, table.name, storage_of(table), new)
        return [uri for _, uri in written], self._count()

    def _assign(self, table: Table, given: dict[str, tuple[str, str]]) -> None:
        """Make the rows those of a table; `given` has the column and the type of the rows for the table's columns."""
        selected = []
        for name, kind in table.columns:
            value = f"CAST(NULL AS {kind.duckdb()})"
            if name in given:
                column, have = given[name]
                value = assigned(column, kind)
                if too_long := truncation(have, kind, column):
                    condition, reason = too_long
                    if self._connection.execute(f"SELECT 1 FROM {_ROWS} WHERE {condition} LIMIT 1").fetchone():
                        raise QueryFailed(reason)
            selected.append(f"{value} AS {identifier(name)}")
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {_ROWS} AS SELECT {', '.join(selected)} FROM {_ROWS}")

    def _prepare(self, tree: exp.Expr, dry: bool) -> Select:
        """The query made ready; `dry` if no object is to be read for it."""
        if not dry:
            return self._session.select(tree, self._database)
        session = self._session
        select = Select(session.connection, session.scratch, session.catalog, session.s3, self._database, dry=True)
        select.prepare(tree)
        return select

    def _select(self, query: str, named: bool = True, dry: bool = False) -> list[tuple[str, str]]:
        """Run the query into a temporary table, which is empty if `dry`; its columns with Glue's types."""
        tree = parse(query)
        lengths = lengths_of_values(tree)
        select = self._prepare(tree, dry)
        names = select.names
        if named and any(name.startswith("_col") and name[4:].isdigit() for name in names):
            position = next(n for n, name in enumerate(names) if name.startswith("_col") and name[4:].isdigit())
            raise QueryFailed(f"MISSING_COLUMN_NAME: Column name not specified at position {position + 1}")
        names = [name.lower() for name in names] if named else [f"c{number}" for number in range(len(names))]
        if len(set(names)) < len(names):
            raise QueryFailed(
                f"DUPLICATE_COLUMN_NAME: Column name '{max(names, key=names.count)}' specified more than once"
            )
        listed = ", ".join(map(identifier, names))
        self._connection.execute(
            f"CREATE TEMP TABLE {_ROWS} AS SELECT * FROM ({select.sql}) AS q({listed}){' LIMIT 0' if dry else ''}"
        )
        described = self._connection.execute(f"SELECT * FROM {_ROWS} LIMIT 0").description
        # A bare NULL is of any column's type; a table to be made would have none for it.
        types = ["null" if not named and item[1].id == "null" else hive_of_duckdb(item[1]) for item in described]
        if any("field0:" in each for each in types):
            raise QueryFailed(
                "NOT_SUPPORTED: Anonymous row type is not supported in Hive. Please give each field a name"
            )
        sizes = [f"({each})" if each else "" for each in lengths] or select.sizes
        sizes = sizes if len(sizes) == len(names) else [""] * len(names)
        # Hive's varchar is never empty.
        sized = [
            f"varchar{size}" if size not in ("", "(0)") and kind == "string" else kind
            for kind, size in zip(types, sizes, strict=True)
        ]
        return list(zip(names, sized, strict=True))

    def _count(self) -> int:
        return int(self._connection.execute(f"SELECT count(*) FROM {_ROWS}").fetchone()[0])  # type: ignore[index]

    def _write(
        self, location: str, stored: str, options: dict[str, Any], columns: list[tuple[str, str]], keys: list[str],
        places: dict[tuple[str, ...], str] | None = None,
    ) -> list[tuple[tuple[str, ...], str]]:  # fmt: skip
        """Write the rows, one file a partition: (partition values, address) of each."""
        compression = choose_compression(stored, options, columns)
        check_keys(columns, keys)
        data = ", ".join(_value(name, kind, stored) for name, kind in columns if name not in keys)
        shown = {name: partition_text(name, kind) for name, kind in columns if name in keys}
        partitions: list[tuple[str, ...]] = [()] if self._count() else []  # Trino opens a file at its first row
        if keys:
            distinct = f"SELECT DISTINCT {', '.join(shown.values())} FROM {_ROWS} ORDER BY ALL"
            partitions = self._connection.execute(distinct).fetchall()
        if len(partitions) > OPEN_PARTITIONS:
            raise QueryFailed(
                f"HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of {OPEN_PARTITIONS} open writers for partitions/buckets"  # noqa: E501
            )
        check_partition_values(partitions if keys else [])
        written = []
        for values in partitions:
            wanted = " AND ".join(
                f"{text} = {literal(value)}" for text, value in zip(shown.values(), values, strict=True)
            )
            path = self._session.scratch.new_path()
            self._connection.execute(
                f"COPY (SELECT {data} FROM {_ROWS} WHERE {wanted or 'true'}) TO {literal(str(path))} "
                f"(FORMAT {stored}, COMPRESSION {'uncompressed' if compression == 'NONE' else compression})"
            )
            folder = partition_folder(dict(zip(keys, values, strict=True)))
            place = (places or {}).get(values) or f"{location.rstrip('/')}/{folder}"
            name = f"{datetime.now(UTC):%Y%m%d_%H%M%S}_{uuid.uuid4()}"
            suffix = ".gz" if stored == "JSON" and compression == "GZIP" else ""
            uri = f"{place.rstrip('/')}/{name}{suffix}"
            put_file(self._session.s3, uri, path)
            written.append((values, uri))
        return written

    def _places(self, table: Table) -> dict[tuple[str, ...], str]:
        return {item.values: item.location for item in self._session.catalog.partitions(table)} if table.keys else {}

    @committing()
    def _register(
        self, database: str, name: str, storage: dict[str, Any], written: list[tuple[tuple[str, ...], str]]
    ) -> None:
        """New partitions of what was written into them."""
        given = [
            {
                "Values": list(values),
                "StorageDescriptor": {**storage, "Location": uri.rpartition("/")[0] + "/"},
                "Parameters": {},
            }
            for values, uri in written
            if values
        ]
        for details in self._session.catalog.create_partitions(database, name, given):
            code, message = details["ErrorCode"], details["ErrorMessage"]
            if code == "AlreadyExistsException":
                raise QueryFailed(f"ALREADY_EXISTS: {message}")
            raise QueryFailed(f"HIVE_METASTORE_ERROR: {code}: {message}")

    def _empty_place(self, location: str) -> None:
        if not is_s3_uri(location):
            raise QueryFailed(f"HIVE_METASTORE_ERROR: '{location}' is not an S3 location")
        if list_objects(self._session.s3, location):
            raise QueryFailed(
                f"HIVE_PATH_ALREADY_EXISTS: Target directory for table '{location}' already exists: {location}. You may need to "  # noqa: E501
                f"manually clean the data at location '{location}' before retrying. Athena will not delete data in your account."  # noqa: E501
            )

    def _exists(self, database: str, name: str) -> bool:
        try:
            self._session.catalog.table(database, name, checked=False)
        except QueryFailed as error:
            if error.message.startswith("TABLE_NOT_FOUND"):
                return False
            raise
        return True


def _stored_as(table: Table) -> str:
    if table.descriptor.serde == PARQUET:
        return "PARQUET"
    return "JSON" if table.descriptor.serde in JSON_SERDES else "TEXTFILE"


def _listed_columns(tokens: Tokens, table: Table) -> list[str]:
    """The columns that INSERT INTO names; none if it names none."""
    if tokens.peek() != "(" or tokens.peek(1).upper() in ("SELECT", "WITH", "VALUES", "("):
        return []
    listed = [name.strip().strip('"`').lower() for name in tokens.parenthesised().split(",")]
    for name in listed:
        if name not in dict(table.columns):
            raise QueryFailed(f"COLUMN_NOT_FOUND: Insert column name does not exist in target table: {name}")
        if listed.count(name) > 1:
            raise QueryFailed(f"DUPLICATE_COLUMN_NAME: Insert column name is specified more than once: {name}")
    return listed


def _value(name: str, kind: str, stored: str) -> str:
    """A column as it is written; DuckDB's JSON would have a real's digits as a double."""
    column = identifier(name)
    if stored != "JSON" or "float" not in kind:
        return column
    if kind != "float":
        raise CannotTranslate(f"writing {kind} as JSON")
    return f"CAST(CAST({column} AS VARCHAR) AS DOUBLE) AS {column}"
