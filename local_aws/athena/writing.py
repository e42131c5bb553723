"""CREATE TABLE AS, INSERT INTO and UNLOAD: a query's rows as files in S3.

https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html, .../insert-into.html, .../unload.html
"""

import re
import uuid
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from local_aws.athena.catalog import NULL_VALUE, Table, partition_folder
from local_aws.athena.conversion import identifier, literal
from local_aws.athena.create_table import FORMATS, storage_of
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.parsing import parse
from local_aws.athena.projection import is_projected
from local_aws.athena.serdes import JSON_SERDES, OPENX, PARQUET
from local_aws.athena.session import Session
from local_aws.athena.statements import Statement, Tokens
from local_aws.athena.storage import is_s3_uri, list_objects, put_file
from local_aws.athena.types import hive_of_duckdb, parse_hive, same_type

OPEN_PARTITIONS = 100
_COMPRESSIONS = {"PARQUET": ("GZIP", "SNAPPY", "ZSTD", "NONE"), "JSON": ("GZIP", "NONE")}
_ROWS = "written_rows"
# What UNLOAD's WITH may say, and CREATE TABLE AS besides.
_UNLOAD_OPTIONS = {"format", "compression", "compression_level", "field_delimiter", "partitioned_by"}
_CTAS_OPTIONS = {
    "table_type", "is_external", "location", "external_location", "format", "partitioned_by", "bucketed_by",
    "bucket_count", "partitioning", "field_delimiter", "write_compression", "compression_level", "parquet_compression",
    "orc_compression",
    "vacuum_min_snapshots_to_keep", "vacuum_max_snapshot_age_seconds", "vacuum_max_metadata_files_to_keep",
    "optimize_rewrite_min_data_file_size_bytes", "optimize_rewrite_max_data_file_size_bytes",
    "optimize_rewrite_data_file_threshold", "optimize_rewrite_delete_file_threshold",
}  # fmt: skip


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
        options = _options(tokens, _UNLOAD_OPTIONS) if tokens.accept("WITH") else {}
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
        options = _options(tokens, _CTAS_OPTIONS) if tokens.accept("WITH") else {}
        tokens.expect("AS")
        if self._exists(database, name):
            if quiet:
                return [], 0
            raise QueryFailed(f"TABLE_ALREADY_EXISTS: Table '{database}.{name}' already exists")
        if str(options.get("table_type", "HIVE")).upper() != "HIVE" or "bucketed_by" in options:
            raise CannotTranslate("Iceberg and bucketed tables")
        location = str(options.get("external_location") or self._results).rstrip("/") + "/"
        if not is_s3_uri(location):
            raise QueryFailed(f"HIVE_METASTORE_ERROR: '{location}' is not an S3 location")
        self._empty_place(location)
        query = tokens.query()
        ending = re.search(r"\bWITH\s+(NO\s+)?DATA\s*$", query, re.IGNORECASE)
        if ending:
            query = query[: ending.start()]
        columns = self._select(query, limit=" LIMIT 0" if ending and ending[1] else "")
        keys = [str(key).lower() for key in options.get("partitioned_by") or []]
        stored = str(options.get("format", "PARQUET")).upper()
        written = self._write(location, stored, options, columns, keys)
        input_format, output_format, serde = (
            FORMATS["PARQUET"] if stored == "PARQUET" else (*FORMATS["TEXTFILE"][:2], OPENX)
        )
        storage: dict[str, Any] = {
            "Columns": [{"Name": c, "Type": t} for c, t in columns if c not in keys], "Location": location,
            "InputFormat": input_format, "OutputFormat": output_format, "SerdeInfo": {"SerializationLibrary": serde, "Parameters": {}},  # noqa: E501
        }  # fmt: skip
        table = {
            "Name": name, "TableType": "EXTERNAL_TABLE", "StorageDescriptor": storage,
            "PartitionKeys": [{"Name": c, "Type": t} for c, t in columns if c in keys],
            "Parameters": {"EXTERNAL": "TRUE", "classification": stored.lower()},
        }  # fmt: skip
        self._glue.create_table(DatabaseName=database, TableInput=table)
        try:
            self._register(self._session.catalog.table(database, name), written)
        except (ClientError, QueryFailed):  # a statement that fails leaves no table
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
        listed = None
        if tokens.peek() == "(" and tokens.peek(1).upper() not in ("SELECT", "WITH", "VALUES", "("):
            listed = [name.strip().strip('"`').lower() for name in tokens.parenthesised().split(",")]
            for name in listed:
                if name not in dict(table.columns):
                    raise QueryFailed(f"COLUMN_NOT_FOUND: Insert column name does not exist in target table: {name}")
                if listed.count(name) > 1:
                    raise QueryFailed(f"DUPLICATE_COLUMN_NAME: Insert column name is specified more than once: {name}")
        columns = self._select(tokens.query(), named=False)
        targets = listed or [name for name, _ in table.columns]
        kinds = dict(table.columns)
        wanted, given = (
            ", ".join(parse_hive(of).trino() for of in types)
            for types in ([kinds[name].hive() for name in targets], [of for _, of in columns])
        )
        mismatched = QueryFailed(
            f"TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: Table: [{wanted}], Query: [{given}]"
        )
        if len(targets) != len(columns):
            raise mismatched
        by_target = dict(zip(targets, columns, strict=True))
        selected = []
        for name, kind in table.columns:
            if name not in by_target:
                selected.append(f"CAST(NULL AS {kind.duckdb()}) AS {identifier(name)}")
                continue
            column, have = by_target[name]
            if not _assignable(have, kind.hive()):
                if _is_cast(have, kind.hive()):
                    raise CannotTranslate(f"an INSERT of {have} into {name}, which is {kind.hive()}: add a CAST")
                raise mismatched
            selected.append(f"CAST({identifier(column)} AS {kind.duckdb()}) AS {identifier(name)}")
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {_ROWS} AS SELECT {', '.join(selected)} FROM {_ROWS}")
        stored = (
            "PARQUET"
            if table.descriptor.serde == PARQUET
            else "JSON"
            if table.descriptor.serde in JSON_SERDES
            else "TEXTFILE"
        )
        written = self._write(
            table.location,
            stored,
            {},
            [(n, k.hive()) for n, k in table.columns],
            [name for name, _ in table.keys],
            self._places(table),
        )
        self._register(table, written)
        return [uri for _, uri in written], self._count()

    def _select(self, query: str, named: bool = True, limit: str = "") -> list[tuple[str, str]]:
        """Run the query into a temporary table; its columns with Glue's types."""
        select = self._session.select(parse(query), self._database)
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
        self._connection.execute(f"CREATE TEMP TABLE {_ROWS} AS SELECT * FROM ({select.sql}) AS q({listed}){limit}")
        described = self._connection.execute(f"SELECT * FROM {_ROWS} LIMIT 0").description
        types = [hive_of_duckdb(item[1]) for item in described]
        if any("field0:" in each for each in types):
            raise QueryFailed(
                "NOT_SUPPORTED: Anonymous row type is not supported in Hive. Please give each field a name"
            )
        sizes = select.sizes if len(select.sizes) == len(names) else [""] * len(names)
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
        if stored not in _COMPRESSIONS:
            raise CannotTranslate(f"writing {stored or 'without a format'}")
        named = ("compression", "write_compression", f"{stored.lower()}_compression")
        compression = str(next((options[name] for name in named if name in options), "GZIP")).upper()
        given = [name for name in options if name.endswith("compression") or name == "field_delimiter"]
        if len(given) > 1 or not set(given) <= set(named):
            raise CannotTranslate(f"{' and '.join(given)} for {stored}")
        if compression not in _COMPRESSIONS[stored]:
            raise CannotTranslate(f"{compression} for {stored}")
        names = [name for name, _ in columns]
        if missing := [key for key in keys if key not in names]:
            raise QueryFailed(
                f"INVALID_TABLE_PROPERTY: Partition columns {missing} not present in schema".replace("'", "")
            )
        if keys and names[-len(keys) :] != keys:
            raise QueryFailed(
                "HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns in the table and in the same "
                f"order as the table properties: [{', '.join(keys)}]"
            )
        if stored == "JSON" and any("decimal" in kind or kind in ("binary", "timestamp") for _, kind in columns):
            raise CannotTranslate("decimal, binary and timestamp columns in JSON; cast them to varchar")
        data = ", ".join(identifier(name) for name in names if name not in keys)
        # Hive names the folder of '' as that of NULL, and so it is read.
        shown = {
            key: f"coalesce(nullif(CAST({identifier(key)} AS VARCHAR), ''), {literal(NULL_VALUE)})" for key in keys
        }
        texts = ", ".join(shown.values())
        partitions = (
            self._connection.execute(f"SELECT DISTINCT {texts} FROM {_ROWS} ORDER BY ALL").fetchall() if keys else [()]
        )
        if len(partitions) > OPEN_PARTITIONS:
            raise QueryFailed(
                f"HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of {OPEN_PARTITIONS} open writers for partitions/buckets"  # noqa: E501
            )
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

    def _register(self, table: Table, written: list[tuple[tuple[str, ...], str]]) -> None:
        """New partitions of what was written."""
        known = self._places(table)
        for values, uri in written:
            if values and values not in known:
                storage = {**storage_of(table), "Location": uri.rpartition("/")[0] + "/"}
                self._glue.create_partition(
                    DatabaseName=table.database, TableName=table.name,
                    PartitionInput={"Values": list(values), "StorageDescriptor": storage, "Parameters": {}},
                )  # fmt: skip

    def _empty_place(self, location: str) -> None:
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


def _options(tokens: Tokens, known: set[str]) -> dict[str, Any]:
    """`(format = 'PARQUET', partitioned_by = ARRAY['a'])`"""
    found: dict[str, Any] = {}
    tokens.expect("(")
    while True:
        key = tokens.name()
        if key not in known:
            raise QueryFailed(f"INVALID_TABLE_PROPERTY: Catalog 'awsdatacatalog' table property '{key}' does not exist")
        tokens.expect("=")
        if tokens.accept("ARRAY", "["):
            values = []
            while not tokens.accept("]"):
                values.append(tokens.string())
                tokens.accept(",")
            found[key] = values
        else:
            if tokens.peek()[:1].isalpha() and tokens.peek().upper() not in ("TRUE", "FALSE"):
                raise CannotTranslate(f"the property {key} with a value that is no literal: {tokens.peek()}")
            found[key] = tokens.value()
        if tokens.accept(")"):
            return found
        tokens.expect(",")


_NUMBERS = ["tinyint", "smallint", "int", "bigint", "decimal", "float", "double"]


def _is_cast(have: str, want: str) -> bool:
    """Whether Trino brings a value to a column's type by a CAST, which may fail or lose digits."""
    have, want = have.partition("(")[0], want.partition("(")[0]
    return (have in _NUMBERS and want in _NUMBERS) or (have, want) == ("timestamp", "date")


def _assignable(have: str, want: str) -> bool:
    """Whether Trino coerces one type to another without a CAST."""
    if "<" in have or "<" in want:
        if same_type(have, want):
            return True
        raise CannotTranslate(f"an INSERT of {have} into {want}")
    if want.startswith("decimal") and (have in _DIGITS or have.startswith("decimal")):
        return _fits_decimal(have, want)
    have, want = have.partition("(")[0], want.partition("(")[0]
    texts = {"string", "varchar", "char"}
    if have in _NUMBERS and want in _NUMBERS:
        return _NUMBERS.index(have) <= _NUMBERS.index(want)
    return have == want or {have, want} <= texts or (have, want) == ("date", "timestamp")


_DIGITS = {"tinyint": "3,0", "smallint": "5,0", "int": "10,0", "bigint": "19,0"}


def _fits_decimal(have: str, want: str) -> bool:
    """Whether no digit of an exact number is lost."""
    sizes = [re.findall(r"\d+", _DIGITS.get(each, each)) for each in (have, want)]
    (digits, scale), (room, places) = ((int(size[0]) - int(size[1]), int(size[1])) for size in sizes)
    return digits <= room and scale <= places
