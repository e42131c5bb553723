"""Restoring a table as it was at a moment.

Seen in ministack 1.5.33: RestoreTableToPointInTime takes tables whose point-in-time recovery is off, and copies the
items of today for any moment, takes two moments, ignores ProvisionedThroughputOverride, and tells no RestoreSummary.
Exit condition: `ministack.services.dynamodb._restore_table_to_point_in_time` does none of it.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html
"""

import copy
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from local_aws.emulator import Response, json_error
from local_aws.emulator.dynamodb_journals import Item, Journals, is_recoverable

_SUMMARY = "RestoreSummary"


def install(journals: Journals) -> None:
    from ministack.services import dynamodb

    restore = dynamodb._restore_table_to_point_in_time

    def restore_table_to_point_in_time(request: dict[str, Any]) -> Response:
        name = request.get("SourceTableName") or dynamodb._normalize_table_name(request.get("SourceTableArn") or "")
        moment, source = request.get("RestoreDateTime"), dynamodb._tables.get(name)
        if moment is not None and request.get("UseLatestRestorableTime"):
            both = "RestoreDateTime and UseLatestRestorableTime cannot both be specified"
            return json_error("ValidationException", f"One or more parameter values were invalid: {both}")
        if source is not None and (refused := _refusal(source, moment, journals)):
            return refused
        answer: Response = restore(request)
        if answer[0] < 300 and moment is not None:
            target = dynamodb._tables[request["TargetTableName"]]
            target["items"] = defaultdict(dict)
            for (partition, sort), item in journals.items_at(source, float(moment)).items():
                target["items"][partition][sort] = copy.deepcopy(item)
            dynamodb._items_replaced(target)
        return _with_summary(request["TargetTableName"], source, moment) if answer[0] < 300 else answer

    dynamodb._restore_create_request = _with_throughput(dynamodb._restore_create_request)
    describe = dynamodb._table_description
    dynamodb._table_description = lambda name: {
        **describe(name),
        **({_SUMMARY: dynamodb._tables[name][_SUMMARY]} if _SUMMARY in dynamodb._tables[name] else {}),
    }
    dynamodb._restore_table_to_point_in_time = restore_table_to_point_in_time


def _with_summary(name: str, source: Item, moment: Any) -> Response:
    """The answer, with what DescribeTable goes on telling of where the table is from; the table is there at once."""
    from ministack.services import dynamodb

    dynamodb._tables[name][_SUMMARY] = {
        "SourceTableArn": source["TableArn"],
        "RestoreDateTime": int(time.time()) if moment is None else moment,
        "RestoreInProgress": False,
    }
    answer: Response = dynamodb.json_response({"TableDescription": dynamodb._table_description(name)})
    return answer


def _with_throughput(create_request: Callable[..., Item]) -> Callable[..., Item]:
    """The new table's CreateTable, with the throughput that the request names; indexes on demand have none."""

    def wrapped(target: str, keys: Any, attributes: Any, mode: str, throughput: Any, request: Item, *rest: Any) -> Item:
        throughput = request.get("ProvisionedThroughputOverride") or throughput
        created = create_request(target, keys, attributes, mode, throughput, request, *rest)
        for index in created.get("GlobalSecondaryIndexes", []) if mode == "PAY_PER_REQUEST" else []:
            index.pop("ProvisionedThroughput", None)
        return created

    return wrapped


def _refusal(source: Item, moment: Any, journals: Journals) -> Response | None:
    if not is_recoverable(source):
        unavailable = f"Point in time recovery is not enabled for table '{source['TableName']}'"
        return json_error("PointInTimeRecoveryUnavailableException", unavailable)
    # A caller's moment may be in whole seconds.
    if moment is not None and not int(journals.of(source).began) <= float(moment) <= time.time() + 1:
        return json_error(
            "InvalidRestoreTimeException",
            "RestoreDateTime is not between now and when the embedded AWS began to note this table's writes",
        )
    return None
