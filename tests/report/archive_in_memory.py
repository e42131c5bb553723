"""Glue and S3 with one partitioned table of JSON Lines, for the local Athena."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

from botocore.response import StreamingBody

SERDE = "org.openx.data.jsonserde.JsonSerDe"
COLUMNS = {
    "logs": {"userid": "string", "action": "string", "timestamp": "string", "expiresat": "bigint"},
    "readings": {
        "sensor": "string",
        "measuredat": "bigint",
        "celsius": "decimal(9,3)",
        "tags": "array<string>",
        "deleteafter": "bigint",
    },
}


class ArchiveInMemory:
    """Both clients: the few calls the local Athena makes. ``items`` have the year and month of their partition."""

    def __init__(self, table: str, items: list[dict[str, Any]]) -> None:
        self._table = table
        self._objects: dict[str, bytes] = {}
        for item in items:
            key = f"year={item['year']}/month={item['month']}/part-00000-00000.jsonl"
            line = {name: value for name, value in item.items() if name not in ("year", "month")}
            self._objects[key] = self._objects.get(key, b"") + json.dumps(line).encode() + b"\n"

    def get_table(self, DatabaseName: str, Name: str) -> dict[str, Any]:  # noqa: N803  # boto3's names
        return {
            "Table": {
                "Name": self._table,
                "TableType": "EXTERNAL_TABLE",
                "PartitionKeys": [{"Name": name, "Type": "string"} for name in ("year", "month")],
                "StorageDescriptor": self._descriptor(""),
            }
        }

    def get_paginator(self, operation: str) -> Any:
        return getattr(self, f"_{operation}")

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        body = self._objects[Key]
        return {"Body": StreamingBody(io.BytesIO(body), len(body))}

    class _Pages:
        def __init__(self, page: Any) -> None:
            self._page = page

        def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
            yield self._page(**request)

    @property
    def _get_partitions(self) -> _Pages:
        values = [tuple(part.partition("=")[2] for part in key.split("/")[:2]) for key in self._objects]
        partitions = [
            {"Values": [year, month], "StorageDescriptor": self._descriptor(f"year={year}/month={month}/")}
            for year, month in values
        ]
        return self._Pages(lambda **_: {"Partitions": partitions})

    @property
    def _list_objects_v2(self) -> _Pages:
        return self._Pages(lambda **request: {"Contents": self._below(request["Prefix"])})

    def _below(self, prefix: str) -> list[dict[str, Any]]:
        return [{"Key": key, "Size": len(body)} for key, body in self._objects.items() if key.startswith(prefix)]

    def _descriptor(self, folder: str) -> dict[str, Any]:
        return {
            "Location": f"s3://archive/{folder}",
            "SerdeInfo": {"SerializationLibrary": SERDE, "Parameters": {}},
            "Columns": [{"Name": name, "Type": kind} for name, kind in COLUMNS[self._table].items()],
        }
