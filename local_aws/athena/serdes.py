"""From a format to rows: the DuckDB query that reads copied objects the way a SerDe would.

Text formats are read as whole lines first and taken apart by expressions over `line`, so that what a column holds, and
what is an error, is decided here and not by a reader's guess.
"""

from typing import Any

from local_aws.athena.catalog import Descriptor
from local_aws.athena.conversion import convert, identifier, literal
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.opencsv import csv_columns
from local_aws.athena.openx import json_columns
from local_aws.athena.parquet import parquet_columns
from local_aws.athena.regex_serde import regex_columns
from local_aws.athena.storage import EMPTY_LINE, S3Object, Scratch
from local_aws.athena.table_formats import refuse_input_format
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
    refuse_input_format(descriptor.input_format, descriptor.serde)
    columns = [(name, kind) for name, kind in descriptor.columns if name in needed]
    if any(kind.contains("char") for _, kind in columns):
        raise CannotTranslate("the type char(n)")
    parameters = dict(descriptor.parameters)
    if descriptor.serde == PARQUET:
        return parquet_columns(connection, scratch, descriptor, columns, objects)
    if descriptor.serde != OPENX and parameters.get("use.null.for.invalid.data", "false").lower() == "true":
        raise CannotTranslate("use.null.for.invalid.data of other SerDes than OpenX")
    files = [str(path) for path in scratch.copy_lines(objects, descriptor.skip_lines)]
    lines = _lines(files, scratch.delimiter())
    if descriptor.serde in JSON_SERDES:
        hive_names = {name for name, _ in descriptor.columns} if descriptor.serde != OPENX else None
        expressions, source = json_columns(connection, lines, columns, parameters, hive_names)
    elif descriptor.serde in REGEX_SERDES:
        expressions, source = regex_columns(connection, descriptor, lines, columns, parameters)
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


def _lazy_simple(descriptor: Descriptor, columns: list[tuple[str, Type]], parameters: dict[str, str]) -> list[str]:
    """Delimited text without quotes; the last column does not take the rest of the line."""
    delimiter = _character(parameters.get("field.delim") or parameters.get("serialization.format") or "\x01")
    null = parameters.get("serialization.null.format", "\\N")
    escape = _escape(parameters, delimiter)
    if len(delimiter) != 1:
        raise CannotTranslate(f"the delimiter {delimiter!r}, of which Hive takes the first character")
    if parameters.get("serialization.last.column.takes.rest", "false").lower() == "true":
        raise CannotTranslate("serialization.last.column.takes.rest")
    expressions = []
    for name, kind in columns:
        if kind.nested:
            raise CannotTranslate(f"the type {kind.hive()} in delimited text")
        position = [column for column, _ in descriptor.columns].index(name) + 1
        field = f"nullif(({_split(delimiter, escape)})[{position}], {literal(null)})"
        if kind.name == "boolean":
            expressions.append(f"CASE lower({field}) WHEN 'true' THEN true WHEN 'false' THEN false END")
        elif kind.name == "binary":
            expressions.append(_bytes(field))
        elif kind.name in ("string", "varchar"):
            expressions.append(convert(_unescaped(field, escape) if escape else field, kind, name))
        else:
            expressions.append(_lenient(field, kind))
    return expressions


def _escape(parameters: dict[str, str], delimiter: str) -> str:
    """The character of ESCAPED BY, or none."""
    if "escape.delim" not in parameters:
        return ""
    escape = _character(parameters["escape.delim"] or "\\")
    if len(escape) != 1 or not escape.isascii() or escape == delimiter:
        raise CannotTranslate(f"ESCAPED BY {escape!r} in delimited text")
    return escape


def _split(delimiter: str, escape: str) -> str:
    """The fields of a line, as they are written; what follows an escape ends none.

    https://github.com/apache/hive/blob/master/serde/src/java/org/apache/hadoop/hive/serde2/lazy/LazyStruct.java
    """
    # A line without its delimiter is one field whatever the delimiter is: the audit's `line string`.
    plain = f"string_split(line, {literal(delimiter)})"
    if not escape:
        return plain
    d, e = _in_class(delimiter), _in_class(escape)
    # Every field ends with a delimiter or with the line feed that is added here; a line has none of its own.
    fields = literal(f"((?:[^{d}{e}\\n]|{e}[^\\n]|{e})*)[{d}\\n]")
    return f"CASE WHEN contains(line, {literal(escape)}) THEN regexp_extract_all(line || chr(10), {fields}, 1) ELSE {plain} END"  # noqa: E501


def _unescaped(field: str, escape: str) -> str:
    """A text without its escapes, where Hive's reader and Trino's agree.

    Of an escaped r or n the one makes the end of a line, and of two escapes side by side the other leaves out both.
    https://github.com/apache/hive/blob/master/serde/src/java/org/apache/hadoop/hive/serde2/lazy/LazyUtils.java
    https://github.com/trinodb/trino/blob/master/lib/trino-hive-formats/src/main/java/io/trino/hive/formats/encodings/text/StringEncoding.java
    """
    e = _in_class(escape)
    agreed = literal(f"(?:[^{e}]|{e}[^{e}rn])*{e}?")
    refused = literal(f"escaped {escape}, r and n in delimited text: ")
    text = f"regexp_replace({field}, {literal(f'{e}(.)')}, '\\1', 'gs')"
    return f"CASE WHEN NOT regexp_full_match({field}, {agreed}) THEN CAST(refuse({refused} || {field}) AS VARCHAR) ELSE {text} END"  # noqa: E501


def _in_class(character: str) -> str:
    """A character as RE2 takes it anywhere."""
    return f"\\x{{{ord(character):x}}}"


def _bytes(field: str) -> str:
    """Base64 of either alphabet, without which other letters are the bytes themselves.

    https://github.com/trinodb/trino/blob/master/lib/trino-hive-formats/src/test/java/io/trino/hive/formats/line/simple
    """
    text = f"translate(trim({field}), '-_', '+/')"
    base64 = literal("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?")
    padded = f"rpad({text}, CAST((length({text}) + 3) // 4 * 4 AS INTEGER), '=')"
    refused = f"CAST(refuse('broken base64 in delimited text: ' || {field}) AS BLOB)"
    return (
        f"CASE WHEN regexp_full_match({text}, {base64}) THEN from_base64({padded}) "
        f"WHEN regexp_full_match({text}, '[A-Za-z0-9+/=\\s]*') THEN {refused} ELSE encode({field}) END"
    )


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


def _character(text: str) -> str:
    """A delimiter as Hive reads it: itself, or the number of a character."""
    return chr(int(text)) if text.isdigit() and len(text) <= 3 else text
