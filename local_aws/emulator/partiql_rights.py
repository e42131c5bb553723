"""The rights that DynamoDB asks for before it runs statements of PartiQL.

Seen in ministack 1.5.33: it asks for dynamodb:ExecuteStatement, BatchExecuteStatement and ExecuteTransaction on any
resource. AWS has no such actions: each statement needs dynamodb:PartiQLSelect, PartiQLInsert, PartiQLUpdate or
PartiQLDelete on its table or index. Exit condition: `extract_iam_action` and `dynamodb_resource_arns` of
`ministack.core.iam_actions` tell them.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
"""

import json
from collections.abc import Callable
from typing import Any

Request = dict[str, Any]

_MEMBERS = {"ExecuteStatement": None, "BatchExecuteStatement": "Statements", "ExecuteTransaction": "TransactStatements"}
_WORDS = ("Select", "Insert", "Update", "Delete")


def install() -> None:
    """Let ministack ask for the first statement's right; those of the others are `further_rights`."""
    from ministack.core import iam_actions

    action_of: Callable[..., str | None] = iam_actions.extract_iam_action
    arns_of: Callable[[bytes, str, str], list[str]] = iam_actions.dynamodb_resource_arns

    def extract_iam_action(
        service: str, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any
    ) -> str | None:
        action = action_of(service, method, path, headers, body, *rest)
        name = (action or "").removeprefix("dynamodb:") if service == "dynamodb" else ""
        found = rights(name, _request(body), "", "") if name in _MEMBERS else []
        return found[0][0] if found else action

    def dynamodb_resource_arns(body: bytes, region: str, account: str) -> list[str]:
        request = _request(body)
        found = [arn for name in _MEMBERS for _, arn in rights(name, request, region, account)]
        return found[:1] or arns_of(body, region, account)  # it asks for the one action on all of them

    iam_actions.extract_iam_action, iam_actions.dynamodb_resource_arns = extract_iam_action, dynamodb_resource_arns


def rights(name: str, request: Any, region: str, account: str) -> list[tuple[str, str]]:
    """The action and the ARN of each statement that an operation would run."""
    member = _MEMBERS[name]
    statements = request.get(member) if member and isinstance(request, dict) else [request]
    found = [each for each in statements if isinstance(each, dict)] if isinstance(statements, list) else []
    return [_right(each, region, account) for each in found if isinstance(each.get("Statement"), str)]


def _right(statement: Request, region: str, account: str) -> tuple[str, str]:
    """What cannot be read will not run either, so that any resource will do for it."""
    from ministack.services import dynamodb

    word = next(iter(statement["Statement"].split()), "").capitalize()
    action = f"dynamodb:PartiQL{word if word in _WORDS else 'Select'}"  # EXISTS(SELECT ...) reads
    try:
        parsed = dynamodb._parse_partiql(statement["Statement"], statement.get("Parameters"))
        parsed = parsed.get("select") or parsed
        table, index = parsed["table"], parsed.get("index")
    except (ValueError, LookupError, TypeError, AttributeError):
        return action, "*"
    arn = table if table.startswith("arn:") else f"arn:aws:dynamodb:{region}:{account}:table/{table}"
    return action, f"{arn}/index/{index}" if index else arn


def _request(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except ValueError:
        return None
