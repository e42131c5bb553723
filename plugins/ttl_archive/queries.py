"""What an Athena query execution says of itself: its failure explained, its rows, its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ttl_archive.errors import QueryFailed, QueryInterrupted, QueryRejected

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient


@dataclass(frozen=True)
class QueryResult:
    """The rows of a query as Athena's text, and what the query cost.

    ``columns`` are Athena's ``{"Name", "Type", ...}``; ``rows`` hold a string, or None for NULL, per column.
    """

    query_execution_id: str
    columns: tuple[dict[str, Any], ...]
    rows: tuple[tuple[str | None, ...], ...]
    truncated: bool
    data_scanned_bytes: int
    seconds: float
    statement: str


def fetch(client: AthenaClient, query_execution_id: str, max_rows: int = 10_000) -> QueryResult:
    """Read the result of a query that succeeded; ``truncated`` says that rows beyond ``max_rows`` were left."""
    execution = client.get_query_execution(QueryExecutionId=query_execution_id)["QueryExecution"]
    rows: list[tuple[str | None, ...]] = []
    columns: tuple[dict[str, Any], ...] = ()
    token: dict[str, Any] = {}
    while True:
        page = client.get_query_results(QueryExecutionId=query_execution_id, **token)
        columns = tuple(dict(info) for info in page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"])
        rows += [tuple(cell.get("VarCharValue") for cell in row.get("Data", [])) for row in page["ResultSet"]["Rows"]]
        token = {"NextToken": page["NextToken"]} if page.get("NextToken") else {}
        if not token or len(rows) > max_rows:
            break
    # The first row of a SELECT repeats the column names: https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html
    body = rows[1:]
    statistics = execution.get("Statistics", {})
    return QueryResult(
        query_execution_id=query_execution_id,
        columns=columns,
        rows=tuple(body[:max_rows]),
        truncated=bool(token) or len(body) > max_rows,
        data_scanned_bytes=statistics.get("DataScannedInBytes", 0),
        seconds=statistics.get("TotalExecutionTimeInMillis", 0) / 1000,
        statement=execution.get("Query", ""),
    )


def fetch_row(client: AthenaClient, query_execution_id: str) -> dict[str, str | None]:
    """The only row of a result, by column name."""
    result = fetch(client, query_execution_id)
    (row,) = result.rows
    return dict(zip((column["Name"] for column in result.columns), row, strict=True))


def data_scanned_bytes(client: AthenaClient, query_execution_id: str) -> int:
    """What Athena read for a query, in bytes, as it charges for it."""
    execution = client.get_query_execution(QueryExecutionId=query_execution_id)["QueryExecution"]
    return execution.get("Statistics", {}).get("DataScannedInBytes", 0)


def failure(client: AthenaClient, query_execution_id: str, task_id: str) -> QueryFailed:
    """The exception for a query that didn't succeed; one still running is stopped first."""
    execution = client.get_query_execution(QueryExecutionId=query_execution_id)["QueryExecution"]
    status = execution["Status"]
    state = status.get("State", "UNKNOWN")
    subject = f"{task_id}: Athena query {query_execution_id}"
    if state in {"QUEUED", "RUNNING"}:
        client.stop_query_execution(QueryExecutionId=query_execution_id)
        return QueryInterrupted(f"{subject} was still {state} when waiting ended; it was stopped; a retry runs it anew")
    if state == "SUCCEEDED":
        return QueryInterrupted(f"{subject} has succeeded, but waiting for it failed; a retry runs it anew")
    details = status.get("AthenaError", {})
    reason = details.get("ErrorMessage") or status.get("StateChangeReason", "Athena gives no reason")
    message = (
        f"{subject} is {state}: {reason}\n"
        f"  error type: {details.get('ErrorType', 'not given')}, category: {_category(details)}\n"
        f"  statement: {execution.get('Query', '')}"
    )
    if details.get("Retryable") or state == "CANCELLED" or details.get("ErrorCategory") == 1:
        return QueryInterrupted(
            f"{message}\n  next step: none, the task retries; see docs/runbook.md if it keeps failing"
        )
    return QueryRejected(f"{message}\n  next step: a retry can't help; mend the cause, then clear the task")


def _category(details: Any) -> str:
    # https://docs.aws.amazon.com/athena/latest/APIReference/API_AthenaError.html
    names = {1: "system", 2: "user", 3: "other"}
    number = details.get("ErrorCategory")
    return f"{number} ({names.get(number, 'unknown')})" if number else "not given"
