"""What an Athena query execution says of itself: its failure explained, its rows, its numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ttl_archive import diagnosis, probes
from ttl_archive.errors import AwsFailed, QueryFailed, QueryInterrupted

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
    """Read the result of a query that succeeded; ``truncated`` says that rows beyond ``max_rows`` were left.

    :raises CallDenied: if the result may not be read, which Athena says without an action.
    """
    execution = client.get_query_execution(QueryExecutionId=query_execution_id)["QueryExecution"]
    rows: list[tuple[str | None, ...]] = []
    columns: tuple[dict[str, Any], ...] = ()
    token: dict[str, Any] = {}
    while True:
        try:
            page = client.get_query_results(QueryExecutionId=query_execution_id, **token)
        except ClientError as error:
            raise _result_refused(error, execution, client.meta.partition) from error
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


def _result_refused(error: ClientError, execution: Any, partition: str) -> Exception:
    """The error that names what is missing where Athena doesn't; else the error itself."""
    entry = diagnosis.find("call", str(error))
    if entry is None or entry.id != "results-not-readable":
        return error
    location = execution.get("ResultConfiguration", {}).get("OutputLocation", "").removeprefix("s3://")
    resource = f"arn:{partition}:s3:::{location.rpartition('/')[0]}/*"
    return diagnosis.explain(
        "call",
        str(error),
        f"the result of Athena query {execution['QueryExecutionId']}",
        operation=error.operation_name,
        next_step=diagnosis.grant("s3:GetObject", resource),
    )


def fetch_row(client: AthenaClient, query_execution_id: str) -> dict[str, str | None]:
    """The only row of a result, by column name."""
    result = fetch(client, query_execution_id)
    (row,) = result.rows
    return dict(zip((column["Name"] for column in result.columns), row, strict=True))


@dataclass(frozen=True)
class Statistics:
    """What a query took. DDL is free: https://aws.amazon.com/athena/pricing/."""

    data_scanned_bytes: int
    seconds: float
    billed: bool


def is_known(client: AthenaClient, query_execution_id: str) -> bool:
    """Whether Athena still knows a query: it forgets after 45 days, and a task that is skipped keeps its old id.

    https://docs.aws.amazon.com/athena/latest/ug/queries-viewing-history.html
    """
    try:
        client.get_query_execution(QueryExecutionId=query_execution_id)
    except client.exceptions.InvalidRequestException as error:
        if "not found" not in str(error):
            raise
        return False
    return True


def fetch_statistics(client: AthenaClient, query_execution_id: str) -> Statistics:
    """What Athena read for a query, as it charges for it, and how long it took."""
    execution = client.get_query_execution(QueryExecutionId=query_execution_id)["QueryExecution"]
    given = execution.get("Statistics", {})
    return Statistics(
        data_scanned_bytes=given.get("DataScannedInBytes", 0),
        seconds=given.get("TotalExecutionTimeInMillis", 0) / 1000,
        billed=execution.get("StatementType") != "DDL",
    )


def failure(
    client: AthenaClient, query_execution_id: str, task_id: str, clients: Callable[[str], Any] | None = None
) -> QueryFailed:
    """The exception for a query that didn't succeed; one still running is stopped first.

    :param clients: a client of a service under the identity that started the query, to find out what Athena hides;
        None finds out nothing.
    """
    execution = client.get_query_execution(QueryExecutionId=query_execution_id)["QueryExecution"]
    status = execution["Status"]
    state = status.get("State", "UNKNOWN")
    subject = f"{task_id}: Athena query {query_execution_id}"
    if state in {"QUEUED", "RUNNING"}:
        client.stop_query_execution(QueryExecutionId=query_execution_id)
        return QueryInterrupted(f"{subject} was still {state} when waiting ended; it was stopped; a retry runs it anew")
    if state == "SUCCEEDED":
        return QueryInterrupted(f"{subject} has succeeded, but waiting for it failed; a retry runs it anew")
    return _explained(execution, f"{subject} is {state}", clients)


def not_started(
    error: ClientError, request: dict[str, Any], task_id: str, clients: Callable[[str], Any] | None = None
) -> AwsFailed:
    """The exception for a statement that Athena refused to start, such as for want of its results bucket.

    :param request: what was asked, in the words of a query execution.
    """
    text = str(error)
    entry = diagnosis.find("call", text)
    found = _probe(request, clients) if clients and entry and entry.probe else []
    wrong = next((one for one in found if one.next_step), None)
    return diagnosis.explain(
        "call",
        text,
        f"{task_id}: Athena didn't start the statement",
        evidence=[*map(str, found), f"statement: {request['Query']}"],
        operation=error.operation_name,
        next_step=wrong.next_step if wrong else None,
        kind="denied" if wrong and wrong.outcome == "denied" else None,
    )


def _explained(execution: Any, subject: str, clients: Callable[[str], Any] | None) -> QueryFailed:
    """The exception for a query that Athena failed or somebody cancelled."""
    status = execution["Status"]
    details = status.get("AthenaError", {})
    # The reason is the longer of the two where they differ: ErrorMessage is "a short description".
    reason = status.get("StateChangeReason") or details.get("ErrorMessage") or "Athena gives no reason"
    entry = diagnosis.find("query", reason)
    unnamed = entry is not None and entry.kind == "denied" and not (diagnosis.lacking(reason) or ("", None))[1]
    found = _probe(execution, clients) if clients and entry and (entry.probe or unnamed) else []
    wrong = next((one for one in found if one.next_step), None)
    evidence = [_verdict(details)]
    evidence += filter(None, [diagnosis.statement_line(execution.get("Query", ""), reason)])
    evidence += [str(one) for one in found]
    evidence.append(f"statement: {execution.get('Query', '')}")
    kind: diagnosis.Kind | None = None
    next_step = None
    if wrong:
        next_step, kind = wrong.next_step, "denied" if wrong.outcome == "denied" else "rejected"
    elif found:
        next_step = _nothing_found(found)
    retryable = bool(details.get("Retryable")) or details.get("ErrorCategory") == 1
    cancelled = status.get("State") == "CANCELLED"
    failed = diagnosis.explain(
        "query",
        reason,
        subject,
        evidence=evidence,
        default="interrupted" if retryable or cancelled else "rejected",
        next_step=next_step,
        kind=kind,
    )
    assert isinstance(failed, QueryFailed)  # noqa: S101 - explain("query", ...) gives no other
    return failed


def _probe(execution: Any, clients: Callable[[str], Any]) -> list[probes.Probe]:
    """What the probes find; whatever goes wrong with them must not hide the failure that they are to explain."""
    try:
        return probes.probe(execution, clients)
    except Exception as error:
        return [probes.Probe("anything", "the account", "failed", f"the probes broke: {error!r}")]


def _nothing_found(found: list[probes.Probe]) -> str:
    """The next step where every probe succeeded: what is left is what wasn't tried."""
    untried = [diagnosis.grant(one.action, one.resource) for one in found if one.outcome == "not tried"]
    failed = [str(one) for one in found if one.outcome == "failed"]
    if failed:
        return f"a probe failed: {'; '.join(failed)}"
    left = f"; else {untried[0]}" if untried else ""
    return (
        "everything that could be tried under the role is allowed now: if the permission was just granted, clear the "
        f"task; look for Lake Formation, a bucket policy, or a key's policy{left}"
    )


def _verdict(details: Any) -> str:
    """Athena's own classification: https://docs.aws.amazon.com/athena/latest/ug/error-reference.html."""
    if not details:
        return "Athena gives no error type"
    names = {1: "system", 2: "user", 3: "other"}
    number = details.get("ErrorCategory")
    category = f"{number} ({names.get(number, 'unknown')})" if number else "not given"
    retryable = "yes" if details.get("Retryable") else "no"
    return f"error type: {details.get('ErrorType', 'not given')}, category: {category}, retryable: {retryable}"
