"""Delays and failures on demand, for tests of what waits and of what retries.

`PUT /_local_aws/faults` replaces the list of rules, each of which may have

    {"operation": "GetPartition", "code": "ThrottlingException"}   an API call by its name (JSON protocols)
    {"path": "^/archive/.*part-00", "method": "PUT", "code": "SlowDown", "status": 503}    an S3 call
    {"query": "count\\\\(", "reason": "GENERIC_INTERNAL_ERROR: ...", "retryable": true}    an Athena execution

with `times` (default: always) and `delay` in seconds; a rule without `code` and `reason` only delays.
"""

import asyncio
import json
import re
import threading
from typing import Any

from local_aws.athena.engine import Run
from local_aws.athena.errors import SYSTEM, QueryFailed

PATH = "/_local_aws/faults"
Rule = dict[str, Any]
_rules: list[Rule] = []
_lock = threading.Lock()


def _take(kind: str, text: str, method: str = "") -> Rule | None:
    """The first rule that fits, one of its times used up."""
    with _lock:
        for rule in _rules:
            if kind in rule and re.search(rule[kind], text) and rule.get("method", method) == method:
                if "times" in rule:
                    rule["times"] -= 1
                    if not rule["times"]:
                        _rules.remove(rule)
                return rule
    return None


def before_query(sql: str, run: Run) -> None:
    """Called by Athena's executions as they begin."""
    rule = _take("query", sql)
    if rule:
        run.wait(rule.get("delay", 0))
        if "reason" in rule:
            raise QueryFailed(rule["reason"], category=SYSTEM, retryable=bool(rule.get("retryable")))


async def answer(scope: Any, receive: Any, send: Any) -> bool:
    """Answer the request here if a rule says so, or if it sets the rules."""
    if scope["path"] == PATH:
        body = b""
        while (message := await receive()).get("more_body") or message.get("body"):
            body += message["body"]
            if not message.get("more_body"):
                break
        with _lock:
            _rules[:] = json.loads(body or b"[]")
        await _send(send, 200, b"", "text/plain")
        return True
    if not _rules:
        return False
    target = dict(scope["headers"]).get(b"x-amz-target", b"").decode().rpartition(".")[2]
    rule = _take("operation", target) if target else _take("path", scope["path"], scope["method"])
    if rule is None:
        return False
    await asyncio.sleep(rule.get("delay", 0))
    if "code" not in rule:
        return False
    message = rule.get("message", "Injected by the embedded AWS")
    status = int(rule.get("status", 400))
    if target:
        body = json.dumps({"__type": rule["code"], "message": message}).encode()
        await _send(send, status, body, "application/x-amz-json-1.1")
    else:
        body = f"<Error><Code>{rule['code']}</Code><Message>{message}</Message></Error>".encode()
        await _send(send, status, body, "application/xml")
    return True


async def _send(send: Any, status: int, body: bytes, content_type: str) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", content_type.encode())]})
    await send({"type": "http.response.body", "body": body})
