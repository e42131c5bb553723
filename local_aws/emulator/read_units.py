"""What reads cost.

Seen in ministack 1.5.33: every page of Scan or Query and every item that is read costs one read unit, half of one or
two, whatever its size; DynamoDB charges one for each 4 KB that a page has read, before its filter, or an item has,
rounded up, half of that without ConsistentRead, and twice that in a transaction, which reads no index. Exit condition:
`_add_consumed_capacity` and `_transact_get_items` of `ministack.services.dynamodb` know the sizes. What statements of
PartiQL cost is `statement_units`.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactGetItems.html
"""

import json
import threading
from collections.abc import Iterable
from typing import Any

from local_aws.emulator import Response, statement_units

UNIT = 4096
_page = threading.local()


def install() -> None:
    """Note the size of each page as ministack cuts it, and charge it; look up the items that are read singly."""
    from ministack.services import dynamodb

    cut, add = dynamodb._paginate_evaluated_items, dynamodb._add_consumed_capacity

    def paginate_evaluated_items(items: Any, limit: Any, table: Any, index_name: str | None = None) -> Any:
        page, more = cut(items, limit, table, index_name)
        _page.units = units_of(
            dynamodb._apply_index_projection(item, table, index_name) if index_name else item for item in page
        )
        return page, more

    def add_consumed_capacity(
        result: dict[str, Any], request: dict[str, Any], table: str, write: bool = False, **named: Any
    ) -> None:
        add(result, request, table, write=write, **named)
        if "ScannedCount" in result and "ConsumedCapacity" in result:
            _multiply(result["ConsumedCapacity"], getattr(_page, "units", 1))
        elif "Key" in request and not write and "ConsumedCapacity" in result:  # GetItem
            _multiply(result["ConsumedCapacity"], _units_at(table, request["Key"]))

    dynamodb._paginate_evaluated_items = paginate_evaluated_items
    dynamodb._add_consumed_capacity = add_consumed_capacity
    get = dynamodb._transact_get_items

    def transact_get_items(request: dict[str, Any]) -> Response:
        status, headers, body = get(request)
        told = json.loads(body)
        if "ConsumedCapacity" not in told:
            return status, headers, body
        units: dict[str, float] = {}
        for member in request["TransactItems"]:
            table = dynamodb._normalize_table_name(member["Get"]["TableName"])
            units[table] = units.get(table, 0.0) + 2 * _units_at(table, member["Get"]["Key"])
        told["ConsumedCapacity"] = transaction(units, request["ReturnConsumedCapacity"])
        return status, headers, json.dumps(told, ensure_ascii=False).encode()

    dynamodb._transact_get_items = transact_get_items
    statement_units.install()


def units_of(items: Iterable[dict[str, Any]]) -> int:
    """The units of one read of all these."""
    from ministack.services import dynamodb

    return max(1, -(-sum(map(dynamodb._item_size_bytes, items)) // UNIT))


def transaction(units: dict[str, float], kind: str) -> list[dict[str, Any]]:
    """The capacity that a transaction of reads tells of each table."""
    told = ((table, {"CapacityUnits": used, "ReadCapacityUnits": used}) for table, used in units.items())
    return [
        {"TableName": table, **used, "Table": used} if kind == "INDEXES" else {"TableName": table, **used}
        for table, used in told
    ]


def _units_at(table: str, key: dict[str, Any]) -> int:
    from ministack.services import dynamodb

    return units_of([dynamodb._get_item_by_key(dynamodb._tables[table], key) or {}])


def _multiply(capacity: dict[str, Any], factor: int) -> None:
    """Every CapacityUnits of an answer: the total, and with INDEXES those of the table and of each index."""
    for name, value in capacity.items():
        if isinstance(value, dict):
            _multiply(value, factor)
        elif name == "CapacityUnits":
            capacity[name] = value * factor
