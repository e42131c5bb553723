"""Glue catalog operations that ministack lacks or answers wrongly.

Seen in ministack 1.5.33: GetTables takes Expression for a glob and lists the tables of a missing database, whose tables
can be deleted in a batch; GetUserDefinedFunctions knows no `*`; names keep their capitals; GetDatabases has no pages;
AttributesToGet is ignored; another account's CatalogId is this account's; tags are put on what does not exist. What
concerns partitions, versions and definitions is in modules of their own. Exit condition: each handler below goes when
`ministack.services.glue` has the operation.
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-tables.html
"""

import json
from pathlib import Path
from typing import Any

from local_aws.athena.name_patterns import matches, regular_expression
from local_aws.emulator import (
    Handler,
    Response,
    catalog_definitions,
    json_error,
    json_response,
    operation,
    paged,
    partitions,
    replace_handler,
)
from local_aws.emulator.athena import caller_of
from local_aws.emulator.authorisation import denied_glue_resource
from local_aws.emulator.glue_calls import INVALID, NOT_FOUND, Answer, Ask, Request
from local_aws.emulator.table_versions import Versions

_LONGEST_NAME = 255
# https://docs.aws.amazon.com/glue/latest/webapi/API_GetTables.html#Glue-GetTables-request-AttributesToGet
_ATTRIBUTES = {
    "GetDatabases": {"NAME": "Name", "TARGET_DATABASE": "TargetDatabase"},
    "GetTables": {"NAME": "Name", "TABLE_TYPE": "TableType"},
}


def install(state: Path) -> None:
    """Answer the operations of this module, and check the policies of all catalog operations on every resource."""
    catalog_definitions.install()
    versions = Versions(state / "glue-table-versions.json")
    answers: dict[str, Answer] = {
        **partitions.ANSWERS,
        **versions.answers,
        "GetDatabases": _get_databases,
        "UpdateDatabase": _update_database,
        "GetTables": _get_tables,
        "CreateTable": _create_table,
        "BatchDeleteTable": _batch_delete_table,
        "GetUserDefinedFunctions": _get_user_defined_functions,
        **{name: _tags(name) for name in ("TagResource", "UntagResource", "GetTags")},
    }

    def wrap(ministack_handler: Handler) -> Handler:
        async def ask(target: str, request: Request) -> Response:
            headers = {"x-amz-target": f"AWSGlue.{target}"}
            return await ministack_handler("POST", "/", headers, json.dumps(request).encode(), {})

        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Response:
            name = operation(headers)
            request = _folded(name, json.loads(body or b"{}"))
            denied: Response | None = denied_glue_resource(name, request, headers, query)
            if denied is not None:
                return denied
            if refused := refusal(name, request):
                return refused
            if name in answers:
                answer = await answers[name](request, ask)
            else:
                answer = await ministack_handler(method, path, headers, json.dumps(request).encode(), query)
            if answer[0] < 300 and name == "CreateTable":
                versions.forget(request["DatabaseName"], request["TableInput"]["Name"])
                catalog_definitions.set_creator(request, caller_of(headers, query).arn)
            if answer[0] < 300 and b"StorageDescriptor" in answer[2]:
                return json_response(catalog_definitions.with_storage_defaults(json.loads(answer[2])))
            return answer

        return handle

    replace_handler("glue", wrap)


def refusal(name: str, request: Request) -> Response | None:
    """The answer to what is not in this catalog, or not in any."""
    from ministack.core.responses import get_account_id, get_region

    if member := catalog_definitions.refused_member(request):
        return json_error(INVALID, f"NOT_SUPPORTED: the local Glue does not have {member}")
    if name in ("CreateTable", "UpdateTable") and "TableInput" not in request:
        return json_error(INVALID, "TableInput is required")
    for kind in ("DatabaseInput", "TableInput"):  # which CloudFormation has not held against the model
        if len((request.get(kind) or {}).get("Name") or "") > _LONGEST_NAME:
            message = f"Member must have length less than or equal to {_LONGEST_NAME}"
            return json_error(INVALID, f"Value at '{kind}.name' failed to satisfy constraint: {message}")
    catalog = request.get("CatalogId")
    if catalog and catalog != get_account_id():
        resource = f"arn:aws:glue:{get_region()}:{catalog}:catalog"
        return json_error("AccessDeniedException", f"Not authorized to perform: glue:{name} on resource: {resource}")
    return _attributes_refusal(name, request.get("AttributesToGet"))


def _attributes_refusal(name: str, wanted: list[str] | None) -> Response | None:
    if wanted is None or (name == "GetTable" and wanted == ["DEFAULT"]):
        return None
    if name == "GetTable" and "LATEST_ICEBERG_METADATA" in wanted:
        return json_error(INVALID, "NOT_SUPPORTED: the local Glue does not have LATEST_ICEBERG_METADATA")
    if "NAME" not in wanted or not set(wanted) <= _ATTRIBUTES.get(name, {}).keys():
        return json_error(INVALID, f"AttributesToGet {wanted} is not a valid combination for {name}")
    return None


def _folded(name: str, request: Request) -> Request:
    """A request without nulls; Glue keeps the names of databases and tables in lower case, whatever a request says."""
    request = {key: value for key, value in request.items() if value is not None}
    for key in ("DatabaseName", "TableName", *(["Name"] if name.endswith(("Database", "Table")) else [])):
        if key in request:
            request[key] = request[key].lower()
    for key in ("DatabaseInput", "TableInput"):
        if (request.get(key) or {}).get("Name"):
            request[key]["Name"] = request[key]["Name"].lower()
    if "TablesToDelete" in request:
        request["TablesToDelete"] = [each.lower() for each in request["TablesToDelete"]]
    return request


async def _database_missing(name: str, ask: Ask) -> Response | None:
    if (await ask("GetDatabase", {"Name": name}))[0] >= 300:
        return json_error(NOT_FOUND, f"Database {name} not found.")
    return None


def _chosen(found: list[dict[str, Any]], name: str, request: Request) -> list[dict[str, Any]]:
    """The attributes that were asked for, sorted by name."""
    found = sorted(found, key=lambda each: str(each["Name"]))
    if "AttributesToGet" not in request:
        return found
    members = [_ATTRIBUTES[name][each] for each in request["AttributesToGet"]]
    return [{member: each[member] for member in members if member in each} for each in found]


async def _get_databases(request: Request, ask: Ask) -> Response:
    _, _, body = await ask("GetDatabases", {})
    found = _chosen(json.loads(body)["DatabaseList"], "GetDatabases", request)
    return paged("DatabaseList", found, request, 100, INVALID)


async def _update_database(request: Request, ask: Ask) -> Response:
    if request["DatabaseInput"]["Name"] != request["Name"]:
        return json_error(INVALID, "The embedded AWS does not rename databases")
    return await ask("UpdateDatabase", request)


def _pattern_refusal(pattern: str) -> Response | None:
    try:
        matches(pattern, "")
    except ValueError as error:
        return json_error(INVALID, str(error))
    return None


async def _get_tables(request: Request, ask: Ask) -> Response:
    if missing := await _database_missing(request["DatabaseName"], ask):
        return missing
    _, _, body = await ask("GetTables", {"DatabaseName": request["DatabaseName"]})
    pattern = request.get("Expression") or ".*"
    if refused := _pattern_refusal(pattern):
        return refused
    found = [table for table in json.loads(body)["TableList"] if matches(pattern, table["Name"])]
    return paged("TableList", _chosen(found, "GetTables", request), request, 100, INVALID)


async def _create_table(request: Request, ask: Ask) -> Response:
    given, indexes = request["TableInput"], request.get("PartitionIndexes") or []
    if refused := partitions.index_refusal(given, indexes, []):
        return refused
    answer = await ask("CreateTable", request)
    if answer[0] < 300:
        for each in indexes:
            made = {"DatabaseName": request["DatabaseName"], "TableName": given["Name"], "PartitionIndex": each}
            await ask("CreatePartitionIndex", made)
    return answer


async def _batch_delete_table(request: Request, ask: Ask) -> Response:
    return await _database_missing(request["DatabaseName"], ask) or await ask("BatchDeleteTable", request)


async def _get_user_defined_functions(request: Request, ask: Ask) -> Response:
    refused = _pattern_refusal(request["Pattern"])
    return refused or await ask(
        "GetUserDefinedFunctions", {**request, "Pattern": regular_expression(request["Pattern"])}
    )


def _tags(name: str) -> Answer:
    async def answer(request: Request, ask: Ask) -> Response:
        from ministack.services import glue

        arn = request["ResourceArn"]
        invalid: Response | None = glue._validate_tag_resource_arn(arn)
        if invalid is None and not _exists(arn.split(":", 5)[5]):
            return json_error(NOT_FOUND, f"Entity Not Found: {arn}")
        return invalid or await ask(name, request)

    return answer


def _exists(resource: str) -> bool:
    """Whether there is a `database/d`, as the last part of an ARN says it; of other kinds there is none here."""
    from ministack.services import glue

    kind, _, name = resource.partition("/")
    stores = {
        "database": glue._databases, "table": glue._tables, "userDefinedFunction": glue._user_defined_functions,
        "connection": glue._connections, "crawler": glue._crawlers, "job": glue._jobs, "trigger": glue._triggers,
        "workflow": glue._workflows,
    }  # fmt: skip
    return resource == "catalog" or name in stores.get(kind, {})
