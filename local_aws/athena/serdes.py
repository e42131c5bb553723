"""From a format to rows: the DuckDB query that reads copied objects the way a SerDe would.

Text formats are read as whole lines first and taken apart by expressions over `line`, so that what a column holds, and
what is an error, is decided here and not by a reader's guess.
"""

import re
from typing import Any

from local_aws.athena.catalog import Descriptor
from local_aws.athena.conversion import convert, identifier, literal
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.openx import json_columns
from local_aws.athena.storage import EMPTY_LINE, S3Object, Scratch
from local_aws.athena.types import Type

OPENX = "org.openx.data.jsonserde.JsonSerDe"
JSON_SERDES = {OPENX, "org.apache.hive.hcatalog.data.JsonSerDe", "org.apache.hadoop.hive.serde2.JsonSerDe"}
LAZY_SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
REGEX_SERDES = {"org.apache.hadoop.hive.serde2.RegexSerDe", "org.apache.hadoop.hive.contrib.serde2.RegexSerDe"}
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


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
        expressions, source = json_columns(connection, lines, columns, parameters)
    elif descriptor.serde in REGEX_SERDES:
        expressions, source = _regex(descriptor, columns, parameters), lines
    elif descriptor.serde == LAZY_SIMPLE:
        expressions, source = _lazy_simple(descriptor, columns, parameters), lines
    elif descriptor.serde == OPEN_CSV:
        expressions, source = _open_csv(descriptor, columns, parameters, files)
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
    whole = f"regexp_full_match(line, {literal(pattern)}, 's')"
    return [
        convert(
            f"CASE WHEN {whole} THEN regexp_extract(line, {literal('^(?:' + pattern + ')$')}, {names.index(name) + 1}, 's') END",  # noqa: E501
            kind, name,
        )
        for name, kind in columns
    ]  # fmt: skip


def _lazy_simple(descriptor: Descriptor, columns: list[tuple[str, Type]], parameters: dict[str, str]) -> list[str]:
    """Delimited text without quotes; the last column does not take the rest of the line."""
    delimiter = _character(parameters.get("field.delim") or parameters.get("serialization.format") or "\x01")
    null = parameters.get("serialization.null.format", "\\N")
    if "escape.delim" in parameters:
        raise CannotTranslate("ESCAPED BY in delimited text")
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


def _open_csv(
    descriptor: Descriptor, columns: list[tuple[str, Type]], parameters: dict[str, str], files: list[str]
) -> tuple[list[str], str]:
    """OpenCSVSerDe: quoted text; every value is a string before it is anything else."""
    options = {
        "delim": parameters.get("separatorChar", ","),
        "quote": parameters.get("quoteChar", '"'),
        "escape": parameters.get("escapeChar", '"'),
    }
    options["escape"] = options["quote"] if options["escape"] in ("\\", "\\\\") else options["escape"]
    names = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(descriptor.columns)))
    listed = ", ".join(map(literal, files))
    settings = ", ".join(f"{name}={literal(value)}" for name, value in options.items())
    source = (
        f"SELECT * EXCLUDE (filename), filename AS file FROM read_csv([{listed}], {settings}, columns={{{names}}}, "
        "header=false, auto_detect=false, null_padding=true, nullstr='\x1d', filename=true)"
    )
    order = [name for name, _ in descriptor.columns]
    expressions = []
    for name, kind in columns:
        field = f"c{order.index(name)}"
        value = convert(field if kind.name == "string" else f"nullif({field}, '')", kind, name)
        if kind.name == "date":  # days since 1970: https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html
            value = f"CASE WHEN regexp_full_match({field}, '-?[0-9]+') THEN DATE '1970-01-01' + CAST({field} AS INTEGER) ELSE {value} END"  # noqa: E501
        expressions.append(value)
    return expressions, source


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


def _parquet(
    connection: Any, scratch: Scratch, columns: list[tuple[str, Type]], objects: list[S3Object]
) -> tuple[str, list[str], int]:
    """Parquet, columns by name; a column the files do not have is NULL. Read are the needed columns' chunks."""
    files = [str(path) for path in scratch.copy(objects)]
    listed = f"[{', '.join(map(literal, files))}]"
    reader = f"read_parquet({listed}, union_by_name=true, filename=true)"
    described = connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()
    have = {row[0].lower(): row[0] for row in described}
    stored = {row[0].lower(): str(row[1]).partition("(")[0] for row in described}
    for name, kind in columns:
        wanted = kind.duckdb().partition("(")[0]
        if name in have and not kind.nested and wanted not in (stored[name], *_PARQUET_WIDER.get(stored[name], ())):
            raise QueryFailed(
                f"HIVE_BAD_DATA: Field {name}'s type {stored[name]} in parquet file {objects[0].uri} is incompatible with "  # noqa: E501
                f"type {kind.trino()} defined in table schema"
            )
    selected = [
        f"CAST({identifier(have[name]) if name in have else 'NULL'} AS {kind.duckdb()}) AS {identifier(name)}"
        for name, kind in columns
    ]
    names = ", ".join(literal(name) for name, _ in columns) or "''"
    (read_bytes,) = connection.execute(
        f"SELECT CAST(coalesce(sum(total_compressed_size), 0) AS BIGINT) FROM parquet_metadata({listed}) "
        f"WHERE lower(split_part(path_in_schema, ', ', 1)) IN ({names})"
    ).fetchone()
    return f"SELECT {', '.join([*selected, 'filename AS file'])} FROM {reader}", files, read_bytes


def _character(text: str) -> str:
    """`\\t`, `1` and `\\u0001` as Hive reads a delimiter."""
    if text.isdigit() and len(text) <= 3:
        return chr(int(text))
    return text.encode().decode("unicode_escape") if text.startswith("\\") else text
