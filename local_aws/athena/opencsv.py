"""OpenCSVSerDe: https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html

A line is taken apart as opencsv does it, if it is plain CSV; where opencsv's own rules begin (a quote inside a field,
text beside a quoted one, an escaped escape outside quotes) the line is refused.
https://github.com/trinodb/trino/blob/400/lib/trino-hive-formats/src/main/java/io/trino/hive/formats/line/csv
"""

import re

from local_aws.athena.catalog import Descriptor
from local_aws.athena.conversion import convert, literal
from local_aws.athena.errors import CannotTranslate
from local_aws.athena.types import Type

_ESCAPED = {"\\t": "\t", "\\\\": "\\", '\\"': '"'}  # as DDL may have left them
_PLAIN = {"boolean": "(?i)true|false", "decimal": r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)"}


def csv_columns(
    descriptor: Descriptor, lines: str, columns: list[tuple[str, Type]], parameters: dict[str, str]
) -> tuple[list[str], str]:
    """(an expression for each column, the query they are taken from); `lines` gives `line` and `file`."""
    separator, quote, escape = (
        _ESCAPED.get(given := parameters.get(name) or default, given)
        for name, default in (("separatorChar", ","), ("quoteChar", '"'), ("escapeChar", '"'))
    )
    escape = "\\" if escape == '"' else escape  # as Hive takes it
    if len({separator, quote, escape}) < 3 or len(separator + quote + escape) > 3:
        raise CannotTranslate("such characters of separatorChar, quoteChar and escapeChar")
    s, q, e = (re.escape(each) for each in (separator, quote, escape))
    quoted, bare = f"{q}(?:[^{q}{e}]|{q}{q}|{e}.)*{q}", f"(?:[^{q}{e}{s}]|{e}[^{q}{e}{s}])*{e}?"
    field = f"({quoted}|{bare}){s}"
    refused = literal("this line in OpenCSVSerDe, with quotes or escapes inside a field: ")
    ended = f"line || {literal(separator)}"
    fields = (
        f"CASE WHEN line = '' THEN [] WHEN regexp_full_match({ended}, {literal(f'({field})+')}) "
        f"THEN regexp_extract_all({ended}, {literal(field)}, 1) ELSE [CAST(refuse({refused} || line) AS VARCHAR)] END"
    )
    order = [name for name, _ in descriptor.columns]
    inside = f"CASE WHEN starts_with(f, {literal(quote)}) THEN f[2:-2] ELSE f END"
    unescaped = f"regexp_replace({inside}, {literal(f'{e}([{q}{e}]?)|{q}({q})')}, '\\1\\2', 'g')"
    expressions = [_value(f"fields[{order.index(name) + 1}]", kind, str(order.index(name))) for name, kind in columns]
    return expressions, f"SELECT file, list_transform({fields}, lambda f: {unescaped}) AS fields FROM ({lines})"


def _value(field: str, kind: Type, position: str) -> str:
    """A field as its type: numbers are never empty, dates are days and times milliseconds since 1970."""
    if kind.nested or kind.name == "binary":
        raise CannotTranslate(f"{kind.hive()} in OpenCSVSerDe")
    value = convert(field, kind, position)
    if kind.name in ("string", "varchar", "float", "double"):
        return value
    plain = literal(_PLAIN.get(kind.name, "[-+]?[0-9]+"))
    if kind.name == "date":
        value = f"must_fit({field}, DATE '1970-01-01' + TRY_CAST({field} AS INTEGER), {literal(position)})"
    elif kind.name == "timestamp":
        value = f"must_fit({field}, make_timestamp(TRY_CAST({field} AS BIGINT) * 1000), {literal(position)})"
    unclear = "true" if kind.name == "boolean" else f"{field} = '' AND {kind.name in ('date', 'timestamp')}"
    refusal = f"refuse({literal(f'{kind.hive()} in OpenCSVSerDe: ')} || {field})"
    failure = f"CASE WHEN {unclear} THEN {refusal} ELSE bad_value({field}, {literal(position)}) END"
    return (
        f"CASE WHEN regexp_full_match({field}, {plain}) THEN {value} "
        f"WHEN {field} IS NOT NULL THEN CAST(CAST({failure} AS VARCHAR) AS {kind.duckdb()}) END"
    )
