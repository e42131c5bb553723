"""What we change in ministack: each module closes one gap of one version and says when it can be deleted.

Ministack keeps one table of service handlers, which it calls after it has checked signature and policies. Registering
ours there leaves its decision about who may call in force for every call we answer ourselves.
"""

import json
from collections.abc import Callable, Coroutine
from typing import Any

Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, str, dict[str, str], bytes, dict[str, list[str]]], Coroutine[Any, Any, Response]]


def replace_handler(service: str, wrap: Callable[[Handler], Handler]) -> None:
    """Put `wrap(ministack's handler)` in the place of ministack's handler of a service."""
    from ministack import app

    app.SERVICE_HANDLERS[service] = wrap(app.SERVICE_HANDLERS[service])


def operation(headers: dict[str, str]) -> str:
    """`GetTable` from an `X-Amz-Target` header of the JSON protocols."""
    return headers.get("x-amz-target", "").rpartition(".")[2]


def json_response(payload: Any) -> Response:
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(payload).encode()


def paged(member: str, found: list[Any], request: dict[str, Any], most: int, code: str) -> Response:
    """The page of a list that a request's MaxResults and NextToken ask for; `code` is the error for wrong ones."""
    token, size = request.get("NextToken") or "0", int(request.get("MaxResults") or most)
    if not token.isdecimal() or not 1 <= size <= most:
        return json_error(code, f"NextToken is unknown, or MaxResults is not in 1 to {most}")
    after = int(token) + size
    answer: dict[str, Any] = {member: found[int(token) : after]}
    return json_response({**answer, "NextToken": str(after)} if after < len(found) else answer)


def json_error(code: str, message: str, **members: Any) -> Response:
    """A client error as AWS's JSON protocols send it."""
    body = {"__type": code, "message": message, "Message": message, **members}
    return 400, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": code}, json.dumps(body).encode()
