"""How much BatchGetItem reads, and what that costs.

Seen in ministack 1.5.33: it answers all items, whatever their size, and tells no ConsumedCapacity; DynamoDB stops at 16
MB, tells the rest as UnprocessedKeys, and charges a read unit for each 4 KB of each item, half of that without
ConsistentRead. Exit condition: `ministack.services.dynamodb._batch_get_item` does each.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

import json
from typing import Any

from local_aws.emulator import Response
from local_aws.emulator.read_units import units_of

MOST_BYTES = 16 * 1024 * 1024
Asked = dict[str, dict[str, Any]]


def install() -> None:
    from ministack.services import dynamodb

    get = dynamodb._batch_get_item

    def batch_get_item(request: dict[str, Any]) -> Response:
        answer: Response = get(request)
        if answer[0] >= 300:
            return answer
        read, left, units = _within_limit(request["RequestItems"])
        status, headers, body = get({**request, "RequestItems": read}) if left else answer
        told = {**json.loads(body), "UnprocessedKeys": left}
        if (kind := request.get("ReturnConsumedCapacity", "NONE")) != "NONE":
            told["ConsumedCapacity"] = [_capacity(table, used, kind) for table, used in units.items()]
        return status, headers, json.dumps(told, ensure_ascii=False).encode()

    dynamodb._batch_get_item = batch_get_item


def _within_limit(asked: Asked) -> tuple[Asked, Asked, dict[str, float]]:
    """What is read, what is left, and the read units of each table; the keys are known to be right."""
    from ministack.services import dynamodb

    read: Asked = {}
    left: Asked = {}
    units: dict[str, float] = {}
    total = 0
    for name, request in asked.items():
        table = dynamodb._tables[dynamodb._normalize_table_name(name)]
        for key in request["Keys"]:
            item = dynamodb._get_item_by_key(table, key) or {}
            total += dynamodb._item_size_bytes(item)
            part = read if total <= MOST_BYTES else left
            part.setdefault(name, {**request, "Keys": []})["Keys"].append(key)
            if part is read:
                whole = units_of([item])
                units[name] = units.get(name, 0.0) + (whole if request.get("ConsistentRead") else whole / 2)
    return read, left, units


def _capacity(table: str, units: float, kind: str) -> dict[str, Any]:
    told: dict[str, Any] = {"TableName": table, "CapacityUnits": units}
    return {**told, "Table": {"CapacityUnits": units}} if kind == "INDEXES" else told
