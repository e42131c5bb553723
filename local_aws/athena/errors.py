"""Failures as Athena reports them.

QueryFailed
├── Cancelled               stopped by the user or by the workgroup's limit
└── CannotTranslate         Athena may well run it; this engine refuses rather than guess
InvalidRequest              refused by StartQueryExecution itself; there is no execution
"""

SYSTEM, USER, OTHER = 1, 2, 3

# https://docs.aws.amazon.com/athena/latest/ug/error-reference.html: type of an error, by the prefix of its message.
_ERROR_TYPES = {
    "HIVE_BAD_DATA": 1001,
    "HIVE_CURSOR_ERROR": 1001,
    "DIVISION_BY_ZERO": 1001,
    "TYPE_MISMATCH": 1002,
    "FAILED": 1003,
    "SYNTAX_ERROR": 1006,
    "COLUMN_NOT_FOUND": 1006,
    "CATALOG_NOT_FOUND": 1006,
    "INVALID_CAST_ARGUMENT": 1100,
    "MISSING_COLUMN_NAME": 1100,
    "INVALID_TABLE_PROPERTY": 1103,
    "INVALID_FUNCTION_ARGUMENT": 1106,
    "INVALID_VIEW": 1107,
    "NOT_SUPPORTED": 1200,
    "SCHEMA_NOT_FOUND": 1301,
    "TABLE_NOT_FOUND": 1301,
    "FUNCTION_NOT_FOUND": 1303,
    "PERMISSION_DENIED": 1501,
}
_USER_ERROR, _ENGINE_ERROR = 1000, 200


class QueryFailed(Exception):
    """A statement that ends FAILED; the message is the execution's StateChangeReason."""

    def __init__(self, message: str, *, category: int = USER, retryable: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.category = category
        self.retryable = retryable

    def athena_error(self) -> dict[str, object]:
        """The execution's `Status.AthenaError`."""
        unread = self.message.startswith("FAILED: ParseException")  # Hive's parser counts as Athena's system
        return {
            "ErrorCategory": SYSTEM if unread else self.category,
            "ErrorType": _ERROR_TYPES.get(
                self.message.partition(":")[0], _ENGINE_ERROR if self.category == SYSTEM else _USER_ERROR
            ),
            "Retryable": self.retryable,
            "ErrorMessage": self.message,
        }


class Cancelled(QueryFailed):
    """The query was stopped; its state is CANCELLED and there is no AthenaError."""


class CannotTranslate(QueryFailed):
    """Not translated by the local engine; the statement may be valid in Athena."""

    def __init__(self, what: str) -> None:
        super().__init__(f"NOT_SUPPORTED: the local Athena does not translate {what}")


class InvalidRequest(Exception):
    """StartQueryExecution answers InvalidRequestException with this message."""


def ddl_failed(message: str) -> QueryFailed:
    """A DDL statement's failure in the words of the Hive service that runs Athena's DDL."""
    return QueryFailed(f"FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. {message}")
