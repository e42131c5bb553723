"""Restoring a table as it was at a moment.

Seen in ministack 1.5.33: RestoreTableToPointInTime takes tables whose point-in-time recovery is off, and copies the
items of today for any moment. Exit condition: `ministack.services.dynamodb._restore_table_to_point_in_time` does
neither.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html
"""

import copy
import time
from collections import defaultdict
from typing import Any

from local_aws.emulator import Response, json_error
from local_aws.emulator.dynamodb_journals import Item, Journals, is_recoverable


def install(journals: Journals) -> None:
    from ministack.services import dynamodb

    restore = dynamodb._restore_table_to_point_in_time

    def restore_table_to_point_in_time(request: dict[str, Any]) -> Response:
        name = request.get("SourceTableName") or dynamodb._normalize_table_name(request.get("SourceTableArn") or "")
        moment, source = request.get("RestoreDateTime"), dynamodb._tables.get(name)
        if source is not None and (refused := _refusal(source, moment, journals)):
            return refused
        answer: Response = restore(request)
        if answer[0] < 300 and moment is not None:
            target = dynamodb._tables[request["TargetTableName"]]
            target["items"] = defaultdict(dict)
            for (partition, sort), item in journals.items_at(source, float(moment)).items():
                target["items"][partition][sort] = copy.deepcopy(item)
            dynamodb._items_replaced(target)
        return answer

    dynamodb._restore_table_to_point_in_time = restore_table_to_point_in_time


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
