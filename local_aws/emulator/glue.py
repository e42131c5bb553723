"""Glue catalog operations that ministack lacks or answers wrongly.

Seen in ministack 1.5.33: UpdatePartition, BatchDeletePartition and GetTableVersions do not exist; GetPartitions ignores
Expression, Segment and paging; GetTables takes Expression for a glob and lists the tables of a missing database; names
keep their capitals; partitions of missing tables are accepted, deleting a missing one succeeds; a table without
TableType gets one (in AWS it has none, and MSCK REPAIR TABLE fails on it); UpdateTable keeps what its TableInput leaves
out, as UpdateDatabase does, where AWS replaces the whole definition; names have any length; a new table is version 1,
not 0; batches have no limit, GetDatabases no pages, another account's CatalogId is this account's, a partition index
may be on a key that is none and is lost when CreateTable has it, and GetPartition with too few values is only not
found. Exit condition: each handler below goes when `ministack.services.glue` has the operation.
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-partitions.html
"""

import json
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.schema import MappingSchema

from local_aws.athena.conversion import identifier, literal
from local_aws.athena.errors import InvalidRequest, QueryFailed
from local_aws.athena.parsing import AthenaQuery, parse
from local_aws.athena.types import parse_hive
from local_aws.athena.typing import annotate
from local_aws.athena.writer import to_duckdb
from local_aws.emulator import Handler, Response, json_error, json_response, operation, paged, replace_handler
from local_aws.emulator.authorisation import denied_glue_resource

Ask = Callable[[str, dict[str, Any]], Awaitable[Response]]
_INVALID = "InvalidInputException"
_WRONG_NUMBER = "The number of partition keys do not match the number of partition values"
_LONGEST_NAME = 255
# https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html and its siblings.
_MOST = {
    "BatchCreatePartition": ("PartitionInputList", 100),
    "BatchUpdatePartition": ("Entries", 100),
    "BatchDeletePartition": ("PartitionsToDelete", 25),
    "BatchGetPartition": ("PartitionsToGet", 1000),
    "BatchDeleteTable": ("TablesToDelete", 100),
}
# What CreateTable makes of what a TableInput leaves out, and so an update too.
_LEFT_OUT = {
    "Description": "", "Owner": "", "StorageDescriptor": {}, "PartitionKeys": [], "Parameters": {},
    **dict.fromkeys(("ViewOriginalText", "ViewExpandedText", "ViewDefinition", "IsMultiDialectView")),
}  # fmt: skip


def install(state: Path) -> None:
    """Answer the operations of this module, and check the policies of all catalog operations on every resource."""
    versions = Versions(state / "glue-table-versions.json")
    answers: dict[str, Callable[[dict[str, Any], Ask], Awaitable[Response]]] = {
        "UpdatePartition": _update_partition,
        "BatchDeletePartition": _batch_delete_partition,
        "DeletePartition": _delete_partition,
        "GetPartition": _get_partition,
        "CreatePartition": _create_partition,
        "BatchCreatePartition": _create_partition,
        "GetPartitions": _get_partitions,
        "CreatePartitionIndex": _create_partition_index,
        "GetDatabases": _get_databases,
        "GetTables": _get_tables,
        "CreateTable": _create_table,
        "UpdateTable": versions.update_table,
        "UpdateDatabase": _update_database,
        "GetTableVersions": versions.get,
    }

    def wrap(ministack_handler: Handler) -> Handler:
        async def ask(target: str, request: dict[str, Any]) -> Response:
            headers = {"x-amz-target": f"AWSGlue.{target}"}
            return await ministack_handler("POST", "/", headers, json.dumps(request).encode(), {})

        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Response:
            name = operation(headers)
            try:
                request = json.loads(body or b"{}")
            except ValueError:
                return json_error("SerializationException", "Invalid JSON")
            if _fold_names(name, request):
                body = json.dumps(request).encode()
            denied: Response | None = denied_glue_resource(name, request, headers, query)
            if denied is not None:
                return denied
            if refused := refusal(name, request):
                return refused
            if name in answers:
                return await answers[name](request, ask)
            return await ministack_handler(method, path, headers, body, query)

        return handle

    replace_handler("glue", wrap)


def refusal(name: str, request: dict[str, Any]) -> Response | None:
    """The answer to a batch or a name that is too long, or to a question about another account's catalog."""
    from ministack.core.responses import get_account_id, get_region

    member, most = _MOST.get(name, ("", 0))
    if len(request.get(member) or []) > most:
        message = (
            f"1 validation error detected: Value at '{member[0].lower()}{member[1:]}' failed to satisfy constraint: "
            f"Member must have length less than or equal to {most}"
        )
        return json_error("ValidationException", message)
    for kind in ("DatabaseInput", "TableInput"):
        if len((request.get(kind) or {}).get("Name") or "") > _LONGEST_NAME:
            message = f"Member must have length less than or equal to {_LONGEST_NAME}"
            return json_error(_INVALID, f"Value at '{kind}.name' failed to satisfy constraint: {message}")
    catalog = request.get("CatalogId")
    if catalog and catalog != get_account_id():
        resource = f"arn:aws:glue:{get_region()}:{catalog}:catalog"
        return json_error("AccessDeniedException", f"Not authorized to perform: glue:{name} on resource: {resource}")
    return None


def _fold_names(name: str, request: dict[str, Any]) -> bool:
    """Glue keeps the names of databases and tables in lower case, whatever a request says."""
    members = [(request, "DatabaseName"), (request, "TableName")]
    members += [(request[each], "Name") for each in ("DatabaseInput", "TableInput") if each in request]
    members += [(request, "Name")] if name.endswith(("Database", "Table")) else []
    folded = [(holder, key) for holder, key in members if holder.get(key) != str(holder.get(key, "")).lower()]
    for holder, key in folded:
        if key in holder:
            holder[key] = holder[key].lower()
    return bool(folded)


def _target(request: dict[str, Any]) -> dict[str, Any]:
    return {key: request[key] for key in ("DatabaseName", "TableName") if key in request}


async def _table(request: dict[str, Any], ask: Ask) -> tuple[dict[str, Any], Response | None]:
    status, _, body = await ask("GetTable", {"DatabaseName": request["DatabaseName"], "Name": request["TableName"]})
    if status >= 300:
        return {}, json_error("EntityNotFoundException", f"Table {request['TableName']} not found.")
    return json.loads(body)["Table"], None


async def _update_partition(request: dict[str, Any], ask: Ask) -> Response:
    given = request["PartitionInput"]
    given.setdefault("Values", request["PartitionValueList"])
    _, missing = await _table(request, ask)
    if missing:
        return missing
    moved = given["Values"] != request["PartitionValueList"]
    if moved and (await ask("GetPartition", {**_target(request), "PartitionValues": given["Values"]}))[0] < 300:
        return json_error("AlreadyExistsException", "Partition already exists.")
    entry = {"PartitionValueList": request["PartitionValueList"], "PartitionInput": given}
    status, headers, body = await ask("BatchUpdatePartition", {**_target(request), "Entries": [entry]})
    if status >= 300:
        return status, headers, body
    for error in json.loads(body).get("Errors") or []:
        return json_error(error["ErrorDetail"]["ErrorCode"], f"Partition not found {request['PartitionValueList']}")
    return json_response({})


async def _get_partition(request: dict[str, Any], ask: Ask) -> Response:
    table, missing = await _table(request, ask)
    if missing:
        return missing
    if len(request["PartitionValues"]) != len(table.get("PartitionKeys") or []):
        return json_error(_INVALID, _WRONG_NUMBER)
    return await ask("GetPartition", request)


async def _create_partition(request: dict[str, Any], ask: Ask) -> Response:
    table, missing = await _table(request, ask)
    if missing:
        return missing
    inputs = request.get("PartitionInputList") or [request.get("PartitionInput") or {}]
    for given in inputs:
        if len(given.get("Values") or []) != len(table.get("PartitionKeys") or []):
            return json_error(_INVALID, _WRONG_NUMBER)
    return await ask("BatchCreatePartition" if "PartitionInputList" in request else "CreatePartition", request)


async def _delete_partition(request: dict[str, Any], ask: Ask) -> Response:
    found = await ask("GetPartition", request)
    if found[0] >= 300:
        return json_error("EntityNotFoundException", f"Partition not found {request['PartitionValues']}")
    return await ask("DeletePartition", request)


async def _batch_delete_partition(request: dict[str, Any], ask: Ask) -> Response:
    errors = []
    for each in request["PartitionsToDelete"]:
        status, _, body = await _delete_partition({**_target(request), "PartitionValues": each["Values"]}, ask)
        if status >= 300:
            answer = json.loads(body)
            detail = {"ErrorCode": answer["__type"], "ErrorMessage": answer["message"]}
            errors.append({"PartitionValues": each["Values"], "ErrorDetail": detail})
    return json_response({"Errors": errors})


async def _get_partitions(request: dict[str, Any], ask: Ask) -> Response:
    table, missing = await _table(request, ask)
    if missing:
        return missing
    status, headers, body = await ask("GetPartitions", _target(request))
    if status >= 300:
        return status, headers, body
    found = sorted(json.loads(body)["Partitions"], key=lambda item: item["Values"])
    if request.get("Expression", "").strip():
        try:
            found = _matching(table, found, request["Expression"])
        except (SqlglotError, QueryFailed, InvalidRequest, duckdb.Error) as error:
            return json_error("InvalidInputException", f"Unsupported expression '{request['Expression']}': {error}")
    if "Segment" in request:
        number, total = (int(request["Segment"].get(name, -1)) for name in ("SegmentNumber", "TotalSegments"))
        if not 0 <= number < total <= 10:
            return json_error("InvalidInputException", f"Segment {number} of {total}: 0 to 9, of at most 10")
        found = found[number::total]
    if request.get("ExcludeColumnSchema"):
        for item in found:
            item.get("StorageDescriptor", {}).pop("Columns", None)
    return paged("Partitions", found, request, 1000, _INVALID)


async def _create_partition_index(request: dict[str, Any], ask: Ask) -> Response:
    table, missing = await _table(request, ask)
    if missing:
        return missing
    return _index_refusal(table, request["PartitionIndex"]) or await ask("CreatePartitionIndex", request)


def _index_refusal(table: dict[str, Any], index: dict[str, Any]) -> Response | None:
    keys = {key["Name"] for key in table.get("PartitionKeys") or []}
    if unknown := [each for each in index["Keys"] if each not in keys]:
        return json_error(_INVALID, f"{unknown} of the index's keys are not among the partition keys {sorted(keys)}")
    return None


async def _get_databases(request: dict[str, Any], ask: Ask) -> Response:
    _, _, body = await ask("GetDatabases", {})
    found = sorted(json.loads(body)["DatabaseList"], key=lambda database: str(database["Name"]))
    return paged("DatabaseList", found, request, 100, _INVALID)


async def _update_database(request: dict[str, Any], ask: Ask) -> Response:
    given = request.get("DatabaseInput") or {}
    if given.get("Name") != request.get("Name"):
        return json_error(_INVALID, "The embedded AWS does not rename databases")
    left_out: dict[str, Any] = {"Description": "", "LocationUri": None, "Parameters": {}}
    return await ask("UpdateDatabase", {**request, "DatabaseInput": {**left_out, **given}})


async def _get_tables(request: dict[str, Any], ask: Ask) -> Response:
    database = request["DatabaseName"]
    if (await ask("GetDatabase", {"Name": database}))[0] >= 300:
        return json_error("EntityNotFoundException", f"Database {database} not found.")
    _, _, body = await ask("GetTables", {"DatabaseName": database})
    try:
        wanted = re.compile(request.get("Expression") or ".*")
    except re.error as error:
        return json_error("InvalidInputException", f"Unsupported expression '{request['Expression']}': {error}")
    found = [table for table in json.loads(body)["TableList"] if wanted.fullmatch(table["Name"])]
    return paged("TableList", sorted(found, key=lambda table: str(table["Name"])), request, 100, _INVALID)


def _matching(table: dict[str, Any], found: list[dict[str, Any]], expression: str) -> list[dict[str, Any]]:
    """The partitions for which an expression like `year='2025' AND month BETWEEN '01' AND '03'` holds."""
    # A date is written as a text; both sort alike.
    types = {key["Name"].lower(): key["Type"] for key in table["PartitionKeys"]}
    keys = {name: parse_hive("string" if kind == "date" else kind) for name, kind in types.items()}
    where = parse(f"SELECT * FROM p WHERE {expression}").args.get("where")
    if where is None:
        raise QueryFailed("it is no condition")
    condition = where.this
    for cast in list(condition.find_all(exp.Cast)):
        if cast.to.this == exp.DataType.Type.DATE and isinstance(cast.this, exp.Literal):
            cast.replace(cast.this)
    for column in condition.find_all(exp.Column):
        if column.name.lower() not in keys:
            raise QueryFailed(f"{column.name} is not a partition key")
        column.set("this", exp.to_identifier(column.name.lower()))
        column.set("table", exp.to_identifier("p"))
    if not found:
        return []
    names = ", ".join(identifier(name) for name in ("#", *keys))
    rows = ", ".join(
        f"({number}, {', '.join(f'CAST({literal(v)} AS {k.duckdb()})' for v, k in zip(item['Values'], keys.values(), strict=True))})"  # noqa: E501
        for number, item in enumerate(found)
    )
    schema = MappingSchema({"p": {name: kind.trino() for name, kind in keys.items()}}, dialect=AthenaQuery)
    query = annotate(exp.select("*").from_("p").where(condition), schema)
    written = to_duckdb(query.args["where"].this)
    with duckdb.connect() as connection:
        kept = connection.execute(f'SELECT "#" FROM (VALUES {rows}) AS p({names}) WHERE {written}').fetchall()
    return [found[number] for (number,) in sorted(kept)]


async def _create_table(request: dict[str, Any], ask: Ask) -> Response:
    indexes = request.get("PartitionIndexes") or []
    if refused := next(filter(None, (_index_refusal(request.get("TableInput") or {}, each) for each in indexes)), None):
        return refused
    answer = await ask("CreateTable", request)
    if answer[0] < 300:
        _stored(request)["VersionId"] = "0"
        for each in indexes:
            target = {"DatabaseName": request["DatabaseName"], "TableName": request["TableInput"]["Name"]}
            await ask("CreatePartitionIndex", {**target, "PartitionIndex": each})
    return answer


def _stored(request: dict[str, Any]) -> dict[str, Any]:
    """The table as ministack keeps it after a request that wrote it, without the TableType that it wasn't given."""
    from ministack.services import glue

    given = request["TableInput"]
    table: dict[str, Any] = glue._tables[f"{request['DatabaseName']}/{given['Name']}"]
    if "TableType" not in given:
        table.pop("TableType", None)
    return table


class Versions:
    """What GetTableVersions tells: the states of a table before its updates, kept in a file of ours."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[str, list[dict[str, Any]]] = json.loads(path.read_text()) if path.exists() else {}

    async def update_table(self, request: dict[str, Any], ask: Ask) -> Response:
        given = {**_LEFT_OUT, **(request.get("TableInput") or {})}
        name = given.get("Name")
        before = await ask("GetTable", {"DatabaseName": request.get("DatabaseName"), "Name": name})
        answer = await ask("UpdateTable", {**request, "TableInput": given})
        if answer[0] < 300:
            _stored(request)
        if answer[0] < 300 and not request.get("SkipArchive"):
            self._kept.setdefault(f"{request['DatabaseName']}/{name}", []).append(json.loads(before[2])["Table"])
            self._path.write_text(json.dumps(self._kept))
        return answer

    async def get(self, request: dict[str, Any], ask: Ask) -> Response:
        table, missing = await _table(request, ask)
        if missing:
            return missing
        created = table.get("CreateTime", time.time())
        old = [
            each
            for each in self._kept.get(f"{request['DatabaseName']}/{request['TableName']}", [])
            if each.get("CreateTime") == created
        ]
        versions = [{"Table": each, "VersionId": each.get("VersionId", "0")} for each in [table, *reversed(old)]]
        return json_response({"TableVersions": versions})
