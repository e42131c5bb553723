"""Athena's work groups and lists, where ministack takes what Athena refuses.

Seen in ministack 1.5.33: unknown work groups are accepted everywhere but in GetWorkGroup and UpdateWorkGroup, as are
engine versions, encryptions and output locations that there are none of; UpdateWorkGroup drops most of what it is
given; a group that isn't empty is deleted without RecursiveDeleteOption, and with it keeps its queries; lists come
unsorted and most have no pages. Query executions of a deleted group stay known here. Exit condition:
`ministack.services.athena` refuses or does each of these.
https://docs.aws.amazon.com/athena/latest/APIReference/API_DeleteWorkGroup.html
https://docs.aws.amazon.com/athena/latest/APIReference/API_UpdateWorkGroup.html
"""

import json
from typing import Any

from local_aws.athena.executions import ENGINE, ApiError
from local_aws.athena.submission import check_results
from local_aws.emulator import Handler, Response, json_error, operation, paged, replace_handler, request_shapes

_PAGED = {
    "ListTableMetadata": "TableMetadataList",
    "ListWorkGroups": "WorkGroups",
    "ListNamedQueries": "NamedQueryIds",
    "ListPreparedStatements": "PreparedStatements",
}
_INVALID = "InvalidRequestException"
_MOST_TAGS = 50
_LOOK_THEMSELVES = ("StartQueryExecution", "ListQueryExecutions", "CreateWorkGroup")
# The members of a configuration, and of changes to one, that are kept and heeded.
_MEMBERS = {
    "ResultConfiguration", "ResultConfigurationUpdates", "EnforceWorkGroupConfiguration", "BytesScannedCutoffPerQuery",
    "PublishCloudWatchMetricsEnabled", "RequesterPaysEnabled", "EngineVersion", "RemoveBytesScannedCutoffPerQuery",
}  # fmt: skip


def install() -> None:
    """Stand before the handler of `athena`, which answers what is not refused here."""

    def wrap(handler: Handler) -> Handler:
        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Response:
            name, request = operation(headers), json.loads(body or b"{}")

            async def ask(target: str, asked: dict[str, Any]) -> Response:
                own = {**headers, "x-amz-target": f"AmazonAthena.{target}"}
                return await handler(method, path, own, json.dumps(asked).encode(), query)

            if name == "ListNamedQueries":
                request.setdefault("WorkGroup", "primary")
            if refused := refusal(name, request):
                return refused
            if name == "DeleteWorkGroup" and (refused := await _empty(request, ask)):
                return refused
            status, answered, text = await ask(name, request)
            if status < 300 and name == "UpdateWorkGroup":
                _change(request)
            if status < 300 and name in _PAGED:
                found = json.loads(text)[_PAGED[name]]
                listed = _summaries(found) if name == "ListWorkGroups" else found
                return paged(_PAGED[name], listed, request, 50, _INVALID)
            return status, answered, text

        return handle

    replace_handler("athena", wrap)


def _athena() -> Any:
    from ministack.services import athena

    return athena


def _summaries(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    shown = [{key: value for key, value in group.items() if value != ""} for group in groups]
    return [{**group, "EngineVersion": ENGINE} for group in sorted(shown, key=lambda each: str(each["Name"]))]


def refusal(name: str, request: dict[str, Any]) -> Response | None:
    """The answer to an unknown work group, and to a new or changed one that Athena wouldn't take."""
    group = request.get("WorkGroup") or "primary"
    _athena()._ensure_default_workgroup()
    if name not in _LOOK_THEMSELVES and group not in _athena()._workgroups:
        return json_error(_INVALID, f"WorkGroup {group} is not found.", AthenaErrorCode="INVALID_INPUT")
    _, of_group, tagged = request.get("ResourceARN", "").partition(":workgroup/")
    if of_group and tagged not in _athena()._workgroups:
        return json_error("ResourceNotFoundException", f"WorkGroup {tagged} is not found.")
    keys = [tag["Key"] for tag in request.get("Tags") or []]
    known = _athena()._tags.get(request.get("ResourceARN", "")) or {}
    if len({*known, *keys}) > _MOST_TAGS:
        return json_error(_INVALID, f"A resource has at most {_MOST_TAGS} tags")
    if any(key.lower().startswith("aws:") for key in keys) or len(set(keys)) < len(keys):
        return json_error(_INVALID, "The keys of tags are unique and do not begin with aws:")
    if name == "CreateWorkGroup" and (refused := _of_stack(request)):
        return refused
    configuration = request.get("Configuration") or request.get("ConfigurationUpdates") or {}
    for member in configuration.keys() - _MEMBERS:
        if configuration[member] not in (False, {"Enabled": False}):
            return json_error(_INVALID, f"the local Athena has no work groups with {member}")
    results = configuration.get("ResultConfiguration") or configuration.get("ResultConfigurationUpdates") or {}
    try:
        check_results(results)
    except ApiError as error:
        return json_error(error.code, error.message)
    engine = (configuration.get("EngineVersion") or {}).get("SelectedEngineVersion", "AUTO")
    if engine not in ENGINE.values():
        return json_error(_INVALID, f"the local Athena has Athena engine version 3 only, not {engine}")
    return None


def _of_stack(request: dict[str, Any]) -> Response | None:
    """What the models say of a name and a state, for CloudFormation, which asks here itself."""
    named = {"Name": request["Name"]}
    state = {"WorkGroup": "any", **({"State": request["State"]} if "State" in request else {})}
    return request_shapes.refusal("athena", "CreateWorkGroup", named, _INVALID) or request_shapes.refusal(
        "athena", "UpdateWorkGroup", state, _INVALID
    )


def _change(request: dict[str, Any]) -> None:
    """The changes that ministack leaves out."""
    configuration = _athena()._workgroups[request["WorkGroup"]].get("Configuration") or {}
    updates = request.get("ConfigurationUpdates") or {}
    if updates.get("RemoveBytesScannedCutoffPerQuery"):
        configuration.pop("BytesScannedCutoffPerQuery", None)
    for member, value in (updates.get("ResultConfigurationUpdates") or {}).items():
        results = configuration.setdefault("ResultConfiguration", {})
        if not member.startswith("Remove"):
            results[member] = value
        elif value:
            results.pop(member.removeprefix("Remove"), None)


def saved_in(group: str) -> list[tuple[Any, str]]:
    """The named queries and prepared statements of a work group: (ministack's store, the key in it) of each."""
    athena = _athena()
    members = ((athena._named_queries, "WorkGroup"), (athena._prepared_statements, "WorkGroupName"))
    return [(store, key) for store, member in members for key, each in store.items() if each[member] == group]


async def _empty(request: dict[str, Any], ask: Any) -> Response | None:
    """Empty a work group that is to be deleted, or refuse."""
    group = request["WorkGroup"]
    kept = saved_in(group)
    _, _, executions = await ask("ListQueryExecutions", {"WorkGroup": group})
    if group == "primary":
        return None  # which is refused for another reason
    if not request.get("RecursiveDeleteOption") and (kept or json.loads(executions)["QueryExecutionIds"]):
        return json_error(_INVALID, f"WorkGroup {group} is not empty")
    for store, key in kept:
        store.pop(key)
    return None
