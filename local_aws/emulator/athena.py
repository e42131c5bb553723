"""Athena's calls answered by our own engine instead of ministack's.

Seen in ministack 1.5.33: queries run in the emulator's own process over its whole store, without the catalog's
partitions, the caller's rights or Athena's dialect. Exit condition: none expected; the engine could move to another
emulator unchanged.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

from local_aws.athena.executions import ApiError, Caller
from local_aws.athena.service import OPERATIONS, AthenaService
from local_aws.emulator import Handler, Response, faults, json_error, json_response, operation, replace_handler


def install(state: Path, endpoint_url: str) -> None:
    """Take over the operations that run queries; workgroups, prepared statements and metadata stay ministack's."""
    service = AthenaService(state, endpoint_url, faults.before_query)

    def wrap(ministack_handler: Handler) -> Handler:
        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Response:
            name = operation(headers)
            body = _with_catalog(body)
            if name not in OPERATIONS:
                return await ministack_handler(method, path, headers, body, query)
            loop = asyncio.get_running_loop()

            def ask_ministack(target: str, request: dict[str, Any]) -> dict[str, Any]:
                """One of ministack's own Athena operations, without a policy check: it is Athena's inner business."""
                call = ministack_handler(
                    "POST", "/", {"x-amz-target": f"AmazonAthena.{target}"}, json.dumps(request).encode(), {}
                )
                status, _, answer = asyncio.run_coroutine_threadsafe(call, loop).result()
                members: dict[str, Any] = json.loads(answer)
                if status >= 300:
                    raise ApiError(members.get("__type", "InvalidRequestException"), members.get("message", ""))
                return members

            caller = caller_of(headers, query)
            try:
                request = json.loads(body or b"{}")
                return json_response(await asyncio.to_thread(service.handle, name, request, caller, ask_ministack))
            except ApiError as error:
                return json_error(error.code, error.message, **error.members)

        return handle

    replace_handler("athena", wrap)
    _service.append(service)


def _with_catalog(body: bytes) -> bytes:
    """The one catalog under ministack's name for it; Athena takes it in any case."""
    request = json.loads(body or b"{}")
    for member in ("CatalogName", "Name"):
        if str(request.get(member, "")).lower() == "awsdatacatalog":
            request[member] = "AwsDataCatalog"
    return json.dumps(request).encode()


# The running service, for `authorisation`, which must know the workgroup of a query.
_service: list[AthenaService] = []


def close() -> None:
    """End the running queries with the server."""
    for service in _service:
        service.close()


def workgroup_of(query_execution_id: str) -> str | None:
    """The workgroup a query ran in, or None for an unknown query."""
    return _service[0].workgroup_of(query_execution_id) if _service else None


def caller_of(headers: dict[str, str], query: dict[str, list[str]]) -> Caller:
    """The credentials behind the request's verified signature: the query reads Glue and S3 with these."""
    from ministack.core.iam_evaluator import resolve_credential
    from ministack.core.responses import get_account_id, get_region
    from ministack.core.router import extract_access_key_id

    token = headers.get("x-amz-security-token") or None
    credential = resolve_credential(extract_access_key_id(headers, query), get_account_id(), token)
    return Caller(
        account=get_account_id(),
        region=get_region(),
        access_key=credential.access_key_id,
        secret_key=credential.secret_access_key,
        token=token,
        arn=credential.principal_arn,
    )
