"""A record of every decision about a caller's policies, for proofs of least privilege.

`PUT /_local_aws/decisions` begins a record anew, `GET /_local_aws/decisions?from=12` gives it from number 12 on, a line
of JSON a decision:

    {"action": "glue:GetTable", "resource": "arn:aws:glue:...:table/db/logs",
     "caller": "arn:aws:sts::...:assumed-role/x/session", "allowed": true, "statement": "KeepTheCatalogInStep",
     "by": "athena.amazonaws.com"}

`statement` is the Sid that allowed it, empty where a policy of the resource did; `by` names the service that made the
call on the caller's behalf, empty for the caller's own calls. Whom no policy limits, such as the account's
administrator, isn't recorded. Nothing is recorded before the first PUT.

Seen in ministack 1.5.33: it has neither CloudTrail's data events nor the statement that decided. Exit condition: its
CloudTrail records both.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qs

PATH = "/_local_aws/decisions"
# Stands in the User-Agent of calls that the embedded Athena makes for its callers, as in CloudTrail's invokedBy.
ATHENA = "athena.amazonaws.com"

_record: list[dict[str, Any]] = []
_recording = False
_user_agent: ContextVar[str] = ContextVar("user_agent", default="")
_evaluated: ContextVar[list[tuple[Any, Any]] | None] = ContextVar("evaluated", default=None)


def install() -> None:
    """Wrap ministack's decision, which looks both functions up whenever it decides."""
    from ministack.core import iam_evaluator

    enforce, evaluate = iam_evaluator.enforce, iam_evaluator.evaluate

    def noting_evaluate(context: Any, *policies: Any) -> Any:
        result = evaluate(context, *policies)
        noted = _evaluated.get()
        if noted is not None:
            noted.append((context, result.matched_sid if result.decision == "Allow" else ""))
        return result

    def recording_enforce(*arguments: Any, **named: Any) -> Any:
        noted: list[tuple[Any, Any]] = []
        token = _evaluated.set(noted if _recording else None)
        try:
            denied = enforce(*arguments, **named)
        finally:
            _evaluated.reset(token)
        if noted:
            context, statement = noted[0]
            _record.append(
                {
                    "action": context.action,
                    "resource": context.resource_arn,
                    "caller": context.principal_arn,
                    "allowed": denied is None,
                    "statement": statement,
                    "by": called_by(),
                }
            )
        return denied

    iam_evaluator.enforce, iam_evaluator.evaluate = recording_enforce, noting_evaluate


def user_agent() -> str:
    """Who sent the request, in its own words."""
    return _user_agent.get()


def called_by() -> str:
    """The service that makes this request on its caller's behalf, empty for the caller's own."""
    return ATHENA if ATHENA in _user_agent.get() else ""


@contextmanager
def on_behalf_of_the_caller() -> Iterator[None]:
    """What is decided in here is asked for by Athena."""
    token = _user_agent.set(ATHENA)
    try:
        yield
    finally:
        _user_agent.reset(token)


async def answer(scope: Any, send: Any) -> bool:
    """Answer the request here if it is about the record; else remember who sent it."""
    global _recording
    if scope["path"] != PATH:
        _user_agent.set(dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1"))
        return False
    body = b""
    if scope["method"] == "PUT":
        _recording = True
        _record.clear()
    else:
        first = int(parse_qs(scope["query_string"].decode()).get("from", ["0"])[0])
        body = "".join(json.dumps(one) + "\n" for one in _record[first:]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/x-ndjson")]})
    await send({"type": "http.response.body", "body": body})
    return True
