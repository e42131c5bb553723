"""What a page of Scan or Query costs.

Seen in ministack 1.5.33: every page costs one read unit, or half of one, whatever its size; DynamoDB charges one for
each 4 KB that the page has read, before its filter, rounded up, and half of that without ConsistentRead. Exit
condition: `ministack.services.dynamodb._add_consumed_capacity` knows the size of the page.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

import threading
from typing import Any

UNIT = 4096
_page = threading.local()


def install() -> None:
    """Note the size of each page as ministack cuts it, and charge it."""
    from ministack.services import dynamodb

    cut, add = dynamodb._paginate_evaluated_items, dynamodb._add_consumed_capacity

    def paginate_evaluated_items(items: Any, limit: Any, table: Any, index_name: str | None = None) -> Any:
        page, more = cut(items, limit, table, index_name)
        read = [dynamodb._apply_index_projection(item, table, index_name) for item in page] if index_name else page
        _page.units = max(1, -(-sum(map(dynamodb._item_size_bytes, read)) // UNIT))
        return page, more

    def add_consumed_capacity(result: dict[str, Any], *rest: Any, **named: Any) -> None:
        add(result, *rest, **named)
        if "ScannedCount" in result and "ConsumedCapacity" in result:
            _multiply(result["ConsumedCapacity"], getattr(_page, "units", 1))

    dynamodb._paginate_evaluated_items = paginate_evaluated_items
    dynamodb._add_consumed_capacity = add_consumed_capacity


def _multiply(capacity: dict[str, Any], factor: int) -> None:
    """Every CapacityUnits of an answer: the total, and with INDEXES those of the table and of each index."""
    for name, value in capacity.items():
        if isinstance(value, dict):
            _multiply(value, factor)
        elif name == "CapacityUnits":
            capacity[name] = value * factor
