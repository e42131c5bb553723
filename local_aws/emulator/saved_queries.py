"""Named queries, prepared statements, catalogs and engine versions that ministack's Athena lacks or takes too lightly.

Seen in ministack 1.5.33: UpdatePreparedStatement, BatchGetPreparedStatement, UpdateNamedQuery, ListEngineVersions are
unknown; CreateNamedQuery ignores ClientRequestToken; any statement is prepared, under any name; catalogs of other types
are made, but lead to Glue. Exit condition: `ministack.services.athena` does each of these.
https://docs.aws.amazon.com/athena/latest/APIReference/API_CreatePreparedStatement.html
https://docs.aws.amazon.com/athena/latest/APIReference/API_BatchGetPreparedStatement.html
"""

import json
import time
from typing import Any

from local_aws.athena.errors import InvalidRequest
from local_aws.athena.executions import ENGINE
from local_aws.athena.parameters import check_prepared
from local_aws.emulator import Handler, Response, json_error, json_response, operation, replace_handler

_INVALID = "InvalidRequestException"
_created: dict[tuple[str, str, str], tuple[dict[str, Any], Response]] = {}  # the named queries by their tokens


def install() -> None:
    """Stand before the handler of `athena`."""

    def wrap(handler: Handler) -> Handler:
        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Response:
            name, request = operation(headers), json.loads(body or b"{}")
            if name in ("CreateDataCatalog", "UpdateDataCatalog", "DeleteDataCatalog"):
                return json_error(_INVALID, "the local Athena has no catalog but AwsDataCatalog, which stays as it is")
            if name in ("CreatePreparedStatement", "UpdatePreparedStatement"):
                try:
                    check_prepared(request["QueryStatement"])
                except InvalidRequest as error:
                    return json_error(_INVALID, str(error))
            if name in _ANSWERS:
                return _ANSWERS[name](request)
            if name == "CreateNamedQuery":
                if (known := _first(request)) is not None:
                    return known
                return _kept(request, await handler(method, path, headers, body, query))
            return await handler(method, path, headers, body, query)

        return handle

    replace_handler("athena", wrap)


def _token(request: dict[str, Any]) -> tuple[str, str, str]:
    from ministack.core.responses import get_account_id, get_region

    return get_account_id(), get_region(), request.get("ClientRequestToken", "")


def _first(request: dict[str, Any]) -> Response | None:
    """What the first CreateNamedQuery with a token of this account and region was answered, since the server runs."""
    first, answer = _created.get(_token(request), (request, None))
    return answer if first == request else json_error(_INVALID, "Idempotent parameters do not match")


def _kept(request: dict[str, Any], answer: Response) -> Response:
    if request.get("ClientRequestToken") and answer[0] < 300:
        _created[_token(request)] = (request, answer)
    return answer


def _update_prepared_statement(request: dict[str, Any]) -> Response:
    from ministack.services import athena

    name = request["StatementName"]
    found = athena._prepared_statements.get(f"{request['WorkGroup']}/{name}")
    if found is None:
        return json_error("ResourceNotFoundException", f"PreparedStatement {name} was not found")
    found |= {"QueryStatement": request["QueryStatement"], "LastModifiedTime": int(time.time())}
    found["Description"] = request.get("Description", found["Description"])
    return json_response({})


def _batch_get_prepared_statement(request: dict[str, Any]) -> Response:
    from ministack.services import athena

    names = request["PreparedStatementNames"]
    found = {name: athena._prepared_statements.get(f"{request['WorkGroup']}/{name}") for name in names}
    missing = [
        {"StatementName": name, "ErrorCode": "STATEMENT_NOT_FOUND", "ErrorMessage": "prepared statement was not found"}
        for name, statement in found.items()
        if statement is None
    ]
    statements = [statement for statement in found.values() if statement is not None]
    return json_response({"PreparedStatements": statements, "UnprocessedPreparedStatementNames": missing})


def _update_named_query(request: dict[str, Any]) -> Response:
    from ministack.services import athena

    found = athena._named_queries.get(request["NamedQueryId"])
    if found is None:
        return json_error(_INVALID, f"Named query {request['NamedQueryId']} not found")
    found |= {key: request[key] for key in ("Name", "Description", "QueryString") if key in request}
    return json_response({})


def _list_engine_versions(request: dict[str, Any]) -> Response:
    del request
    effective = ENGINE["EffectiveEngineVersion"]
    versions = [{"SelectedEngineVersion": each, "EffectiveEngineVersion": effective} for each in ("AUTO", effective)]
    return json_response({"EngineVersions": versions})


_ANSWERS = {
    "UpdatePreparedStatement": _update_prepared_statement,
    "BatchGetPreparedStatement": _batch_get_prepared_statement,
    "UpdateNamedQuery": _update_named_query,
    "ListEngineVersions": _list_engine_versions,
}
