"""Athena's API: executions that run in threads of their own, and the files and pages they leave.

Each finished execution is a JSON file in the state folder, so that it is known after a restart; its rows are in S3.
"""

import hashlib
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local_aws.athena import metadata, submission
from local_aws.athena.engine import Run
from local_aws.athena.errors import SYSTEM, Cancelled, InvalidRequest, QueryFailed
from local_aws.athena.executions import ENGINE, ApiError, Ask, Caller, Execution, Turns, invalid
from local_aws.athena.result_files import read_result, write_failure, write_result
from local_aws.athena.results import Column, read_csv_page
from local_aws.athena.statements import Tokens
from local_aws.athena.storage import split_uri
from local_aws.athena.submission import Submission

_LIVE = ("QUEUED", "RUNNING")
# https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html and its siblings.
_IDS_A_PAGE, _ROWS_A_PAGE = 50, 1_000
_LONGEST_TOKEN = 128  # bytes


class AthenaService:
    """The operations about query executions, for all accounts and regions of the emulator."""

    def __init__(
        self,
        state: Path,
        endpoint_url: str,
        before: Callable[[str, Run], None] = lambda sql, run: None,
        concurrency: int = 8,
    ) -> None:
        self._state, self._endpoint, self._before = state, endpoint_url, before
        self._pool = ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix="athena")
        self._lock, self._turns = threading.Lock(), Turns()
        self._closing = False
        self._session = boto3.Session()  # one, so that the service models are loaded once
        self._executions: dict[str, Execution] = {}
        self._clients: dict[tuple[str, str, str], Any] = {}
        for path in sorted(state.glob("*.json"), key=lambda each: each.stat().st_mtime):
            self._restore(json.loads(path.read_text()))

    def handle(self, operation: str, request: dict[str, Any], caller: Caller, ask: Ask) -> dict[str, Any]:
        """Answer one operation; `ask` reaches the operations that stay the emulator's."""
        return OPERATIONS[operation](self, request, caller, ask)

    def workgroup_of(self, execution_id: str) -> str | None:
        found = self._executions.get(execution_id)
        return found.public["WorkGroup"] if found else None

    def close(self) -> None:
        """Interrupt what runs, so that the process can end; a later start finds it FAILED."""
        self._closing = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for each in self._executions.values():
                if each.run is not None:
                    each.run.cancel()

    # -- operations ---------------------------------------------------------------------------------------------

    def start(self, request: dict[str, Any], caller: Caller, ask: Ask) -> dict[str, Any]:
        scope, token = (caller.account, caller.region), request.get("ClientRequestToken")
        if not token:
            raise invalid("clientRequestToken is null or empty")
        if len(token.encode()) > _LONGEST_TOKEN:
            raise invalid(f"clientRequestToken exceeds maximum allowed length {_LONGEST_TOKEN}")
        others = {key: value for key, value in request.items() if key != "ClientRequestToken"}
        asked = hashlib.sha256(json.dumps(others, sort_keys=True).encode()).hexdigest()
        with self._turns.of(scope, token):
            with self._lock:
                known = [each for each in self._executions.values() if (each.scope, each.token) == (scope, token)]
            if known and known[0].asked != asked:
                raise invalid("Idempotent parameters do not match", "IDEMPOTENT_PARAMETER_MISMATCH")
            begun = known[0] if known else self._begin(request, caller, ask, asked)
        return {"QueryExecutionId": begun.public["QueryExecutionId"]}

    def _begin(self, request: dict[str, Any], caller: Caller, ask: Ask, asked: str) -> Execution:
        """A new execution, on its way; an ApiError if the request is refused."""
        taken = submission.take(request, caller, ask)
        location = taken.results["OutputLocation"]
        self._verify_bucket(split_uri(location)[0], caller)
        execution_id = str(uuid.uuid4())
        database = taken.context.get("Database") or "default"
        statement = taken.statement
        if statement.kind in ("DESCRIBE", "SHOW_COLUMNS"):
            statement = metadata.looked_up(self._client("glue", caller), statement, database)
        # https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html
        folder = f"{location.rstrip('/')}/tables" if statement.kind == "CTAS" else location.rstrip("/")
        public = {
            "QueryExecutionId": execution_id, "Query": (request.get("QueryString") or "").strip(),
            "StatementType": statement.type, "SubstatementType": statement.substatement, "WorkGroup": taken.group,
            "EngineVersion": taken.engine, "QueryExecutionContext": taken.context,
            "ResultConfiguration": {**taken.results, "OutputLocation": f"{folder}/{execution_id}{statement.extension}"},
            "ResultReuseConfiguration": request.get("ResultReuseConfiguration") or {"ResultReuseByAgeConfiguration": {"Enabled": False}},  # noqa: E501
            "Status": {"State": "QUEUED", "SubmissionDateTime": time.time()},
            "Statistics": {"ResultReuseInformation": {"ReusedPreviousResult": False}},
        }  # fmt: skip
        if request.get("ExecutionParameters"):
            public["ExecutionParameters"] = request["ExecutionParameters"]
        scope, token = (caller.account, caller.region), request["ClientRequestToken"]
        execution = Execution(public, scope, token=token, enforced=taken.enforced, asked=asked)
        with self._lock:
            self._executions[execution_id] = execution
        self._save(execution)
        self._pool.submit(self._execute, execution, taken, caller, database)
        return execution

    def _verify_bucket(self, bucket: str, caller: Caller) -> None:
        """With the caller's rights, as Athena does."""
        try:
            self._client("s3", caller).get_bucket_location(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchBucket", "404", "AccessDenied", "403"):
                raise invalid(f"Unable to verify/create output bucket {bucket}") from error

    def get_workgroup(self, request: dict[str, Any], caller: Caller, ask: Ask) -> dict[str, Any]:
        """The emulator's answer with the members that Athena always sends; awswrangler reads them."""
        answered = ask("GetWorkGroup", request)["WorkGroup"]
        group = {key: value for key, value in answered.items() if value != ""}
        defaults = {
            "ResultConfiguration": {}, "EnforceWorkGroupConfiguration": group["Name"] != "primary", "EngineVersion": ENGINE,  # noqa: E501
            "PublishCloudWatchMetricsEnabled": True, "RequesterPaysEnabled": False,
        }  # fmt: skip
        configuration = {**defaults, **(group.get("Configuration") or {})}
        configuration["EngineVersion"] = {**ENGINE, **configuration["EngineVersion"]}
        return {"WorkGroup": {**group, "Configuration": configuration}}

    def table_metadata(self, request: dict[str, Any], caller: Caller, ask: Ask) -> dict[str, Any]:
        return metadata.get_table(self._client("glue", caller), request, ask)

    def list_table_metadata(self, request: dict[str, Any], caller: Caller, ask: Ask) -> dict[str, Any]:
        return metadata.list_tables(self._client("glue", caller), request, ask)

    def get(self, request: dict[str, Any], caller: Caller, ask: Ask) -> dict[str, Any]:
        return {"QueryExecution": self._find(request.get("QueryExecutionId"), caller).public}

    def batch_get(self, request: dict[str, Any], caller: Caller, ask: Ask) -> dict[str, Any]:
        found, missing = [], []
        for each in request["QueryExecutionIds"]:
            try:
                found.append(self._find(each, caller).public)
            except ApiError as error:
                missing.append(
                    {"QueryExecutionId": each, "ErrorCode": "INVALID_QUERY_EXECUTION_ID", "ErrorMessage": error.message}
                )
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}

    def stop(self, request: dict[str, Any], caller: Caller, ask: Ask) -> dict[str, Any]:
        execution = self._find(request.get("QueryExecutionId"), caller)
        with self._lock:
            if execution.state in _LIVE:
                execution.cancelled = True
                if execution.run is not None:
                    execution.run.cancel()
        return {}

    def list(self, request: dict[str, Any], caller: Caller, ask: Ask) -> dict[str, Any]:
        group = request.get("WorkGroup") or "primary"
        submission.find_workgroup(group, ask)
        scope = (caller.account, caller.region)
        ids = [
            key for key, each in self._executions.items() if each.scope == scope and each.public["WorkGroup"] == group
        ]
        ids.reverse()
        start, size = _page(request, group, _IDS_A_PAGE)
        answer: dict[str, Any] = {"QueryExecutionIds": ids[start : start + size]}
        return {**answer, "NextToken": f"{group}:{start + size}"} if start + size < len(ids) else answer

    def results(self, request: dict[str, Any], caller: Caller, ask: Ask) -> dict[str, Any]:
        execution = self._find(request.get("QueryExecutionId"), caller)
        if execution.state == "CANCELLED":
            raise invalid("Could not find results", "RESULT_NOT_FOUND")
        if execution.state != "SUCCEEDED":
            reason = (
                "Query has not yet finished. Current state: "
                if execution.state in _LIVE
                else "Query did not finish successfully. Final query state: "
            )
            raise invalid(f"{reason}{execution.state}", "INVALID_QUERY_EXECUTION_STATE")
        if request.get("QueryResultType", "DATA_ROWS") != "DATA_ROWS":
            raise invalid(f"the local Athena does not answer QueryResultType {request['QueryResultType']}")
        execution_id = execution.public["QueryExecutionId"]
        start, limit = _page(request, execution_id, _ROWS_A_PAGE)
        rows: list[list[str | None]] = []
        after: int | None = None
        if execution.public["StatementType"] == "DML" and execution.update_count is None:
            rows, after = read_csv_page(read_result(execution, self._client("s3", caller)), start, limit)
        elif execution.columns and execution.update_count is None:
            written = read_result(execution, self._client("s3", caller)).decode()
            lines = written.split("\n") if written else []
            rows = [[line] for line in lines[start : start + limit]]
            after = start + limit if len(rows) == limit else None
        answer: dict[str, Any] = {
            "ResultSet": {
                "Rows": [{"Data": [{} if v is None else {"VarCharValue": v} for v in row]} for row in rows],
                "ResultSetMetadata": {"ColumnInfo": [column.info() for column in execution.columns]},
            },
        }
        if execution.counts_rows:
            answer["UpdateCount"] = execution.update_count or 0
        return {**answer, "NextToken": f"{execution_id}:{after}"} if after is not None else answer

    def statistics(self, request: dict[str, Any], caller: Caller, ask: Ask) -> dict[str, Any]:
        execution = self._find(request.get("QueryExecutionId"), caller)
        counted = execution.public["Statistics"]
        timeline = {
            key: counted.get(key, 0)
            for key in ("QueryQueueTimeInMillis", "ServicePreProcessingTimeInMillis", "QueryPlanningTimeInMillis",
                        "EngineExecutionTimeInMillis", "ServiceProcessingTimeInMillis", "TotalExecutionTimeInMillis")
        }  # fmt: skip
        rows = {
            "InputBytes": counted.get("DataScannedInBytes", 0),
            "OutputRows": execution.rows_returned,
            "OutputBytes": execution.bytes_returned,
        }
        return {"QueryRuntimeStatistics": {"Timeline": timeline, "Rows": rows}}

    # -- execution ----------------------------------------------------------------------------------------------

    def _execute(self, execution: Execution, taken: Submission, caller: Caller, database: str) -> None:
        began = time.time()
        execution.public["Statistics"]["QueryQueueTimeInMillis"] = round((began - execution.submitted) * 1000)
        state, run = "FAILED", None
        failure: QueryFailed | None = None
        try:
            run = Run(self._client("glue", caller), self._client("s3", caller), taken.cutoff)
            self._answer(execution, taken, caller, database, run)
            state = "SUCCEEDED"
        except Cancelled as error:
            state, failure = "CANCELLED", error
        except QueryFailed as error:
            failure = error
            if run is not None and taken.statement.hive:
                write_failure(execution, error, run)
        except InvalidRequest as error:
            failure = QueryFailed(f"SYNTAX_ERROR: {error}")
        except Exception as error:  # whatever it is, the execution must end
            logging.getLogger("athena").exception("query %s", execution.public["QueryExecutionId"])
            failure = QueryFailed(f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {error}", category=SYSTEM)
        self._end(execution, run, began, state, failure)

    def _answer(self, execution: Execution, taken: Submission, caller: Caller, database: str, run: Run) -> None:
        statement = taken.statement
        with self._lock:
            if execution.cancelled:
                raise Cancelled("Query cancelled by user")
            execution.run = run
            execution.public["Status"]["State"] = "RUNNING"
        self._before(statement.sql, run)
        run.check()
        if taken.failure is not None:
            raise taken.failure
        location = execution.public["ResultConfiguration"]["OutputLocation"]
        if execution.enforced and statement.kind == "CTAS" and "external_location" in Tokens(statement.sql).code():
            # https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html
            raise QueryFailed(
                "The Create Table As Select query failed because it was submitted with an 'external_location' "
                "property to an Athena Workgroup that enforces a centralized output location for all queries. "
                "Please remove the 'external_location' property and resubmit the query."
            )
        result = run.execute(statement.sql, database, location)
        write_result(execution, statement, result, run, self._client("kms", caller))

    def _end(
        self, execution: Execution, run: Run | None, began: float, state: str, failure: QueryFailed | None
    ) -> None:
        status, counted, ended = execution.public["Status"], execution.public["Statistics"], time.time()
        counted["DataScannedInBytes"] = run.scanned if run else 0
        counted["EngineExecutionTimeInMillis"] = round((ended - began) * 1000)
        for unmeasured in ("ServicePreProcessing", "QueryPlanning", "ServiceProcessing"):
            counted[f"{unmeasured}TimeInMillis"] = 0
        counted["TotalExecutionTimeInMillis"] = round((ended - execution.submitted) * 1000)
        if run is not None:
            run.__exit__()
        with self._lock:
            execution.run = None
            if failure is not None:
                status["StateChangeReason"] = failure.message
                if state == "FAILED":
                    status["AthenaError"] = failure.athena_error()
            status["CompletionDateTime"] = ended
            status["State"] = state
        if not self._closing:
            self._save(execution)

    def _find(self, execution_id: str | None, caller: Caller) -> Execution:
        found = self._executions.get(execution_id or "")
        if found is None or found.scope != (caller.account, caller.region):
            raise invalid(f"QueryExecution {execution_id} was not found", "QUERY_EXECUTION_NOT_FOUND")
        return found

    def _client(self, service: str, caller: Caller) -> Any:
        key = (service, caller.access_key, caller.region)
        with self._lock:
            if key not in self._clients:
                settings = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 2}, max_pool_connections=32,
                                  proxies={}, request_checksum_calculation="when_required",
                                  response_checksum_validation="when_required",
                                  user_agent_extra="athena.amazonaws.com")  # fmt: skip
                self._clients[key] = self._session.client(
                    service, region_name=caller.region, endpoint_url=self._endpoint, config=settings,
                    aws_access_key_id=caller.access_key, aws_secret_access_key=caller.secret_key,
                    aws_session_token=caller.token,
                )  # fmt: skip
            return self._clients[key]

    def _save(self, execution: Execution) -> None:
        record = {
            "public": execution.public, "scope": execution.scope, "columns": [vars(c) for c in execution.columns],
            "update_count": execution.update_count, "rows_returned": execution.rows_returned,
            "bytes_returned": execution.bytes_returned, "token": execution.token, "asked": execution.asked,
        }  # fmt: skip
        (self._state / f"{execution.public['QueryExecutionId']}.json").write_text(json.dumps(record))

    def _restore(self, record: dict[str, Any]) -> None:
        status = record["public"]["Status"]
        if status["State"] in _LIVE:  # the server ended before the query did
            failure = QueryFailed(
                "INTERNAL_ERROR_QUERY_ENGINE: the server was stopped", category=SYSTEM, retryable=True
            )
            status |= {"State": "FAILED", "StateChangeReason": failure.message, "AthenaError": failure.athena_error()}
            status["CompletionDateTime"] = time.time()
        self._executions[record["public"]["QueryExecutionId"]] = Execution(
            record["public"], tuple(record["scope"]), [Column(**column) for column in record["columns"]],
            record["update_count"], record["rows_returned"], record.get("bytes_returned", 0), record["token"],
            asked=record.get("asked", ""),
        )  # fmt: skip


def _page(request: dict[str, Any], of: str, most: int) -> tuple[int, int]:
    """(where a page begins, how long it may be); a token is good for what it was given for only."""
    size = request.get("MaxResults") or most
    if size > most:
        raise invalid(f"MaxResults is more than maximum allowed length {most}")
    known, _, start = (request.get("NextToken") or f"{of}:0").rpartition(":")
    if known != of or not start.isdecimal():
        raise invalid(f"NextToken is none of {of}; send what the last answer gave, unchanged")
    return int(start), size


OPERATIONS: dict[str, Callable[[AthenaService, dict[str, Any], Caller, Ask], dict[str, Any]]] = {
    "StartQueryExecution": AthenaService.start,
    "GetWorkGroup": AthenaService.get_workgroup,
    "GetTableMetadata": AthenaService.table_metadata,
    "ListTableMetadata": AthenaService.list_table_metadata,
    "GetQueryExecution": AthenaService.get,
    "BatchGetQueryExecution": AthenaService.batch_get,
    "StopQueryExecution": AthenaService.stop,
    "ListQueryExecutions": AthenaService.list,
    "GetQueryResults": AthenaService.results,
    "GetQueryRuntimeStatistics": AthenaService.statistics,
}
