"""Athena's work groups, named queries and lists, where ministack takes what Athena refuses.

Seen in ministack 1.5.33: unknown work groups are accepted everywhere but in GetWorkGroup and UpdateWorkGroup, as are
bad names, states, engine versions, encryptions and output locations; RemoveBytesScannedCutoffPerQuery is ignored; a
group that isn't empty is deleted without RecursiveDeleteOption, and with it keeps its queries; CreateNamedQuery ignores
ClientRequestToken, ListNamedQueries without a group lists those of all; most lists have no pages. Query executions of a
deleted group stay known here. Exit condition: `ministack.services.athena` refuses each of these.
https://docs.aws.amazon.com/athena/latest/APIReference/API_DeleteWorkGroup.html
https://docs.aws.amazon.com/athena/latest/APIReference/API_ListNamedQueries.html
"""

import json
import re
from typing import Any

from local_aws.athena.executions import ApiError
from local_aws.athena.service import OPERATIONS
from local_aws.athena.submission import check_results
from local_aws.emulator import Handler, Response, json_error, operation, paged, replace_handler

_PAGED = {
    "ListTableMetadata": "TableMetadataList",
    "ListWorkGroups": "WorkGroups",
    "ListNamedQueries": "NamedQueryIds",
    "ListPreparedStatements": "PreparedStatements",
}
_INVALID = "InvalidRequestException"
_NAME = "[a-zA-Z0-9._-]{1,128}"
_created: dict[tuple[str, str, str], tuple[dict[str, Any], Response]] = {}  # the named queries by their tokens


def install() -> None:
    """Stand before the handler of `athena`, which answers what is not refused here."""

    def wrap(handler: Handler) -> Handler:
        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Response:
            name = operation(headers)
            try:
                request = json.loads(body or b"{}")
            except ValueError:
                return json_error("SerializationException", "Invalid JSON")

            async def ask(target: str, asked: dict[str, Any]) -> Response:
                own = {**headers, "x-amz-target": f"AmazonAthena.{target}"}
                return await handler(method, path, own, json.dumps(asked).encode(), query)

            if name == "ListNamedQueries":
                request.setdefault("WorkGroup", "primary")
            if refused := refusal(name, request):
                return refused
            if name == "CreateNamedQuery":
                return await _create_named_query(request, ask)
            if name == "DeleteWorkGroup" and (refused := await _empty(request, ask)):
                return refused
            status, answered, text = await ask(name, request)
            if status < 300 and name in _PAGED:
                return paged(_PAGED[name], json.loads(text)[_PAGED[name]], request, 50, _INVALID)
            if status < 300 and (request.get("ConfigurationUpdates") or {}).get("RemoveBytesScannedCutoffPerQuery"):
                _athena()._workgroups[request["WorkGroup"]]["Configuration"].pop("BytesScannedCutoffPerQuery", None)
            return status, answered, text

        return handle

    replace_handler("athena", wrap)


def _athena() -> Any:
    from ministack.services import athena

    return athena


def refusal(name: str, request: dict[str, Any]) -> Response | None:
    """The answer to an unknown work group, and to a new or changed one that Athena wouldn't take."""
    group = request.get("WorkGroup") or "primary"
    _athena()._ensure_default_workgroup()
    # What our own service answers looks the group up itself.
    if (name == "GetWorkGroup" or name not in OPERATIONS) and group not in _athena()._workgroups:
        return json_error(_INVALID, f"WorkGroup {group} is not found.")
    _, of_group, tagged = request.get("ResourceARN", "").partition(":workgroup/")
    if of_group and tagged not in _athena()._workgroups:
        return json_error("ResourceNotFoundException", f"WorkGroup {tagged} is not found.")
    keys = [tag.get("Key", "") for tag in request.get("Tags") or []]
    if any(key.lower().startswith("aws:") for key in keys) or len(set(keys)) < len(keys):
        return json_error(_INVALID, "The keys of tags are unique and do not begin with aws:")
    if name not in ("CreateWorkGroup", "UpdateWorkGroup"):
        return None
    for member, given, pattern in (
        ("name", request.get("Name", group), _NAME),
        ("state", request.get("State", "ENABLED"), "ENABLED|DISABLED"),
    ):
        if not re.fullmatch(pattern, given):
            message = f"Value '{given}' at '{member}' failed to satisfy constraint: Member must satisfy {pattern}"
            return json_error("ValidationException", f"1 validation error detected: {message}")
    configuration = request.get("Configuration") or request.get("ConfigurationUpdates") or {}
    results = configuration.get("ResultConfiguration") or configuration.get("ResultConfigurationUpdates") or {}
    try:
        check_results(results)
    except ApiError as error:
        return json_error(error.code, error.message)
    engine = (configuration.get("EngineVersion") or {}).get("SelectedEngineVersion", "AUTO")
    if engine not in ("AUTO", "Athena engine version 3"):
        return json_error(_INVALID, f"the local Athena has Athena engine version 3 only, not {engine}")
    return None


async def _empty(request: dict[str, Any], ask: Any) -> Response | None:
    """Empty a work group that is to be deleted, or refuse."""
    group, athena = request["WorkGroup"], _athena()
    kept = [
        (store, key)
        for store, member in ((athena._named_queries, "WorkGroup"), (athena._prepared_statements, "WorkGroupName"))
        for key, each in store.items()
        if each[member] == group
    ]
    _, _, executions = await ask("ListQueryExecutions", {"WorkGroup": group})
    if group == "primary":
        return None  # which is refused for another reason
    if not request.get("RecursiveDeleteOption") and (kept or json.loads(executions)["QueryExecutionIds"]):
        return json_error(_INVALID, f"WorkGroup {group} is not empty")
    for store, key in kept:
        store.pop(key)
    return None


async def _create_named_query(request: dict[str, Any], ask: Any) -> Response:
    """Once for each ClientRequestToken of an account and region, as long as the server runs."""
    from ministack.core.responses import get_account_id, get_region

    token = (get_account_id(), get_region(), request.get("ClientRequestToken", ""))
    first, answer = _created.get(token, (request, None))
    if first != request:
        return json_error(_INVALID, "Idempotent parameters do not match")
    if answer is None:
        answer = await ask("CreateNamedQuery", request)
        if token[2] and answer[0] < 300:
            _created[token] = (request, answer)
    created: Response = answer
    return created
