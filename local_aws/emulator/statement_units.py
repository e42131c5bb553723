"""What statements of PartiQL cost.

Seen in ministack 1.5.33: a statement costs a unit for each item that it answers, in a batch one or half of one, and a
SELECT of a transaction two units of writing, whatever the sizes are. DynamoDB charges them as GetItem, Query, Scan and
the writes of the same items. Exit condition: `_execute_statement`, `_batch_execute_statement` and
`_execute_transaction` of `ministack.services.dynamodb` know the sizes. A SELECT from an index is left to ministack.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.select.html
"""

import copy
import json
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from local_aws.emulator import Response, partiql_pages, read_units

Request = dict[str, Any]
Parsed = tuple[dict[str, Any], dict[str, Any]]  # a statement and its table
# Of a batch that is being carried out, the units of each of its statements; a read's as if it were consistent.
_of_a_batch: ContextVar[list[tuple[Request, float]] | None] = ContextVar("_of_a_batch", default=None)


def install() -> None:
    from ministack.services import dynamodb

    dynamodb._execute_statement = _statement(dynamodb._execute_statement)
    dynamodb._batch_execute_statement = _batch(dynamodb._batch_execute_statement)
    dynamodb._execute_transaction = _transaction(dynamodb._execute_transaction)


def _statement(execute: Callable[[Request], Response]) -> Callable[[Request], Response]:
    def execute_statement(request: Request) -> Response:
        batch = _of_a_batch.get()
        found = _parsed(request) if _is_asked(request) or batch is not None else None
        if found is None or found[0].get("index"):
            return execute(request)
        parsed, table = found
        before = copy.deepcopy(_target(parsed, table))
        reads = parsed["op"] == "SELECT"
        read = read_units.units_of(_page(request, parsed, table)) if reads else 0
        status, headers, body = execute(request)
        capacity = _of_a_read(parsed["table"], read, request) if reads else _of_a_write(found, before, request)
        if batch is not None:
            batch.append((request, read or capacity["CapacityUnits"]))
        told = json.loads(body)
        if "ConsumedCapacity" not in told:
            return status, headers, body
        return status, headers, json.dumps({**told, "ConsumedCapacity": capacity}, ensure_ascii=False).encode()

    return execute_statement


def _batch(execute: Callable[[Request], Response]) -> Callable[[Request], Response]:
    def batch_execute_statement(request: Request) -> Response:
        if not _is_asked(request):
            return execute(request)
        carried_out: list[tuple[Request, float]] = []
        token = _of_a_batch.set(carried_out)
        try:
            status, headers, body = execute(request)
        finally:
            _of_a_batch.reset(token)
        told = json.loads(body)
        if "ConsumedCapacity" not in told:
            return status, headers, body
        for table in told["ConsumedCapacity"]:
            table["CapacityUnits"] = sum(_of_members(table["TableName"], request["Statements"], told, carried_out))
        return status, headers, json.dumps(told, ensure_ascii=False).encode()

    return batch_execute_statement


def _of_members(
    table: str, members: list[Request], told: dict[str, Any], carried_out: list[tuple[Request, float]]
) -> Iterator[float]:
    """The units of those statements of a batch that got as far as this table."""
    waiting = iter(carried_out)
    request, units = next(waiting, ({}, 0.0))
    for member, answer in zip(members, told["Responses"], strict=True):
        if member.get("Statement") != request.get("Statement") or member.get("Parameters", []) != request["Parameters"]:
            continue  # refused before it was carried out
        found = _parsed(member)
        if answer.get("TableName") == table and found:
            yield units / 2 if found[0]["op"] == "SELECT" and not member.get("ConsistentRead") else units
        request, units = next(waiting, ({}, 0.0))


def _transaction(execute: Callable[[Request], Response]) -> Callable[[Request], Response]:
    def execute_transaction(request: Request) -> Response:
        status, headers, body = execute(request)
        told = json.loads(body)
        found = [each for each in map(_parsed, request.get("TransactStatements") or []) if each]
        if "ConsumedCapacity" not in told or {parsed["op"] for parsed, _ in found} != {"SELECT"}:
            return status, headers, body
        units: dict[str, float] = {}
        for parsed, table in found:
            read = read_units.units_of(partiql_pages.evaluated(parsed, table))
            units[parsed["table"]] = units.get(parsed["table"], 0.0) + 2 * read
        told["ConsumedCapacity"] = read_units.transaction(units, request["ReturnConsumedCapacity"])
        return status, headers, json.dumps(told, ensure_ascii=False).encode()

    return execute_transaction


def _is_asked(request: Request) -> bool:
    return bool(request.get("ReturnConsumedCapacity", "NONE") != "NONE")


def _parsed(request: Request) -> Parsed | None:
    """A statement that can be parsed, with a table that there is."""
    from ministack.services import dynamodb

    try:
        parsed = dynamodb._parse_partiql(request.get("Statement", ""), request.get("Parameters") or [])
    except ValueError:
        return None  # refused by ministack
    table = dynamodb._tables.get(parsed.get("table"))
    return (parsed, table) if table else None


def _page(request: Request, parsed: dict[str, Any], table: dict[str, Any]) -> list[dict[str, Any]]:
    """The items that a SELECT is about to read; none if it is refused for its token."""
    try:
        return partiql_pages.page(request, parsed, table)[0]
    except ValueError:
        return []


def _target(parsed: dict[str, Any], table: dict[str, Any]) -> dict[str, Any] | None:
    """The item that a statement writes, as it is now."""
    from ministack.services import dynamodb

    if parsed["op"] == "INSERT":
        item = parsed.get("item") or {}
        found: dict[str, Any] | None = dynamodb._get_item_by_key(table, item["M"] if set(item) == {"M"} else item)
        return found
    partition, sort, _, refused = dynamodb._partiql_key_target(table, parsed)
    return None if refused else table["items"].get(partition, {}).get(sort)


def _of_a_read(table: str, units: float, request: Request) -> dict[str, Any]:
    used = {"CapacityUnits": units * (1.0 if request.get("ConsistentRead") else 0.5)}
    told = {"TableName": table, **used}
    return {**told, "Table": used} if request.get("ReturnConsumedCapacity") == "INDEXES" else told


def _of_a_write(found: Parsed, before: dict[str, Any] | None, request: Request) -> dict[str, Any]:
    from ministack.services import dynamodb

    told: dict[str, Any] = {}
    kind = "INDEXES" if request.get("ReturnConsumedCapacity") == "INDEXES" else "TOTAL"
    dynamodb._add_consumed_capacity(
        told, {"ReturnConsumedCapacity": kind}, found[0]["table"], write=True, old_item=before, new_item=_target(*found)
    )
    capacity: dict[str, Any] = told["ConsumedCapacity"]
    return capacity
