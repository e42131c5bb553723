"""RegexSerDe: https://docs.aws.amazon.com/athena/latest/ug/regex-serde.html

A line that the expression does not match in full is a row of NULLs. NULL are also a column without a group and a text
that is no value of its column's type; groups without a column are ignored.
https://github.com/trinodb/trino/blob/master/lib/trino-hive-formats/src/main/java/io/trino/hive/formats/line/regex/RegexDeserializer.java
Hive's own reader refuses other numbers of groups than of columns, but AWS publishes tables that have them: 13 for 12 in
https://docs.aws.amazon.com/athena/latest/ug/create-alb-connection-logs-table.html
"""

import re
from typing import Any

import duckdb

from local_aws.athena.catalog import Descriptor
from local_aws.athena.conversion import literal, shortened
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.joni import odd_pattern
from local_aws.athena.types import Type

_NUMBER = r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)"
_DOUBLE = rf"{_NUMBER}([eE][-+]?[0-9]+)?|[-+]?Infinity|NaN"
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
# By type: the texts that are read, and those that Java may read too.
_TEXTS = {
    "float": (_DOUBLE, rf"\s*([-+]?0[xX].*|[-+]?NaN|{_DOUBLE})[dDfF]?\s*"),
    "decimal": (_NUMBER, rf"{_NUMBER}[eE][-+]?[0-9]+"),
    "date": (_DATE, r"\s*[-+]?[0-9]+-[0-9]+-[0-9]+.*"),
    "timestamp": (rf"{_DATE} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]{{1,9}})?", r"\s*[-+]?[0-9]+-[0-9]+-[0-9]+.*"),
}
_TEXTS["double"] = _TEXTS["float"]


def regex_columns(
    connection: Any, descriptor: Descriptor, lines: str, columns: list[tuple[str, Type]], parameters: dict[str, str]
) -> tuple[list[str], str]:
    """(an expression for each column, the query they are taken from); `lines` gives `line` and `file`."""
    pattern, groups = _pattern(parameters)
    anchored, names = literal(f"^(?:{pattern})$"), [name for name, _ in descriptor.columns]
    fast = groups > 0 and _is_re2(connection, pattern)
    expressions = []
    for name, kind in columns:
        place = names.index(name) + 1
        if place > groups:
            text = "CAST(NULL AS VARCHAR)"
        elif not fast:
            text = f"py_regexp_group(line, {anchored}, {place})"
        else:  # RE2 gives '' for a group that took no part, which is NULL
            own = f"groups.g{place}"
            text = (
                f"coalesce(nullif({own}, ''), py_regexp_group(CASE WHEN {own} = '' THEN line END, {anchored}, {place}))"
            )
        expressions.append(_value(text, kind))
    if not fast or not columns:
        return expressions, lines
    # With names for the groups there may be more than nine.
    listed = ", ".join(literal(f"g{place}") for place in range(1, groups + 1))
    taken = f"regexp_extract(line, {anchored}, [{listed}], 's')"
    matches = f"regexp_full_match(line, {literal(pattern)}, 's')"
    return expressions, f"SELECT file, line, CASE WHEN {matches} THEN {taken} END AS groups FROM ({lines})"


def _pattern(parameters: dict[str, str]) -> tuple[str, int]:
    """(the regular expression, how many groups it has)."""
    pattern = parameters.get("input.regex")
    if not pattern:
        raise QueryFailed('HIVE_CURSOR_ERROR: This table does not have serde property "input.regex"!')
    if parameters.get("input.regex.case.insensitive", "false").lower() == "true":
        pattern = f"(?i:{pattern})"
    if flags := re.match(r"\(\?([a-z]+)\)", pattern):  # which Python takes at the very start only
        pattern = f"(?{flags[1]}:{pattern[flags.end() :]})"
    if odd_pattern(pattern) == "a class in a class":
        raise CannotTranslate(f"a class of letters in another in the regular expression {pattern!r}")
    try:
        return pattern, re.compile(pattern).groups
    except re.error as error:
        raise CannotTranslate(f"the regular expression {pattern!r} ({error})") from error


def _is_re2(connection: Any, pattern: str) -> bool:
    """Whether DuckDB reads a pattern; what looks ahead or back only Python does."""
    try:
        connection.execute("SELECT regexp_full_match('', ?)", [pattern]).fetchall()
    except duckdb.Error:
        return False
    return True


def _value(text: str, kind: Type) -> str:
    if kind.nested or kind.name == "binary":
        raise CannotTranslate(f"{kind.hive()} in RegexSerDe")
    if kind.name in ("string", "varchar"):
        return shortened(text, kind)
    if kind.name == "boolean":
        return f"lower({text}) = 'true'"
    value = f"TRY_CAST({text} AS {kind.duckdb()})"
    if kind.name not in _TEXTS:
        return f"CASE WHEN regexp_full_match({text}, '[-+]?[0-9]+') THEN {value} END"
    plain, other = map(literal, _TEXTS[kind.name])
    refused = f"CAST(refuse({literal(f'{kind.hive()} in RegexSerDe: ')} || {text}) AS {kind.duckdb()})"
    # Java may still read a date that DuckDB does not, such as 2020-02-30.
    value = f"coalesce({value}, {refused})" if kind.name in ("date", "timestamp") else value
    return f"CASE WHEN regexp_full_match({text}, {plain}) THEN {value} WHEN regexp_full_match({text}, {other}) THEN {refused} END"  # noqa: E501
