"""How our answers to Glue's calls ask ministack's."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from local_aws.emulator import Response, json_error

Request = dict[str, Any]
Ask = Callable[[str, Request], Awaitable[Response]]
Answer = Callable[[Request, Ask], Awaitable[Response]]
INVALID = "InvalidInputException"
NOT_FOUND = "EntityNotFoundException"


def target(request: Request) -> Request:
    """The members that say which table a request is about."""
    return {key: request[key] for key in ("DatabaseName", "TableName")}


async def table_of(request: Request, ask: Ask) -> tuple[dict[str, Any], Response | None]:
    """The table that a request is about, or the answer that there is none."""
    status, _, body = await ask("GetTable", {"DatabaseName": request["DatabaseName"], "Name": request["TableName"]})
    if status >= 300:
        return {}, json_error(NOT_FOUND, f"Table {request['TableName']} not found.")
    return json.loads(body)["Table"], None


def detail(refused: Response) -> dict[str, str]:
    """An error's answer as the member of a list of errors."""
    answer = json.loads(refused[2])
    return {"ErrorCode": answer["__type"], "ErrorMessage": answer["message"]}
