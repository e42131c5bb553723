"""The items that a SELECT of PartiQL reads from a table, in their order, and its pages.

Seen in ministack 1.5.33: `Limit` and `NextToken` count for an index only, and numeric sort keys come in the order of
their texts. DynamoDB evaluates at most `Limit` items of those that the conditions on the key choose, and orders the
items of a partition by their sort key. Exit condition: `ministack.services.dynamodb._partiql_select` does both. A
SELECT from an index is left to ministack.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteStatement.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.select.html
"""

import base64
import hashlib
import json
from collections.abc import Callable
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

from local_aws.emulator import Response, json_error

Item = dict[str, Any]
Request = dict[str, Any]
_request: ContextVar[Request | None] = ContextVar("_request", default=None)


def install() -> None:
    """Hand `_partiql_select` a table of one page's items, whose keys are their places in it."""
    from ministack.services import dynamodb

    select, execute = dynamodb._partiql_select, dynamodb._execute_statement

    def partiql_select(table: Item, parsed: Item) -> Response:
        request = _request.get() or {}
        try:
            items, after = page(request, parsed, table)
        except ValueError:
            return json_error("ValidationException", "The provided NextToken is invalid")
        places = {f"{place:09}": {"": item} for place, item in enumerate(items)}
        status, headers, body = select({**table, "items": places}, parsed)
        if after is None:
            return status, headers, body
        told = {**json.loads(body), "NextToken": _token(request, after), "LastEvaluatedKey": after}
        return status, headers, json.dumps(told, ensure_ascii=False).encode()

    def execute_statement(request: Request) -> Response:
        limit = request.get("Limit")
        if limit is not None and limit < 1:
            constraint = "failed to satisfy constraint: Member must have value greater than or equal to 1"
            return json_error(
                "ValidationException", f"1 validation error detected: Value '{limit}' at 'limit' {constraint}"
            )
        token = _request.set(request)
        try:
            answer: Response = execute(request)
        finally:
            _request.reset(token)
        return answer

    dynamodb._partiql_select, dynamodb._execute_statement = partiql_select, execute_statement


def page(request: Request, parsed: Item, table: Item) -> tuple[list[Item], Item | None]:
    """The items that a request evaluates, and the key of the last one if there may be more.

    :raises ValueError: if its token is of no page of the same statement.
    """
    key = [name for name in (table["pk_name"], table["sk_name"]) if name]
    order, descending = _order(key), bool(parsed.get("order") and parsed["order"][1])
    items = sorted(evaluated(parsed, table), key=order, reverse=descending)
    if (token := request.get("NextToken")) is not None:
        last = order(_key(request, token, key))
        items = [item for item in items if (order(item) < last if descending else order(item) > last)]
    limit = request.get("Limit")
    if limit is None or len(items) < limit:
        return items, None
    items = items[:limit]  # the last page is not known to be it, as in Query
    return items, {name: items[-1][name] for name in key}


def evaluated(parsed: Item, table: Item) -> list[Item]:
    """The items that a SELECT reads: those that its conditions on the key choose, all if these choose no partition."""
    from ministack.services import dynamodb

    keys = [key for key in (table["pk_name"], table["sk_name"]) if key]
    conditions = [each for each in parsed.get("conditions") or [] if each[0] in keys]
    if not any(key == table["pk_name"] and operator in ("=", "IN") for key, operator, _ in conditions):
        conditions = []
    items = (item for partition in table["items"].values() for item in partition.values())
    return [item for item in items if all(dynamodb._eval_partiql_pred(item, *condition) for condition in conditions)]


def _order(key: list[str]) -> Callable[[Item], list[Any]]:
    """By partition and sort key; all items' values of a key are of one type."""

    def order(item: Item) -> list[Any]:
        values = [next(iter(item[name].items())) for name in key]
        return [
            Decimal(value) if kind == "N" else base64.b64decode(value) if kind == "B" else value.encode()
            for kind, value in values
        ]

    return order


def _statement(request: Request) -> str:
    """What a token is bound to."""
    text = json.dumps([request.get("Statement"), request.get("Parameters") or []])
    return hashlib.sha256(text.encode()).hexdigest()


def _token(request: Request, key: Item) -> str:
    return base64.b64encode(json.dumps([_statement(request), key]).encode()).decode()


def _key(request: Request, token: str, names: list[str]) -> Item:
    statement, key = json.loads(base64.b64decode(token, validate=True))
    if statement != _statement(request) or not isinstance(key, dict) or sorted(key) != sorted(names):
        raise ValueError(token)
    return key
