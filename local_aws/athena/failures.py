"""What DuckDB, sqlglot and our own functions raise, in Athena's words."""

import logging
import re

import duckdb

from local_aws.athena.errors import SYSTEM, Cancelled, CannotTranslate, QueryFailed
from local_aws.athena.results import double_text

_LOG = logging.getLogger("athena")
_OURS = re.compile(r"Could not convert string '\x1e?(.*)' to INT64|Unknown TimeZone '\x1e(.*)\x1e'", re.DOTALL)
_COMPUTED = re.compile(r"executing the UDF: ValueError: ([A-Z_]+:.*)", re.DOTALL)

_INTEGERS = {"INT8": "tinyint", "INT16": "smallint", "INT32": "integer", "INT64": "bigint"}
# DuckDB's words: Athena's.
_REASONS = {
    "Division by zero": "DIVISION_BY_ZERO: Division by zero",
    r"Overflow (?:in|on) (\w+) of (INT(?:8|16|32|64)) \((.*)\)": "NUMERIC_VALUE_OUT_OF_RANGE: {1} {0} overflow: {2}",
    r"Overflow (?:in|on) division of (-2147483648 / -1)": "NUMERIC_VALUE_OUT_OF_RANGE: integer division overflow: {0}",
    r"Overflow (?:in|on) division of (-9223372036854775808 / -1)": "NUMERIC_VALUE_OUT_OF_RANGE: bigint division overflow: {0}",  # noqa: E501
    r"Overflow (?:in|on) \w+ of DECIMAL": "NUMERIC_VALUE_OUT_OF_RANGE: Decimal overflow",
    r"Overflow on abs\((-2147483648)\)": "NUMERIC_VALUE_OUT_OF_RANGE: Value {0} is out of range for abs(integer)",
    r"Overflow on abs\((-9223372036854775808)\)": "NUMERIC_VALUE_OUT_OF_RANGE: Value {0} is out of range for abs(bigint)",  # noqa: E501
    r"Overflow (?:in|on) (.*)": "NUMERIC_VALUE_OUT_OF_RANGE: {0}",
    r"INT128 with value (\S+) can't be cast": "NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow: {0}",
    r"Map keys must be unique": "INVALID_FUNCTION_ARGUMENT: Duplicate map keys are not allowed",
    r"(Invalid input for hex digit.*)": "INVALID_FUNCTION_ARGUMENT: {0}",
    r"Unknown TimeZone '([A-Za-z_]+(?:/[A-Za-z_-]+)*)'": "INVALID_FUNCTION_ARGUMENT: '{0}' is not a valid time zone",
    r"Unknown TimeZone '(.*)'": "NOT_SUPPORTED: the local Athena does not translate the time zone {0}",
    r"Group index must be between 0 and 9": "NOT_SUPPORTED: the local Athena does not translate a group beyond the ninth of a regular expression",  # noqa: E501
    r"not in timestamp range|(?:Date|Timestamp|Interval) .*out of range|timestamp out of range|to_\w+.*out of range": "NOT_SUPPORTED: the local Athena does not translate a date or time that is so far away",  # noqa: E501
    r"(Pattern has \d+ groups. Cannot access group \d+)": "INVALID_FUNCTION_ARGUMENT: {0}",
    r"Strings must be of equal length": "INVALID_FUNCTION_ARGUMENT: The input strings to hamming_distance function must have the same length",  # noqa: E501
    r"too small to be a Parquet file|No magic bytes found": "HIVE_BAD_DATA: Not valid Parquet file: expected magic number: PAR1",  # noqa: E501
    r"Expected OBJECT, but got ARRAY": "NOT_SUPPORTED: the local Athena does not translate a CAST of a JSON array to a row",  # noqa: E501
    r'Could not parse string "(.*?)" according to': 'INVALID_FUNCTION_ARGUMENT: Invalid format: "{0}"',
    r'column "([^"]+)" must appear in the GROUP BY clause': "EXPRESSION_NOT_AGGREGATE: '{0}' must be an aggregate expression or appear in GROUP BY clause",  # noqa: E501
    r"(\w+) clause cannot contain (?:aggregates|window functions)": "EXPRESSION_NOT_SCALAR: {0} clause cannot contain aggregations, window functions or grouping operations",  # noqa: E501
    r"aggregate function calls cannot be nested": "NESTED_AGGREGATION: Cannot nest aggregations inside aggregation",
    r"Argument for ntile must be greater than zero": "INVALID_FUNCTION_ARGUMENT: Buckets must be greater than 0",
    r"Map keys can not be NULL": "INVALID_FUNCTION_ARGUMENT: map key cannot be null",
    # RE2's words for a regular expression that is none, and Joni's.
    r"Input Error: missing \)": "INVALID_FUNCTION_ARGUMENT: end pattern with unmatched parenthesis",
    r"Input Error: unexpected \)": "INVALID_FUNCTION_ARGUMENT: unmatched close parenthesis",
    r"Input Error: missing ]": "INVALID_FUNCTION_ARGUMENT: premature end of char-class",
    r"Input Error: no argument for repetition operator": "INVALID_FUNCTION_ARGUMENT: target of repeat operator is not specified",  # noqa: E501
    r'Could not find key "(\w+)" in struct': "COLUMN_NOT_FOUND: Column '{0}' cannot be resolved or requester is not authorized to access requested resources",  # noqa: E501
    r"Type INT\d+ with value (\S+) can't be cast because the value is out of range for the destination type (INT\d\d?)\b": "NUMERIC_VALUE_OUT_OF_RANGE: Out of range for {1}: {0}",  # noqa: E501
    r"value (nan) can't be cast because the value is out of range for the destination type (INT\d\d?)\b": "INVALID_CAST_ARGUMENT: Cannot cast double NaN to {1}",  # noqa: E501
    r"value (\S+) can't be cast because the value is out of range for the destination type INT64": "INVALID_CAST_ARGUMENT: Unable to cast {0} to bigint",  # noqa: E501
    r"value (\S+) can't be cast because the value is out of range for the destination type (INT\d\d?)\b": "NUMERIC_VALUE_OUT_OF_RANGE: Out of range for {1}: {0}",  # noqa: E501
    r"Could not convert string '([-+]?\d+)' to INT8": "INVALID_CAST_ARGUMENT: Cannot cast '{0}' to TINYINT",
    r"Could not convert string '([-+]?\d+)' to INT16": "INVALID_CAST_ARGUMENT: Cannot cast '{0}' to SMALLINT",
    r"Could not convert string '([-+]?\d+)' to INT32": "INVALID_CAST_ARGUMENT: Cannot cast '{0}' to INT",
    r"Could not convert string '([-+]?\d+)' to INT64": "INVALID_CAST_ARGUMENT: Cannot cast '{0}' to BIGINT",
    r"Could not (?:cast|convert) (?:value|string) \"?([^ \"]+)\"? to DECIMAL\((\d+), ?(\d+)\)": "INVALID_CAST_ARGUMENT: Cannot cast VARCHAR '{0}' to DECIMAL({1}, {2}). Value too large.",  # noqa: E501
    r'Casting value "([^"]+)" to type DECIMAL\((\d+),(\d+)\) failed': "INVALID_CAST_ARGUMENT: Cannot cast DECIMAL '{0}' to DECIMAL({1}, {2})",  # noqa: E501
    r'date field value out of range: "(.*?)"': "INVALID_CAST_ARGUMENT: Value cannot be cast to date: {0}",
    r'timestamp field value out of range: "(.*?)"': "INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp: {0}",
    r"Date out of range: (\S+)": "INVALID_FUNCTION_ARGUMENT: Cannot parse {0}: Value for dayOfMonth must be in the range of its month",  # noqa: E501
    r"More than one row returned by a subquery": "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows",
}


class Refused(Exception):
    """Of a function in Python; returned as a text that `unless_refused` fails on, since TRY swallows what it raises."""


def invalid(message: str) -> ValueError:
    """What a function in Python raises of an argument it does not take."""
    return ValueError(f"INVALID_FUNCTION_ARGUMENT: {message}")


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
            return QueryFailed(reason.format(*map(_shown, match.groups())))
    if isinstance(error, duckdb.OutOfMemoryException):
        return QueryFailed("EXCEEDED_MEMORY_LIMIT: Query exceeded the local engine's memory limit", category=SYSTEM)
    if isinstance(error, duckdb.BinderException) and "GROUP BY" in message:
        return QueryFailed("EXPRESSION_NOT_AGGREGATE: an expression of SELECT must be an aggregate or in GROUP BY")
    # DuckDB's own words mean nothing to who wrote Trino's SQL; they are for the server's log.
    _LOG.warning("DuckDB: %s", message)
    if "UTF-8" in message or "utf8" in message.lower():
        return QueryFailed("HIVE_BAD_DATA: a text is not valid UTF-8")
    if isinstance(error, (duckdb.ConversionException, duckdb.OutOfRangeException)):
        return QueryFailed("INVALID_CAST_ARGUMENT: Cannot cast a value to the type that is asked for")
    return CannotTranslate("this statement: what it was translated to is refused by DuckDB")


def _shown(value: str) -> str:
    """A type's name or a value, a double as Java prints it."""
    if re.fullmatch(r"-?\d+(\.\d+)?e[-+]\d+|-?\d+\.0|-?inf", value):
        return double_text(float(value))
    return _INTEGERS.get(value, value)
