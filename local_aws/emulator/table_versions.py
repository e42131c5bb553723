"""The versions of Glue's tables: their states before each update, kept in a file of ours.

Seen in ministack 1.5.33: no operation on versions exists. Exit condition: `ministack.services.glue` has
GetTableVersions and its siblings.
https://docs.aws.amazon.com/glue/latest/webapi/API_GetTableVersions.html
"""

import json
from pathlib import Path
from typing import Any

from local_aws.emulator import Response, json_error, json_response, paged
from local_aws.emulator.glue_calls import INVALID, NOT_FOUND, Answer, Ask, Request, detail, table_of


class Versions:
    """Answers the operations on versions, and UpdateTable, which makes them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[str, list[dict[str, Any]]] = json.loads(path.read_text()) if path.exists() else {}
        self.answers: dict[str, Answer] = {
            "UpdateTable": self._update_table,
            "GetTableVersions": self._get_all,
            "GetTableVersion": self._get,
            "DeleteTableVersion": self._delete,
            "BatchDeleteTableVersion": self._batch_delete,
        }

    def forget(self, database: str, table: str) -> None:
        """A new table has no versions of one that had its name."""
        if self._kept.pop(f"{database}/{table}", None):
            self._save()

    def _save(self) -> None:
        self._path.write_text(json.dumps(self._kept))

    async def _update_table(self, request: Request, ask: Ask) -> Response:
        name = request["TableInput"]["Name"]
        before = await ask("GetTable", {"DatabaseName": request["DatabaseName"], "Name": name})
        answer = await ask("UpdateTable", request)
        if answer[0] < 300 and not request.get("SkipArchive"):
            self._kept.setdefault(f"{request['DatabaseName']}/{name}", []).append(json.loads(before[2])["Table"])
            self._save()
        return answer

    async def _found(self, request: Request, ask: Ask) -> tuple[list[dict[str, Any]], Response | None]:
        """A table's versions, the current one first, or the answer that there is no such table."""
        table, missing = await table_of(request, ask)
        if missing:
            return [], missing
        old = self._kept.get(f"{request['DatabaseName']}/{request['TableName']}", [])
        old = [each for each in old if each.get("CreateTime") == table.get("CreateTime")]
        versions = [{"Table": each, "VersionId": each.get("VersionId", "0")} for each in [table, *reversed(old)]]
        return versions, None

    async def _get_all(self, request: Request, ask: Ask) -> Response:
        versions, missing = await self._found(request, ask)
        return missing or paged("TableVersions", versions, request, 100, INVALID)

    async def _get(self, request: Request, ask: Ask) -> Response:
        versions, missing = await self._found(request, ask)
        if missing:
            return missing
        wanted = request.get("VersionId") or versions[0]["VersionId"]
        for each in versions:
            if each["VersionId"] == wanted:
                return json_response({"TableVersion": each})
        return _unknown(request["TableName"], wanted)

    async def _delete(self, request: Request, ask: Ask) -> Response:
        versions, missing = await self._found(request, ask)
        if missing:
            return missing
        doomed = request["VersionId"]
        if doomed == versions[0]["VersionId"]:
            return json_error(INVALID, f"Version {doomed} of the table {request['TableName']} is the current one")
        if doomed not in [each["VersionId"] for each in versions]:
            return _unknown(request["TableName"], doomed)
        kept = self._kept[f"{request['DatabaseName']}/{request['TableName']}"]
        kept[:] = [each for each in kept if each.get("VersionId", "0") != doomed]
        self._save()
        return json_response({})

    async def _batch_delete(self, request: Request, ask: Ask) -> Response:
        _, missing = await table_of(request, ask)
        if missing:
            return missing
        errors = []
        for doomed in request["VersionIds"]:
            answer = await self._delete({**request, "VersionId": doomed}, ask)
            if answer[0] >= 300:
                errors.append({"TableName": request["TableName"], "VersionId": doomed, "ErrorDetail": detail(answer)})
        return json_response({"Errors": errors})


def _unknown(table: str, version: str) -> Response:
    return json_error(NOT_FOUND, f"Version {version} of the table {table} not found.")
