"""Partitions and partition indexes of the Glue catalog that ministack lacks or answers wrongly.

Seen in ministack 1.5.33: UpdatePartition, BatchDeletePartition and DeletePartitionIndex do not exist; GetPartitions
ignores Expression, Segment and paging; partitions of missing tables are accepted and asked for, deleting a missing one
succeeds; values may be too few, and an update may take those of another partition or none; a partition index
may be on a key that is none, be there twice, has no types of its keys, and is lost when CreateTable has it. Exit
condition: each function below goes when `ministack.services.glue` has the operation.
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-partitions.html
"""

import json
from typing import Any

from local_aws.emulator import Response, json_error, json_response, paged
from local_aws.emulator.glue_calls import INVALID, NOT_FOUND, Answer, Ask, Request, detail, table_of, target
from local_aws.emulator.partition_expressions import Refused, WrongValue, matching

_WRONG_NUMBER = "The number of partition keys do not match the number of partition values"
_MOST_INDEXES = 3  # https://docs.aws.amazon.com/glue/latest/dg/partition-indexes.html


def _values_refusal(table: dict[str, Any], values: list[str] | None) -> Response | None:
    """The answer to more or fewer values than the table has keys; it has no partitions without any."""
    keys = table.get("PartitionKeys") or []
    if not keys or len(values or []) != len(keys):
        return json_error(INVALID, _WRONG_NUMBER)
    return None


async def _update_partition(request: Request, ask: Ask) -> Response:
    old, given = request["PartitionValueList"], request["PartitionInput"]
    table, missing = await table_of(request, ask)
    if missing:
        return missing
    given = {**given, "Values": old if given.get("Values") is None else given["Values"]}
    if refused := _values_refusal(table, given["Values"]):
        return refused
    moved = given["Values"] != old
    if moved and (await ask("GetPartition", {**target(request), "PartitionValues": given["Values"]}))[0] < 300:
        return json_error("AlreadyExistsException", "Partition already exists.")
    entry = {"PartitionValueList": old, "PartitionInput": given}
    status, headers, body = await ask("BatchUpdatePartition", {**target(request), "Entries": [entry]})
    if status >= 300:
        return status, headers, body
    if json.loads(body).get("Errors"):
        return json_error(NOT_FOUND, f"Partition not found {old}")
    return json_response({})


async def _batch_update_partition(request: Request, ask: Ask) -> Response:
    _, missing = await table_of(request, ask)
    if missing:
        return missing
    errors = []
    for entry in request["Entries"]:
        answer = await _update_partition({**target(request), **entry}, ask)
        if answer[0] >= 300:
            errors.append({"PartitionValueList": entry["PartitionValueList"], "ErrorDetail": detail(answer)})
    return json_response({"Errors": errors})


async def _get_partition(request: Request, ask: Ask) -> Response:
    table, missing = await table_of(request, ask)
    if missing:
        return missing
    if len(request["PartitionValues"]) != len(table.get("PartitionKeys") or []):
        return json_error(INVALID, _WRONG_NUMBER)
    return await ask("GetPartition", request)


async def _batch_get_partition(request: Request, ask: Ask) -> Response:
    _, missing = await table_of(request, ask)
    return missing or await ask("BatchGetPartition", request)


async def _create_partition(request: Request, ask: Ask) -> Response:
    table, missing = await table_of(request, ask)
    if missing:
        return missing
    inputs = request["PartitionInputList"] if "PartitionInputList" in request else [request["PartitionInput"]]
    for given in inputs:
        if refused := _values_refusal(table, given.get("Values")):
            return refused
    return await ask("BatchCreatePartition" if "PartitionInputList" in request else "CreatePartition", request)


async def _delete_partition(request: Request, ask: Ask) -> Response:
    _, missing = await table_of(request, ask)
    return missing or await _delete(request, request["PartitionValues"], ask)


async def _delete(request: Request, values: list[str], ask: Ask) -> Response:
    asked = {**target(request), "PartitionValues": values}
    if (await ask("GetPartition", asked))[0] >= 300:
        return json_error(NOT_FOUND, f"Partition not found {values}")
    return await ask("DeletePartition", asked)


async def _batch_delete_partition(request: Request, ask: Ask) -> Response:
    _, missing = await table_of(request, ask)
    if missing:
        return missing
    errors = []
    for each in request["PartitionsToDelete"]:
        answer = await _delete(request, each["Values"], ask)
        if answer[0] >= 300:
            errors.append({"PartitionValues": each["Values"], "ErrorDetail": detail(answer)})
    return json_response({"Errors": errors})


async def _get_partitions(request: Request, ask: Ask) -> Response:
    table, missing = await table_of(request, ask)
    if missing:
        return missing
    status, headers, body = await ask("GetPartitions", target(request))
    if status >= 300:
        return status, headers, body
    found = sorted(json.loads(body)["Partitions"], key=lambda item: item["Values"])
    try:
        if request.get("Expression", "").strip():
            found = matching(table, found, request["Expression"])
    except Refused as error:
        return json_error(INVALID, str(error))
    except WrongValue as error:
        return json_error("InvalidStateException", str(error))
    if "Segment" in request:
        number, total = request["Segment"]["SegmentNumber"], request["Segment"]["TotalSegments"]
        if number >= total:
            return json_error(INVALID, f"Segment {number} of {total}: the first is 0")
        found = found[number::total]
    if request.get("ExcludeColumnSchema"):
        for item in found:
            item.get("StorageDescriptor", {}).pop("Columns", None)
    return paged("Partitions", found, request, 1000, INVALID)


async def _create_partition_index(request: Request, ask: Ask) -> Response:
    table, missing = await table_of(request, ask)
    if missing:
        return missing
    known = [each["IndexName"] for each in _indexes(request)]
    return index_refusal(table, [request["PartitionIndex"]], known) or await ask("CreatePartitionIndex", request)


def index_refusal(table: dict[str, Any], indexes: list[dict[str, Any]], known: list[str]) -> Response | None:
    """The answer to new indexes of a table that has those of the names `known`."""
    keys = {key["Name"] for key in table.get("PartitionKeys") or []}
    names = list(known)
    for index in indexes:
        if unknown := [each for each in index["Keys"] if each not in keys]:
            return json_error(INVALID, f"{unknown} of the index's keys are not among the partition keys {sorted(keys)}")
        if index["IndexName"] in names:
            return json_error("AlreadyExistsException", f"Partition index {index['IndexName']} already exists.")
        names.append(index["IndexName"])
    if len(names) > _MOST_INDEXES:
        message = f"A table has at most {_MOST_INDEXES} partition indexes"
        return json_error("ResourceNumberLimitExceededException", message)
    return None


async def _get_partition_indexes(request: Request, ask: Ask) -> Response:
    table, missing = await table_of(request, ask)
    if missing:
        return missing
    types = {key["Name"]: key.get("Type", "string") for key in table.get("PartitionKeys") or []}
    found = [
        {**index, "Keys": [{"Name": key["Name"], "Type": types.get(key["Name"], "string")} for key in index["Keys"]]}
        for index in _indexes(request)
    ]
    return json_response({"PartitionIndexDescriptorList": found})


async def _delete_partition_index(request: Request, ask: Ask) -> Response:
    _, missing = await table_of(request, ask)
    if missing:
        return missing
    known = _indexes(request)
    index = next((each for each in known if each["IndexName"] == request["IndexName"]), None)
    if index is None:
        return json_error(NOT_FOUND, f"Partition index {request['IndexName']} not found.")
    known.remove(index)
    return json_response({})


def _indexes(request: Request) -> list[dict[str, Any]]:
    """A table's indexes as ministack keeps them."""
    from ministack.services import glue

    found: list[dict[str, Any]] = glue._partition_indexes.get(f"{request['DatabaseName']}/{request['TableName']}", [])
    return found


ANSWERS: dict[str, Answer] = {
    "UpdatePartition": _update_partition,
    "BatchUpdatePartition": _batch_update_partition,
    "BatchDeletePartition": _batch_delete_partition,
    "DeletePartition": _delete_partition,
    "GetPartition": _get_partition,
    "BatchGetPartition": _batch_get_partition,
    "CreatePartition": _create_partition,
    "BatchCreatePartition": _create_partition,
    "GetPartitions": _get_partitions,
    "CreatePartitionIndex": _create_partition_index,
    "GetPartitionIndexes": _get_partition_indexes,
    "DeletePartitionIndex": _delete_partition_index,
}
