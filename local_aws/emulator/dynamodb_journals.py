"""Every write to a table with point-in-time recovery, so that the table of an earlier moment can be told.

What was written before the server started cannot be undone.
"""

import time
from dataclasses import dataclass, field
from typing import Any

Item = dict[str, Any]
Key = tuple[str, str]


@dataclass
class Journal:
    """The writes of one table since `began`: (time, key, item before, item after)."""

    began: float
    writes: list[tuple[float, Key, Item | None, Item | None]] = field(default_factory=list)


class Journals:
    """Follows the writes of every table whose point-in-time recovery is on."""

    def __init__(self) -> None:
        self._started = time.time()
        self._journals: dict[str, Journal] = {}

    def of(self, table: Item) -> Journal:
        return self._journals.setdefault(
            table["TableId"], Journal(max(self._started, float(table["CreationDateTime"])))
        )

    def begin(self, table: Item) -> None:
        """What was written without point-in-time recovery can't be undone."""
        self._journals[table["TableId"]] = Journal(time.time())

    def install(self) -> None:
        """Wrap the two functions through which ministack writes items, TTL included."""
        from ministack.services import dynamodb

        set_item, remove_item = dynamodb._set_item, dynamodb._remove_item

        def note(table: Item, key: Key, before: Item | None, after: Item | None) -> None:
            if is_recoverable(table):
                self.of(table).writes.append((time.time(), key, before, after))

        def set_noted(table: Item, partition: str, sort: str, item: Item) -> Any:
            before = set_item(table, partition, sort, item)
            note(table, (partition, sort), before, item)
            return before

        def remove_noted(table: Item, partition: str, sort: str) -> Any:
            before = remove_item(table, partition, sort)
            if before is not None:
                note(table, (partition, sort), before, None)
            return before

        dynamodb._set_item, dynamodb._remove_item = set_noted, remove_noted

    def items_at(self, table: Item, moment: float) -> dict[Key, Item]:
        """The table as it was: what came later is undone, the latest first."""
        items = {(p, s): item for p, sorted_items in table["items"].items() for s, item in sorted_items.items()}
        for written, key, before, _ in reversed(self.of(table).writes):
            if written <= moment:
                break
            if before is None:
                items.pop(key, None)
            else:
                items[key] = before
        return items


def is_recoverable(table: Item) -> bool:
    """Whether point-in-time recovery is on."""
    from ministack.services import dynamodb

    _, _, _, region, account, name = table["TableArn"].replace("table/", "").split(":")
    return bool(dynamodb._pitr_settings.get_scoped(account, region, name, False))
