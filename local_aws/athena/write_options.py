"""What WITH says of the files that CREATE TABLE AS and UNLOAD write.

https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html, .../unload.html
"""

from collections.abc import Mapping
from typing import Any

from local_aws.athena.catalog import NULL_VALUE
from local_aws.athena.conversion import identifier, literal
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.statements import Tokens
from local_aws.athena.types import parse_hive

_COMPRESSIONS = {"PARQUET": ("GZIP", "SNAPPY", "ZSTD", "NONE"), "JSON": ("GZIP", "NONE")}
_LISTS, _INTEGERS = ("partitioned_by", "bucketed_by", "partitioning"), ("bucket_count", "compression_level")
_HIGHEST_LEVEL = 22
# What UNLOAD's WITH may say, and CREATE TABLE AS besides.
UNLOAD_OPTIONS = {"format", "compression", "compression_level", "field_delimiter", "partitioned_by"}
CTAS_OPTIONS = {
    "table_type", "is_external", "location", "external_location", "format", "partitioned_by", "bucketed_by",
    "bucket_count", "partitioning", "field_delimiter", "write_compression", "compression_level", "parquet_compression",
    "orc_compression",
    "vacuum_min_snapshots_to_keep", "vacuum_max_snapshot_age_seconds", "vacuum_max_metadata_files_to_keep",
    "optimize_rewrite_min_data_file_size_bytes", "optimize_rewrite_max_data_file_size_bytes",
    "optimize_rewrite_data_file_threshold", "optimize_rewrite_delete_file_threshold",
}  # fmt: skip


def parse_options(tokens: Tokens, known: set[str]) -> dict[str, Any]:
    """`(format = 'PARQUET', partitioned_by = ARRAY['a'])`"""
    found: dict[str, Any] = {}
    tokens.expect("(")
    while True:
        key = tokens.name()
        if key not in known:
            raise QueryFailed(f"INVALID_TABLE_PROPERTY: Catalog 'awsdatacatalog' table property '{key}' does not exist")
        if key in found:
            raise QueryFailed(f"DUPLICATE_PROPERTY: Duplicate property: {key}")
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
            if key in _LISTS or (key in _INTEGERS and not tokens.peek().isdigit()):
                wanted = "array(varchar)" if key in _LISTS else "integer"
                raise QueryFailed(
                    "INVALID_TABLE_PROPERTY: Invalid value for catalog 'awsdatacatalog' table property "
                    f"'{key}': Cannot convert [{tokens.peek()}] to {wanted}"
                )
            found[key] = tokens.value()
        if tokens.accept(")"):
            _check_together(found)
            return found
        tokens.expect(",")


def _check_together(options: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/compression-support-zstd-levels.html"""
    if ("bucketed_by" in options) != ("bucket_count" in options):
        raise QueryFailed("INVALID_TABLE_PROPERTY: bucketed_by and bucket_count must be specified together")
    if "compression_level" not in options:
        return
    named = {str(value).upper() for key, value in options.items() if key.endswith("compression")}
    if named != {"ZSTD"}:
        raise CannotTranslate("compression_level of another compression than ZSTD")
    if not 1 <= int(options["compression_level"]) <= _HIGHEST_LEVEL:
        raise QueryFailed(f"INVALID_TABLE_PROPERTY: compression_level must be between 1 and {_HIGHEST_LEVEL}")


def check_table_type(options: dict[str, Any]) -> None:
    """Only an Iceberg table is not external."""
    if str(options.get("table_type", "HIVE")).upper() != "HIVE" or "bucketed_by" in options:
        raise CannotTranslate("Iceberg and bucketed tables")
    if str(options.get("is_external", "true")).lower() != "true":
        raise QueryFailed("INVALID_TABLE_PROPERTY: is_external must be true for a table of the type HIVE")


def choose_compression(stored: str, options: dict[str, Any], columns: list[tuple[str, str]]) -> str:
    """The compression of files in a format; a refusal for what cannot be written in it."""
    if stored not in _COMPRESSIONS:
        raise CannotTranslate(f"writing {stored or 'without a format'}")
    named = ("compression", "write_compression", f"{stored.lower()}_compression")
    compression = str(next((options[name] for name in named if name in options), "GZIP")).upper()
    given = [name for name in options if name.endswith("compression") or name == "field_delimiter"]
    if len(given) > 1 or not set(given) <= set(named):
        raise CannotTranslate(f"{' and '.join(given)} for {stored}")
    if compression not in _COMPRESSIONS[stored]:
        raise CannotTranslate(f"{compression} for {stored}")
    if stored == "JSON" and any("decimal" in kind or kind in ("binary", "timestamp") for _, kind in columns):
        raise CannotTranslate("decimal, binary and timestamp columns in JSON; cast them to varchar")
    return compression


def table_compression(stored: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """What a table says of the files that INSERT INTO adds to it, as an option.

    https://docs.aws.amazon.com/athena/latest/ug/compression-formats.html
    """
    named = parameters.get("parquet.compression", "").upper()
    return {"write_compression": named} if stored == "PARQUET" and named in _COMPRESSIONS[stored] else {}


def check_keys(columns: list[tuple[str, str]], keys: list[str]) -> None:
    """The partition keys are the last columns, there are others, and each has a type that names a folder."""
    names = [name for name, _ in columns]
    if missing := [key for key in keys if key not in names]:
        raise QueryFailed(f"INVALID_TABLE_PROPERTY: Partition columns {missing} not present in schema".replace("'", ""))
    if keys and len(keys) == len(names):
        raise QueryFailed("INVALID_TABLE_PROPERTY: Table contains only partition columns")
    if keys and names[-len(keys) :] != keys:
        raise QueryFailed(
            "HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns in the table and in the same "
            f"order as the table properties: [{', '.join(keys)}]"
        )
    for name, kind in columns:
        if name in keys and kind.startswith(("array", "map", "struct", "binary")):
            raise QueryFailed(f"NOT_SUPPORTED: Unsupported type [{parse_hive(kind).trino()}] for partition: {name}")
        if name in keys and kind in ("double", "float"):
            raise CannotTranslate(f"partitions of {kind} values, which Java prints otherwise")


def partition_text(name: str, kind: str) -> str:
    """A partition key's value as its folder's name has it; that of '' is that of NULL, and so it is read.

    `toPartitionValue` of Trino's HiveWriteUtils
    """
    text = f"CAST({identifier(name)} AS VARCHAR)"
    if kind.startswith("decimal"):
        text = f"plain_decimal({text})"
    return f"coalesce(nullif({text}, ''), {literal(NULL_VALUE)})"


def check_partition_values(partitions: list[tuple[str, ...]]) -> None:
    """Before anything is written."""
    for value in (each for values in partitions for each in values):
        if not all(" " <= letter <= "~" for letter in value):
            raise QueryFailed(
                "HIVE_INVALID_PARTITION_VALUE: Hive partition keys can only contain printable ASCII characters "
                f"(0x20 - 0x7E). Invalid value: {value.encode().hex(' ').upper()}"
            )
