"""The failure catalogue: every text that somebody met yields its class, its retry decision and its next step."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.sdk import RetryAction
from airflow.sdk.exceptions import AirflowException, TaskDeferralError, TaskDeferralTimeout
from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    ProxyConnectionError,
    ResponseStreamingError,
)

from ttl_archive import diagnosis, errors, queries
from ttl_archive.diagnosis import Entry, catalogue
from ttl_archive.operators.retries import retry_policy
from ttl_archive.translation import explained, translate

ENTRIES = catalogue()
_IDS = [one.id for one in ENTRIES]


# What people expect of each failure, by its meaning alone: denied, mended by a person, or worth another try; and what
# the next step must speak of.
DENIED = {
    "lake-formation": "In Lake Formation, grant",
    "key-not-allowed": "kms:Decrypt",
    "key-unknown": "kms:Decrypt",
    "action-denied-in-query": '"Effect": "Allow"',
    "insufficient-permissions": "probes",
    "s3-path-denied": "probes",
    "results-not-writable": "probes",
    "s3-access-denied": "probes",
    "explicit-deny": "Find the Deny",
    "role-not-assumable": "TrustedPrincipal",
    "results-not-readable": "s3:GetObject",
    "action-denied": "the pipeline role lacks athena:GetWorkGroup",
}
RETRIED = {
    "s3-slow-down": "larger parts",
    "catalog-throttled": "quota",
    "athena-internal": "query id",
    "resources-exhausted": "fewer",
    "file-gone-while-reading": "ArchiveCorrupt",
    "file-changed-while-reading": "CloudTrail",
    "too-many-queries": "max_active_tis_per_dagrun",
    "table-throttled": "source.max_read_units_per_second",
    "storage-throttled": "backoff",
    "call-throttled": "TTL_ARCHIVE_ATHENA_POLL_SECONDS",
    "concurrent-modification": "crawler",
    "credentials-expired": "connection",
    "aws-internal": "health dashboard",
    "no-connection": "VPC endpoints",
    "no-credentials": "identity",
    "engine-trouble": "columns",
}
MENDED = {
    "ddl-without-reason": "probes",
    "query-timeout": "DML timeout",
    "credentials-invalid": "TTL_ARCHIVE_AWS_CONN_ID",
    "table-not-found": "create_table",
    "database-not-found": "create_database",
    "partition-schema-mismatch": "type back",
    "name-is-null": "EXTERNAL_TABLE",
    "not-partitioned": "another catalog.table",
    "entity-not-found": "catalog.database",
    "source-not-found": "source.table",
    "bucket-not-found": "make deploy",
    "results-location": "athena.results",
    "duplicate-key": "case.insensitive = false",
    "not-json": "LOCATION",
    "damaged-object": "manifest's parts",
    "value-does-not-fit": "as string",
    "cast-failed": "TRY_CAST",
    "too-many-partitions": "fewer partitions",
    "path-already-exists": "open_generation",
    "scan-limit": "QueryScanLimitBytes",
    "column-not-found": "at the line shown",
    "type-mismatch": "at the line shown",
    "statement-too-long": "two files",
    "syntax-error": "at the line shown",
}


def decision(error: BaseException) -> RetryAction:
    return retry_policy.evaluate(error, 1, 3).action


class Athena:
    """GetQueryExecution of one execution."""

    def __init__(self, reason: str, state: str = "FAILED", query: str = "SELECT 1", **details: Any) -> None:
        status: dict[str, Any] = {"State": state, "StateChangeReason": reason}
        if details:
            status["AthenaError"] = details
        self.execution = {"QueryExecutionId": "q-1", "Query": query, "Status": status}

    def get_query_execution(self, QueryExecutionId: str) -> dict[str, Any]:  # noqa: N803
        return {"QueryExecution": self.execution}


def failure(reason: str, **more: Any) -> errors.QueryFailed:
    return queries.failure(Athena(reason, **more), "q-1", "run_section")  # type: ignore[arg-type]


def client_error(code: str, message: str, operation: str, status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, operation)


def test_the_catalogue_is_large_and_its_ids_are_anchors() -> None:
    assert len(ENTRIES) >= 45
    assert len(set(_IDS)) == len(_IDS)
    assert all(one.id == one.id.lower() and " " not in one.id for one in ENTRIES)
    assert set(_IDS) == {*DENIED, *RETRIED, *MENDED}


@pytest.mark.parametrize("entry", ENTRIES, ids=_IDS)
def test_an_entry_has_a_cause_a_next_step_and_a_source(entry: Entry) -> None:
    assert len(entry.cause.split()) >= 3
    assert len(entry.next.split()) >= 3
    assert entry.source.startswith("https://")
    assert entry.next.lower().startswith("none, the task retries") == entry.retried


@pytest.mark.parametrize("entry", ENTRIES, ids=_IDS)
def test_each_text_yields_class_retry_decision_and_next_step(entry: Entry) -> None:
    seen_in = "call" if entry.seen_in == "call" else "query"
    assert diagnosis.find(seen_in, entry.example) is entry, "an earlier entry takes this text"
    if seen_in == "query":
        error: BaseException | None = failure(entry.example)
    else:
        # As the provider's hooks, triggers and waiters pass it on; botocore's own exceptions are below.
        error = translate(AirflowException(f"Waiter failed: {entry.example}")) or diagnosis.explain(
            "call", entry.example, "EndpointConnectionError"
        )
    verdict = "Denied" if entry.id in DENIED else "Interrupted" if entry.id in RETRIED else "Rejected"
    assert type(error).__name__ == f"{seen_in.title()}{verdict}"
    assert isinstance(error, errors.AwsFailed)
    assert decision(error) is (RetryAction.RETRY if entry.id in RETRIED else RetryAction.FAIL)
    assert {**DENIED, **RETRIED, **MENDED}[entry.id] in str(error.next_step)
    assert error.cause == entry.cause
    assert error.entry == entry.id
    assert error.next_step
    if entry.id not in ("action-denied", "action-denied-in-query"):  # these name the statement to add
        assert error.next_step == entry.next
    for text in (entry.example, f"cause: {entry.cause}", f"docs/errors.md#{entry.id}", error.next_step):
        assert text in str(error)


@pytest.mark.parametrize(
    ("error", "kind", "entry"),
    [
        (client_error("ThrottlingException", "Rate exceeded", "GetTable"), errors.CallInterrupted, "call-throttled"),
        (client_error("SlowDown", "Please reduce", "PutObject", 503), errors.CallInterrupted, "storage-throttled"),
        (client_error("InternalError", "We encountered", "PutObject", 500), errors.CallInterrupted, "aws-internal"),
        (client_error("OperationTimeoutException", "timed out", "GetTable"), errors.CallInterrupted, "aws-internal"),
        (client_error("ExpiredToken", "expired", "ListObjectsV2"), errors.CallInterrupted, "credentials-expired"),
        (client_error("AccessDenied", "Access Denied", "ListObjectsV2", 403), errors.CallDenied, "action-denied"),
        (client_error("403", "Forbidden", "HeadObject", 403), errors.CallDenied, "action-denied"),
        (client_error("NoSuchBucket", "The specified", "PutObject", 404), errors.CallRejected, "bucket-not-found"),
        (client_error("ValidationException", "odd input", "GetTable"), errors.CallRejected, None),
        (client_error("Unheard", "of", "GetTable", 502), errors.CallInterrupted, None),
        (
            client_error("AccessDeniedException", "Insufficient Lake Formation permission(s)", "GetTable"),
            errors.CallDenied,
            "lake-formation",
        ),
        (EndpointConnectionError(endpoint_url="https://x/"), errors.CallInterrupted, "no-connection"),
        (NoCredentialsError(), errors.CallInterrupted, "no-credentials"),
        (ResponseStreamingError(error="broken off"), errors.CallInterrupted, None),
        (IncompleteReadError(actual_bytes=5, expected_bytes=1000), errors.CallInterrupted, None),
        (ProxyConnectionError(proxy_url="http://proxy"), errors.CallInterrupted, None),
        (CredentialRetrievalError(provider="sso", error_msg="timed out"), errors.CallInterrupted, None),
        (ParamValidationError(report="Unknown parameter"), errors.CallRejected, None),
    ],
    ids=lambda value: getattr(value, "operation_name", None) and f"{value.operation_name}",
)
def test_botocore_is_translated_and_decided(error: Exception, kind: type[errors.AwsFailed], entry: str | None) -> None:
    meant = translate(error)
    assert type(meant) is kind
    assert isinstance(meant, errors.AwsFailed)
    assert meant.entry == entry
    # The policy decides the same of the bare exception, as an operator of the provider raises it.
    wanted = RetryAction.RETRY if kind is errors.CallInterrupted else RetryAction.FAIL
    assert decision(error) is decision(meant) is wanted


@pytest.mark.parametrize(
    ("seen_in", "text", "entry"),
    [
        ("query", "Forbidden (Service: S3, Status Code: 403, Request ID: 1)", "s3-access-denied"),
        ("query", "HIVE_UNKNOWN_ERROR: Unable to execute: Timeout waiting for connection from pool", "s3-slow-down"),
        (
            "query",
            "Not valid (Service: Amazon S3; Status Code: 403; Error Code: InvalidObjectState; Request ID: 1)",
            None,
        ),
        ("call", "An error occurred (LimitExceededException) when calling the X operation: Rate", "call-throttled"),
        (
            "call",
            "An error occurred (ResourceNumberLimitExceededException) when calling the CreateTable operation",
            None,
        ),
    ],
)
def test_a_pattern_takes_no_more_than_it_means(seen_in: Any, text: str, entry: str | None) -> None:
    found = diagnosis.find(seen_in, text)
    assert (found.id if found else None) == entry


@pytest.mark.parametrize("error", [TaskDeferralError("Trigger failure"), TaskDeferralTimeout("Trigger timeout")])
def test_a_deferral_that_failed_is_tried_again(error: Exception) -> None:
    assert decision(error) is RetryAction.RETRY


def test_a_retry_keeps_the_tasks_own_backoff() -> None:
    throttled = retry_policy.evaluate(client_error("ThrottlingException", "Rate exceeded", "GetTable"), 1, 3)
    assert (throttled.action, throttled.retry_delay) == (RetryAction.RETRY, None)


def test_a_trigger_that_was_denied_is_not_tried_again() -> None:
    denied = client_error("AccessDeniedException", "not authorized to perform: glue:GetPartitions", "GetPartitions")
    assert decision(AirflowException(f"Error while waiting: {denied}")) is RetryAction.FAIL


def test_what_is_no_failure_of_aws_is_left_alone() -> None:
    assert translate(KeyError("x")) is None
    assert decision(KeyError("x")) is RetryAction.DEFAULT

    @explained
    def broken() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        broken()


def test_a_bug_while_handling_a_failure_stays_a_bug() -> None:
    bug = KeyError("x")
    bug.__context__ = client_error("AccessDenied", "no", "GetObject")  # as Python sets it in an except block
    assert translate(bug) is None


def test_explained_raises_our_tree_from_botocores() -> None:
    original = client_error("AccessDenied", "Access Denied", "HeadObject", 403)

    @explained
    def read() -> None:
        raise original

    with pytest.raises(errors.CallDenied, match="the pipeline role lacks s3:GetObject") as raised:
        read()
    assert raised.value.__cause__ is original


def test_the_missing_action_comes_with_the_statement_that_grants_it() -> None:
    arn = "arn:aws:glue:eu-central-1:123456789012:table/usage/logs"
    meant = translate(
        client_error("AccessDeniedException", f"User: x is not authorized to perform: glue:GetTable on resource: {arn} "
                     "because no identity-based policy allows the glue:GetTable action", "GetTable")
    )  # fmt: skip
    assert isinstance(meant, errors.CallDenied)
    head, _, statement = meant.next_step.partition("policy: ")
    assert head == f"the pipeline role lacks glue:GetTable on {arn}: add this statement to its "
    assert json.loads(statement) == {
        "Effect": "Allow",
        "Action": "glue:GetTable",
        "Resource": [
            "arn:aws:glue:eu-central-1:123456789012:catalog",
            "arn:aws:glue:eu-central-1:123456789012:database/usage",
            arn,
        ],
    }


def test_a_denial_in_a_query_names_action_and_resource() -> None:
    error = failure(
        "User: x is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/logs/* because no "
        "identity-based policy allows the s3:GetObject action"
    )
    assert type(error) is errors.QueryDenied
    wanted = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/logs/*"}
    assert error.next_step.endswith(json.dumps(wanted))


def test_the_statements_own_line_is_shown_with_a_mark() -> None:
    query = "SELECT a,\n    nosuch\nFROM t"
    error = failure("COLUMN_NOT_FOUND: line 2:5: Column 'nosuch' cannot be resolved", query=query)
    lines = str(error).splitlines()
    at = next(number for number, line in enumerate(lines) if "line 2:     nosuch" in line)
    assert lines[at + 1].index("^") == lines[at].index("nosuch")


def test_a_line_beyond_the_statement_is_not_shown() -> None:
    assert diagnosis.statement_line("SELECT 1", "line 7:1: mismatched input") is None
    assert diagnosis.statement_line("SELECT 1", "no line at all") is None


def test_athenas_own_verdict_is_evidence() -> None:
    error = failure("SYNTAX_ERROR: line 1:1: x", ErrorCategory=2, ErrorType=1100, Retryable=False)
    assert "error type: 1100, category: 2 (user), retryable: no" in error.evidence


@pytest.mark.parametrize(
    ("details", "kind"),
    [
        ({"ErrorCategory": 1, "ErrorType": 200}, errors.QueryInterrupted),
        ({"ErrorCategory": 3, "Retryable": True}, errors.QueryInterrupted),
        ({"ErrorCategory": 2, "Retryable": False}, errors.QueryRejected),
        ({}, errors.QueryRejected),
    ],
)
def test_an_unknown_reason_is_decided_by_athenas_verdict(details: Any, kind: type[Exception]) -> None:
    assert type(failure("UNHEARD_OF: something new", **details)) is kind


def test_a_cancelled_query_is_tried_again_unless_the_scan_limit_cancelled_it() -> None:
    assert type(failure("Query cancelled by user", state="CANCELLED")) is errors.QueryInterrupted
    assert type(failure("Bytes scanned limit was exceeded", state="CANCELLED")) is errors.QueryRejected


def test_probes_that_break_do_not_hide_the_failure() -> None:
    def no_client(service: str) -> Any:
        raise RuntimeError(f"no {service}")

    athena: Any = Athena("Insufficient permissions to execute the query.")
    error = queries.failure(athena, "q-1", "run_section", no_client)
    assert type(error) is errors.QueryDenied
    assert "the probes broke: RuntimeError('no glue')" in str(error)
    assert "Insufficient permissions to execute the query." in str(error)
