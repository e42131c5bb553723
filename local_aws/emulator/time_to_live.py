"""What TTL never deletes, and the changes of it that DynamoDB refuses.

Seen in ministack 1.5.33: its reaper also deletes items that expired more than five years ago, and items whose TTL value
is a string of digits; DynamoDB keeps both. What it deletes is not told to the table's stream. UpdateTimeToLive takes
everything; DynamoDB refuses to enable what is enabled, to disable what is disabled, and to go to another attribute in
one step. That it lets nobody change TTL twice within an hour is left out here. Exit condition:
`ministack.services.dynamodb._ttl_reaper` keeps them and writes records, and `_update_ttl` refuses.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Identity.html
"""

import os
import threading
import time
from types import SimpleNamespace
from typing import Any

from local_aws.emulator import Response, json_error

# Set in tests that have no minute to spare.
SECONDS_BETWEEN_DELETIONS = float(os.environ.get("LOCAL_AWS_TTL_SECONDS", 60))
FIVE_YEARS = 5 * 365.25 * 86_400
_REAPER = "dynamodb-ttl-reaper"


def install() -> None:
    """Let the reaper remove only what DynamoDB would, and UpdateTimeToLive change only what it may."""
    from ministack.core.responses import set_request_account_id, set_request_region
    from ministack.services import dynamodb

    remove, update, build_record = dynamodb._remove_item, dynamodb._update_ttl, dynamodb._build_change_record

    def remove_item(table: dict[str, Any], partition_key: str, sort_key: str) -> Any:
        if not _is_reaper():
            return remove(table, partition_key, sort_key)
        _, _, _, region, account, name = table["TableArn"].replace("table/", "").split(":")
        attribute = dynamodb._ttl_settings.get_scoped(account, region, name)["AttributeName"]
        if not is_deletable(table["items"][partition_key][sort_key].get(attribute), time.time()):
            return None
        removed = remove(table, partition_key, sort_key)
        if removed is not None:
            set_request_account_id(account)
            set_request_region(region)
            dynamodb._emit_stream_event(name, "REMOVE", removed, None)
        return removed

    def build_change_record(*given: Any) -> dict[str, Any]:
        record: dict[str, Any] = build_record(*given)
        by_ttl = {"userIdentity": {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}}
        return {**record, **by_ttl} if _is_reaper() else record

    def update_ttl(request: dict[str, Any]) -> Response:
        name, wanted = dynamodb._normalize_table_name(request.get("TableName")), request.get("TimeToLiveSpecification")
        reason = refusal(dynamodb._ttl_settings.get(name) or {}, wanted or {}) if name in dynamodb._tables else None
        answer: Response = json_error("ValidationException", reason) if reason else update(request)
        return answer

    dynamodb._remove_item, dynamodb._update_ttl = remove_item, update_ttl
    dynamodb._build_change_record = build_change_record
    if SECONDS_BETWEEN_DELETIONS != 60:  # its own reaper sleeps already, since its module was imported
        dynamodb.time = SimpleNamespace(time=time.time, sleep=lambda _: time.sleep(SECONDS_BETWEEN_DELETIONS))
        threading.Thread(target=dynamodb._ttl_reaper, name=_REAPER, daemon=True).start()


def _is_reaper() -> bool:
    return threading.current_thread().name == _REAPER


def refusal(current: dict[str, Any], wanted: dict[str, Any]) -> str | None:
    """Why DynamoDB doesn't change TTL from what DescribeTimeToLive says to a TimeToLiveSpecification, or None."""
    attribute = current.get("AttributeName") if current.get("TimeToLiveStatus") == "ENABLED" else None
    if attribute is None:
        return None if wanted.get("Enabled") else "TimeToLive is already disabled"
    if wanted.get("AttributeName") != attribute:
        return f"TimeToLive is active on a different AttributeName: current AttributeName is {attribute}"
    return "TimeToLive is already enabled" if wanted.get("Enabled") else None


def is_deletable(value: dict[str, Any] | None, now: float) -> bool:
    """Whether TTL deletes an item with this value of the TTL attribute, in DynamoDB JSON.

    >>> is_deletable({"N": "1700000000"}, now=1700000001.0), is_deletable({"S": "1700000000"}, now=1700000001.0)
    (True, False)
    """
    return value is not None and "N" in value and now - FIVE_YEARS <= float(value["N"]) <= now
