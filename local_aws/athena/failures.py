"""What DuckDB and sqlglot raise, in Athena's words."""

import re

import duckdb
from sqlglot.errors import OptimizeError

from local_aws.athena.errors import SYSTEM, Cancelled, CannotTranslate, QueryFailed

_OURS = re.compile(r"Could not convert string '\x1e?(.*)' to INT64|Unknown TimeZone '\x1e(.*)\x1e'", re.DOTALL)
_COMPUTED = re.compile(r"executing the UDF: ValueError: ([A-Z_]+:.*)", re.DOTALL)
_COLUMN = re.compile(r"Column '?\"?([^'\"]+)'?\"? could not be resolved.*?(?:Line: (\d+), Col: (\d+))?$", re.DOTALL)

# DuckDB's words: Athena's.
_REASONS = {
    "Division by zero": "DIVISION_BY_ZERO: Division by zero",
    r"Overflow (?:in|on) (.*)": "NUMERIC_VALUE_OUT_OF_RANGE: {0}",
    r"INT128 with value (\S+) can't be cast": "NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow: {0}",
    r"Map keys must be unique": "INVALID_FUNCTION_ARGUMENT: Duplicate map keys are not allowed",
    r"(Invalid input for hex digit.*)": "INVALID_FUNCTION_ARGUMENT: {0}",
    r"Strings must be of equal length": "INVALID_FUNCTION_ARGUMENT: The input strings to hamming_distance function must have the same length",  # noqa: E501
    r"too small to be a Parquet file|No magic bytes found": "HIVE_BAD_DATA: Not valid Parquet file: expected magic number: PAR1",  # noqa: E501
    r"Expected OBJECT, but got ARRAY": "NOT_SUPPORTED: the local Athena does not translate a CAST of a JSON array to a row",  # noqa: E501
    r'Could not parse string "(.*?)" according to': 'INVALID_FUNCTION_ARGUMENT: Invalid format: "{0}"',
    r"More than one row returned by a subquery": "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows",
}


def column_failure(error: OptimizeError) -> QueryFailed:
    """sqlglot's complaint about a name."""
    message = str(error)
    match = _COLUMN.search(message)
    if match:
        name = match[1].rpartition(".")[2]
        if name.startswith("$"):
            return CannotTranslate(f"the hidden column {name}")
        found = re.search(r"Line: (\d+), Col: (\d+)", message)
        line, end = (found[1], int(found[2])) if found else ("1", len(name))
        return QueryFailed(
            f"COLUMN_NOT_FOUND: line {line}:{end - len(name) + 1}: Column '{match[1]}' cannot be resolved or requester is not "  # noqa: E501
            "authorized to access requested resources"
        )
    if "mbiguous" in message:
        return QueryFailed(f"AMBIGUOUS_NAME: {message}")
    return QueryFailed(f"SYNTAX_ERROR: {message}")


def duckdb_failure(error: duckdb.Error) -> QueryFailed:
    """A DuckDB error; one that only says our translation was wrong is a refusal."""
    message = str(error)
    ours = _OURS.search(message) or _COMPUTED.search(message)
    text = next(filter(None, ours.groups()), "") if ours else ""
    if re.match(r"[A-Z_]+:", text):
        return QueryFailed(text)
    if isinstance(error, duckdb.InterruptException):
        return Cancelled("Query cancelled by user")
    for found, reason in _REASONS.items():
        if match := re.search(found, message):
            return QueryFailed(reason.format(*match.groups()))
    if isinstance(error, duckdb.OutOfMemoryException):
        return QueryFailed("EXCEEDED_MEMORY_LIMIT: Query exceeded the local engine's memory limit", category=SYSTEM)
    if isinstance(error, duckdb.BinderException) and "GROUP BY" in message:
        return QueryFailed(f"EXPRESSION_NOT_AGGREGATE: {_first_line(message)}")
    if "UTF-8" in message or "utf8" in message.lower():
        return QueryFailed(f"HIVE_BAD_DATA: {_first_line(message)}")
    if isinstance(error, (duckdb.ConversionException, duckdb.OutOfRangeException)):
        return QueryFailed(f"INVALID_CAST_ARGUMENT: {_first_line(message)}")
    return CannotTranslate(f"this statement ({_first_line(message)})")


def _first_line(message: str) -> str:
    return message.partition("\n")[0]
