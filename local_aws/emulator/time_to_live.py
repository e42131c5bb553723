"""What TTL never deletes.

Seen in ministack 1.5.33: its reaper also deletes items that expired more than five years ago, and items whose TTL value
is a string of digits; DynamoDB keeps both. Exit condition: `ministack.services.dynamodb._ttl_reaper` keeps them.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
"""

import threading
import time
from typing import Any

FIVE_YEARS = 5 * 365.25 * 86_400
_REAPER = "dynamodb-ttl-reaper"


def install() -> None:
    """Let the reaper remove only what DynamoDB would; every other removal stays as it is."""
    from ministack.services import dynamodb

    remove = dynamodb._remove_item

    def remove_item(table: dict[str, Any], partition_key: str, sort_key: str) -> Any:
        if threading.current_thread().name == _REAPER:
            _, _, _, region, account, name = table["TableArn"].replace("table/", "").split(":")
            attribute = dynamodb._ttl_settings.get_scoped(account, region, name)["AttributeName"]
            if not is_deletable(table["items"][partition_key][sort_key].get(attribute), time.time()):
                return None
        return remove(table, partition_key, sort_key)

    dynamodb._remove_item = remove_item


def is_deletable(value: dict[str, Any] | None, now: float) -> bool:
    """Whether TTL deletes an item with this value of the TTL attribute, in DynamoDB JSON.

    >>> is_deletable({"N": "1700000000"}, now=1700000001.0), is_deletable({"S": "1700000000"}, now=1700000001.0)
    (True, False)
    """
    return value is not None and "N" in value and now - FIVE_YEARS <= float(value["N"]) <= now
