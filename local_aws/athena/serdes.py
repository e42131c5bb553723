"""From a format to rows: the DuckDB query that reads copied objects the way a SerDe would.

Text formats are read as whole lines first and taken apart by expressions over `line`, so that what a column holds, and
what is an error, is decided here and not by a reader's guess.
"""

import re
from typing import Any

from local_aws.athena.catalog import Descriptor
from local_aws.athena.conversion import convert, identifier, literal, rebuild, shortened
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.opencsv import csv_columns
from local_aws.athena.openx import json_columns
from local_aws.athena.storage import EMPTY_LINE, S3Object, Scratch
from local_aws.athena.types import Type

OPENX = "org.openx.data.jsonserde.JsonSerDe"
JSON_SERDES = {OPENX, "org.apache.hive.hcatalog.data.JsonSerDe", "org.apache.hadoop.hive.serde2.JsonSerDe"}
LAZY_SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
REGEX_SERDES = {"org.apache.hadoop.hive.serde2.RegexSerDe", "org.apache.hadoop.hive.contrib.serde2.RegexSerDe"}
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
SERDES = JSON_SERDES | REGEX_SERDES | {LAZY_SIMPLE, OPEN_CSV, PARQUET}


def read(
    connection: Any, scratch: Scratch, descriptor: Descriptor, objects: list[S3Object], needed: set[str]
) -> tuple[str, list[str], int]:
    """(a query with the `needed` columns and `file`, the copies in the order of `objects`, the bytes read)."""
    for name, reason in descriptor.unlike:
        if name in needed:
            raise QueryFailed(reason)
    columns = [(name, kind) for name, kind in descriptor.columns if name in needed]
    if any(kind.contains("char") for _, kind in columns):
        raise CannotTranslate("the type char(n)")
    parameters = dict(descriptor.parameters)
    if descriptor.serde == PARQUET:
        return _parquet(connection, scratch, columns, objects)
    files = [str(path) for path in scratch.copy_lines(objects, descriptor.skip_lines)]
    lines = _lines(files, scratch.delimiter())
    if descriptor.serde in JSON_SERDES:
        strict = descriptor.serde != OPENX
        expressions, source = json_columns(connection, lines, columns, parameters, strict)
    elif descriptor.serde in REGEX_SERDES:
        expressions, source = _regex(descriptor, columns, parameters), lines
    elif descriptor.serde == LAZY_SIMPLE:
        expressions, source = _lazy_simple(descriptor, columns, parameters), lines
    elif descriptor.serde == OPEN_CSV:
        expressions, source = csv_columns(descriptor, lines, columns, parameters)
    else:
        raise CannotTranslate(f"the SerDe {descriptor.serde or '(none)'}")
    selected = [
        f"{expression} AS {identifier(name)}" for (name, _), expression in zip(columns, expressions, strict=True)
    ]
    return f"SELECT {', '.join([*selected, 'file'])} FROM ({source})", files, sum(item.size for item in objects)


def _lines(files: list[str], delimiter: str) -> str:
    listed = ", ".join(map(literal, files))
    return (
        f"SELECT coalesce(line, '') AS line, filename AS file FROM read_csv([{listed}], delim={literal(delimiter)}, "
        f"columns={{'line': 'VARCHAR'}}, nullstr={literal(EMPTY_LINE)}, header=false, auto_detect=false, quote='', "
        f"escape='', strict_mode=false, new_line='\\n', max_line_size=268435456, filename=true)"
    )


def _regex(descriptor: Descriptor, columns: list[tuple[str, Type]], parameters: dict[str, str]) -> list[str]:
    """RegexSerDe: a line that does not match in full gives NULLs."""
    pattern = parameters.get("input.regex")
    if not pattern:
        raise QueryFailed('HIVE_CURSOR_ERROR: This table does not have serde property "input.regex"!')
    if parameters.get("input.regex.case.insensitive", "false") == "true":
        pattern = f"(?i){pattern}"
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise CannotTranslate(f"the regular expression {pattern!r} ({error})") from error
    names = [name for name, _ in descriptor.columns]
    if groups != len(names):
        raise QueryFailed("HIVE_CURSOR_ERROR: Number of matching groups doesn't match the number of columns")
    whole, anchored = f"regexp_full_match(line, {literal(pattern)}, 's')", literal(f"^(?:{pattern})$")
    expressions = []
    for name, kind in columns:
        group = names.index(name) + 1
        # RE2 gives '' for a group that took no part, which is NULL.
        value = f"coalesce(nullif(regexp_extract(line, {anchored}, {group}, 's'), ''), py_regexp_group(line, {anchored}, {group}))"  # noqa: E501
        expressions.append(convert(f"CASE WHEN {whole} THEN {value} END", kind, name))
    return expressions


def _lazy_simple(descriptor: Descriptor, columns: list[tuple[str, Type]], parameters: dict[str, str]) -> list[str]:
    """Delimited text without quotes; the last column does not take the rest of the line."""
    delimiter = _character(parameters.get("field.delim") or parameters.get("serialization.format") or "\x01")
    null = parameters.get("serialization.null.format", "\\N")
    if "escape.delim" in parameters:
        raise CannotTranslate("ESCAPED BY in delimited text")
    if len(delimiter) != 1:
        raise CannotTranslate(f"the delimiter {delimiter!r}, of which Hive takes the first character")
    if parameters.get("serialization.last.column.takes.rest", "false").lower() == "true":
        raise CannotTranslate("serialization.last.column.takes.rest")
    expressions = []
    for name, kind in columns:
        if kind.nested:
            raise CannotTranslate(f"the type {kind.hive()} in delimited text")
        position = [column for column, _ in descriptor.columns].index(name) + 1
        # A line without its delimiter is one field whatever the delimiter is: the audit's `line string`.
        field = f"string_split(line, {literal(delimiter)})[{position}]"
        field = f"nullif({field}, {literal(null)})"
        if kind.name == "boolean":
            expressions.append(f"CASE lower({field}) WHEN 'true' THEN true WHEN 'false' THEN false END")
        elif kind.name in ("string", "varchar", "binary"):
            expressions.append(convert(field if kind.name != "binary" else f"nullif(trim({field}), '')", kind, name))
        else:
            expressions.append(_lenient(field, kind))
    return expressions


_PLAIN = {
    "decimal": r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)",
    "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "timestamp": r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?",
}
_PLAIN["double"] = _PLAIN["float"] = _PLAIN["decimal"] + "([eE][-+]?[0-9]+)?|NaN|[-+]?Infinity"


def _lenient(field: str, kind: Type) -> str:
    """Text that is no value of its type is NULL, in Hive's reader and in Trino's; where the two part, we refuse.

    https://github.com/apache/hive/tree/master/serde/src/java/org/apache/hadoop/hive/serde2/lazy
    https://github.com/trinodb/trino/tree/master/lib/trino-hive-formats/src/main/java/io/trino/hive/formats/encodings/text
    """
    target = kind.duckdb()
    refused = CannotTranslate(f"{kind.trino()} in delimited text: ").message
    refusal = f"CAST(CAST(fail({literal(refused)} || {field}) AS VARCHAR) AS {target})"
    value = f"TRY_CAST({field} AS {target})"
    if kind.name not in _PLAIN:
        return f"CASE WHEN regexp_full_match({field}, '[-+]?[0-9]+') THEN {value} WHEN regexp_full_match({field}, '[-+]?[0-9]*\\.[0-9]*') THEN {refusal} END"  # noqa: E501
    value = f"coalesce({value}, {refusal})" if kind.name in ("date", "timestamp") else value
    plain = literal(_PLAIN[kind.name])
    return f"CASE WHEN regexp_full_match({field}, {plain}) THEN {value} WHEN regexp_matches({field}, '[0-9]') THEN {refusal} END"  # noqa: E501


# What a column of a file may be read as besides its own type.
_PARQUET_WIDER = {
    "TINYINT": ("SMALLINT", "INTEGER", "BIGINT"),
    "SMALLINT": ("INTEGER", "BIGINT"),
    "INTEGER": ("BIGINT",),
    "FLOAT": ("DOUBLE",),
    "TIMESTAMP WITH TIME ZONE": ("TIMESTAMP",),
    "TIMESTAMP_NS": ("TIMESTAMP",),
    "TIMESTAMP_MS": ("TIMESTAMP",),
}
# Parquet's names of DuckDB's types that are surely not read as those of another of these lines.
_PHYSICAL = [
    {"BOOLEAN": "BOOLEAN"}, {"VARCHAR": "BINARY"},
    {"TINYINT": "INT32", "SMALLINT": "INT32", "INTEGER": "INT32", "BIGINT": "INT64",
     "FLOAT": "FLOAT", "DOUBLE": "DOUBLE"},
]  # fmt: skip


def _parquet(
    connection: Any, scratch: Scratch, columns: list[tuple[str, Type]], objects: list[S3Object]
) -> tuple[str, list[str], int]:
    """Parquet, columns by name; a column the files do not have is NULL. Read are the needed columns' chunks."""
    files = [str(path) for path in scratch.copy(objects)]
    listed = f"[{', '.join(map(literal, files))}]"
    reader = f"read_parquet({listed}, union_by_name=true, filename=true)"
    described = connection.execute(f"SELECT * FROM {reader} LIMIT 0").description
    have = {row[0].lower(): row[0] for row in described}
    stored = {row[0].lower(): row[1] for row in described}
    for name, kind in columns:
        if name in have:
            _check_parquet(name, stored[name], kind, objects[0].uri)
    selected = [
        f"{_declared(identifier(have[name]) if name in have else 'NULL', kind)} AS {identifier(name)}"
        for name, kind in columns
    ]
    names = ", ".join(literal(name) for name, _ in columns) or "''"
    (read_bytes,) = connection.execute(
        f"SELECT CAST(coalesce(sum(total_compressed_size), 0) AS BIGINT) FROM parquet_metadata({listed}) "
        f"WHERE lower(split_part(path_in_schema, ', ', 1)) IN ({names})"
    ).fetchone()
    return f"SELECT {', '.join([*selected, 'filename AS file'])} FROM {reader}", files, read_bytes


def _check_parquet(name: str, stored: Any, kind: Type, uri: str) -> None:
    have, want = str(stored).partition("(")[0], kind.duckdb().partition("(")[0]
    if kind.nested and stored.id == {"array": "list"}.get(kind.name, kind.name):
        members = {member.lower(): of for member, of in stored.children}
        given = [members.get(member) for member, _ in kind.fields] if kind.name == "struct" else members.values()
        for (_, wanted), of in zip(kind.fields, given, strict=True):
            if of is not None:
                _check_parquet(name, of, wanted, uri)
        return
    if not kind.nested and want in (have, *_PARQUET_WIDER.get(have, ())):
        return
    physical = next((each[have] for each in _PHYSICAL if have in each and want not in each), None)
    if physical is None or not any(want in each for each in _PHYSICAL):
        raise CannotTranslate(f"a Parquet column that DuckDB takes for {stored} as {kind.hive()} (column '{name}')")
    raise QueryFailed(
        f"HIVE_BAD_DATA: Field {name}'s type {physical} in parquet file {uri} is incompatible with type {kind.trino()} "
        "defined in table schema"
    )


def _declared(value: str, kind: Type) -> str:
    """A value of a file as its column is declared: a CAST keeps the file's names of members, and any length."""
    cast = f"CAST({value} AS {kind.duckdb()})"
    if not kind.contains("struct") and not kind.contains("varchar"):
        return cast
    return rebuild(cast, kind, lambda leaf, member: shortened(leaf, member) if member.name == "varchar" else leaf)


def _character(text: str) -> str:
    """A delimiter as Hive reads it: itself, or the number of a character."""
    return chr(int(text)) if text.isdigit() and len(text) <= 3 else text
