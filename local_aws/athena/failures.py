"""What DuckDB and sqlglot raise, in Athena's words."""

import re

import duckdb
from sqlglot.errors import OptimizeError

from local_aws.athena.errors import SYSTEM, Cancelled, CannotTranslate, QueryFailed

_OURS = re.compile(r"Could not convert string '\x1e?(.*)' to INT64", re.DOTALL)
_COLUMN = re.compile(r"Column '?\"?([^'\"]+)'?\"? could not be resolved.*?(?:Line: (\d+), Col: (\d+))?$", re.DOTALL)


def column_failure(error: OptimizeError) -> QueryFailed:
    """sqlglot's complaint about a name."""
    message = str(error)
    match = _COLUMN.search(message)
    if match:
        name = match[1].rpartition(".")[2]
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
    ours = _OURS.search(message)
    if ours and re.match(r"[A-Z_]+:", ours[1]):
        return QueryFailed(ours[1])
    if isinstance(error, duckdb.InterruptException):
        return Cancelled("Query cancelled by user")
    if "Division by zero" in message:
        return QueryFailed("DIVISION_BY_ZERO: Division by zero")
    if isinstance(error, duckdb.OutOfMemoryException):
        return QueryFailed("EXCEEDED_MEMORY_LIMIT: Query exceeded the local engine's memory limit", category=SYSTEM)
    if isinstance(error, duckdb.BinderException) and "GROUP BY" in message:
        return QueryFailed(f"EXPRESSION_NOT_AGGREGATE: {_first_line(message)}")
    if "UTF-8" in message or "utf8" in message.lower():
        return QueryFailed(f"HIVE_BAD_DATA: {_first_line(message)}")
    if isinstance(error, (duckdb.ConversionException, duckdb.OutOfRangeException)):
        return QueryFailed(f"INVALID_CAST_ARGUMENT: {_first_line(message)}")
    if isinstance(error, duckdb.InvalidInputException) and "map" in message.lower() and "unique" in message:
        return QueryFailed("INVALID_FUNCTION_ARGUMENT: Duplicate map keys are not allowed")
    return CannotTranslate(f"this statement ({_first_line(message)})")


def _first_line(message: str) -> str:
    return message.partition("\n")[0]
