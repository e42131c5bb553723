"""Athena's descriptions of tables, made of Glue's with the caller's rights.

https://docs.aws.amazon.com/athena/latest/APIReference/API_TableMetadata.html
"""

import uuid
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from local_aws.athena.errors import InvalidRequest, QueryFailed
from local_aws.athena.executions import ApiError, Ask, invalid
from local_aws.athena.statements import Statement, Tokens
from local_aws.athena.view_ddl import described_table


def get_table(glue: Any, request: dict[str, Any], ask: Ask) -> dict[str, Any]:
    """The answer of GetTableMetadata; names are in lower case in the catalog, whatever a request says."""
    _check_catalog(request)
    database, name = request["DatabaseName"].lower(), request["TableName"].lower()
    try:
        table = glue.get_table(DatabaseName=database, Name=name)["Table"]
    except ClientError as error:
        raise _metadata_error(error) from error
    found = ask("GetTableMetadata", {**request, "DatabaseName": database, "TableName": name})["TableMetadata"]
    return {"TableMetadata": _with_storage(found, table)}


def list_tables(glue: Any, request: dict[str, Any], ask: Ask) -> dict[str, Any]:
    """The answer of ListTableMetadata, whose expression is one of Glue's."""
    _check_catalog(request)
    wanted: dict[str, Any] = {"DatabaseName": request["DatabaseName"].lower()}
    if "Expression" in request:
        wanted["Expression"] = request["Expression"]
    try:
        pages = list(glue.get_paginator("get_tables").paginate(**wanted))
    except ClientError as error:
        raise _metadata_error(error) from error
    tables = {table["Name"]: table for page in pages for table in page["TableList"]}
    answer = ask("ListTableMetadata", {**request, "DatabaseName": wanted["DatabaseName"]})
    listed = [
        _with_storage(each, tables[each["Name"]]) for each in answer["TableMetadataList"] if each["Name"] in tables
    ]
    return {**answer, "TableMetadataList": listed}


def looked_up(glue: Any, statement: Statement, database: str) -> Statement:
    """The statement, with the SubstatementType of what it describes; an ApiError if that isn't there.

    The order, the code and the words are those of the service as it was measured:
    https://github.com/aoyagikouhei/athena-local/tree/main/docs/dev/measurements
    """
    try:
        database, name = described_table(Tokens(statement.sql, statement.hive), database)
        found = glue.get_table(DatabaseName=database, Name=name)["Table"]
    except (InvalidRequest, QueryFailed):
        return statement  # the execution tells it
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityNotFoundException":
            return statement
        raise invalid(
            "Entity Not Found (Service: AmazonDataCatalog; Status Code: 400; Error Code: EntityNotFoundException; "
            f"Request ID: {uuid.uuid4()}; Proxy: null)"
        ) from error
    return replace(statement, substatement="DESC_VIEW") if found.get("TableType") == "VIRTUAL_VIEW" else statement


def _check_catalog(request: dict[str, Any]) -> None:
    if request["CatalogName"].lower() != "awsdatacatalog":
        raise ApiError("MetadataException", f"Catalog {request['CatalogName']} not found")


def _with_storage(metadata: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    """With the parameters that Athena makes of the storage descriptor."""
    storage = table.get("StorageDescriptor") or {}
    serde = storage.get("SerdeInfo") or {}
    made = {
        "location": storage.get("Location"), "inputformat": storage.get("InputFormat"),
        "outputformat": storage.get("OutputFormat"), "serde.serialization.lib": serde.get("SerializationLibrary"),
        **{f"serde.param.{key}": value for key, value in (serde.get("Parameters") or {}).items()},
    }  # fmt: skip
    parameters = {**(metadata.get("Parameters") or {}), **{key: value for key, value in made.items() if value}}
    # The emulator gives the time of the request.
    times = {key: table[key].timestamp() for key in ("CreateTime", "LastAccessTime") if key in table}
    others = {key: value for key, value in metadata.items() if key not in ("CreateTime", "LastAccessTime")}
    return {**others, **times, "Parameters": parameters}


def _metadata_error(error: ClientError) -> ApiError:
    """As Athena passes on what Glue answers; PyAthena reads Glue's code out of the text."""
    code, message = (error.response["Error"][each] for each in ("Code", "Message"))
    service = (
        f"Service: AmazonDataCatalog; Status Code: 400; Error Code: {code}; Request ID: {uuid.uuid4()}; Proxy: null"
    )
    return ApiError("MetadataException", f"{message} ({service})")
