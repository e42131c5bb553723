"""What Glue keeps of the definitions of databases and tables, and what it tells of them.

Seen in ministack 1.5.33: texts that a definition leaves out are told as empty, which the clients' own models refuse
when they send them back; Retention, LastAccessTime, LastAnalyzedTime and CreateTableDefaultPermissions are dropped; a
table without TableType gets one (in AWS it has none, and MSCK REPAIR TABLE fails on it); a new table is version 1, not
0; UpdateTable and UpdateDatabase keep what their input leaves out, where AWS replaces the whole definition; storage
lacks its defaults; resource links, federation and other formats of tables are taken and make ordinary tables. Exit
condition: `_create_table`, `_update_table`, `_create_database` and `_update_database` of `ministack.services.glue` keep
the input as it is. CloudFormation calls the same functions.
https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html
https://docs.aws.amazon.com/glue/latest/webapi/API_DatabaseInput.html
"""

from collections.abc import Callable
from typing import Any

from local_aws.emulator import Response

Request = dict[str, Any]
_KEPT = {
    "DatabaseInput": ("Description", "LocationUri", "Parameters", "CreateTableDefaultPermissions"),
    "TableInput": (
        "Description", "Owner", "LastAccessTime", "LastAnalyzedTime", "Retention", "StorageDescriptor", "PartitionKeys",
        "ViewOriginalText", "ViewExpandedText", "TableType", "Parameters", "ViewDefinition", "IsMultiDialectView",
    ),
}  # fmt: skip
_REFUSED = {
    "DatabaseInput": ("TargetDatabase", "FederatedDatabase"),
    "TableInput": ("TargetTable", "FederatedTable"),
}
_REFUSED_REQUESTS = ("OpenTableFormatInput", "UpdateOpenTableFormatInput", "ViewUpdateAction")
_STORAGE_DEFAULTS = {"Compressed": False, "NumberOfBuckets": 0, "StoredAsSubDirectories": False}


def install() -> None:
    """Correct what ministack's functions have kept, after each of them."""
    from ministack.services import glue

    glue._create_table = _kept(glue._create_table, "TableInput", {"VersionId": "0", "Retention": 0})
    glue._update_table = _kept(glue._update_table, "TableInput", {"Retention": 0})
    glue._create_database = _kept(glue._create_database, "DatabaseInput", {})
    glue._update_database = _kept(glue._update_database, "DatabaseInput", {})


def _kept(
    ministack_function: Callable[[Request], Response], kind: str, defaults: dict[str, Any]
) -> Callable[[Request], Response]:
    def wrapped(request: Request) -> Response:
        answer = ministack_function(request)
        if answer[0] < 300:
            given, record = request[kind], _record(request)
            record.update(defaults)
            for member in _KEPT[kind]:
                if given.get(member) not in (None, ""):
                    record[member] = given[member]
                elif member not in defaults:
                    record.pop(member, None)
        return answer

    return wrapped


def _record(request: Request) -> dict[str, Any]:
    """The database or table as ministack keeps it after a request that wrote it."""
    from ministack.services import glue

    if "TableInput" in request:
        table: dict[str, Any] = glue._tables[f"{request['DatabaseName']}/{request['TableInput']['Name']}"]
        return table
    database: dict[str, Any] = glue._databases[request.get("Name") or request["DatabaseInput"]["Name"]]
    return database


def set_creator(request: Request, arn: str) -> None:
    """Note who sent a successful CreateTable."""
    _record(request)["CreatedBy"] = arn


def refused_member(request: Request) -> str | None:
    """The member of a definition that makes of it what this catalog doesn't have, such as a link to another table."""
    for kind, members in _REFUSED.items():
        for member in members:
            if (request.get(kind) or {}).get(member) is not None:
                return member
    return next((member for member in _REFUSED_REQUESTS if request.get(member) is not None), None)


def with_storage_defaults(answer: Any) -> Any:
    """An answer with the members that a storage descriptor always has."""
    for each in answer if isinstance(answer, list) else answer.values() if isinstance(answer, dict) else ():
        with_storage_defaults(each)
    if isinstance(answer, dict) and isinstance(storage := answer.get("StorageDescriptor"), dict) and storage:
        # A storage that is empty stays so: such a table can't be read.
        answer["StorageDescriptor"] = {**_STORAGE_DEFAULTS, **storage}
    return answer
