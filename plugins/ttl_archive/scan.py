"""One segment of a DynamoDB Scan, page by page, as the wire's JSON.

botocore's response parser takes most of the time of a Scan: it walks every value of every item. Here its
``before-parse`` event hands the body to a ``PageReader`` instead; signing, retries and the CRC-32 check of the body
stay botocore's own.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.transform import TransformationInjector, copy_dynamodb_params
from boto3.dynamodb.types import TypeDeserializer

from ttl_archive.errors import ExportInterrupted
from ttl_archive.page import Items, PageReader, TypedItems

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from ttl_archive.codec import Item

_deserialize: Any = TypeDeserializer().deserialize


@dataclass(frozen=True)
class Page:
    """One answer of Scan."""

    items: Items
    scanned: int
    read_units: float


@dataclass
class SegmentScan:
    """The pages of one segment; the next page is on its way while one is being worked on.

    :param client: a client of its own, which ``prepare_client`` has prepared.
    :param scan_kwargs: further arguments of Table.scan, in boto3's Python types.
    :param read_units_per_second: this segment's share of the archive's limit, or None.
    """

    client: DynamoDBClient
    table: str
    segment: int = 0
    total_segments: int = 1
    scan_kwargs: dict[str, Any] = field(default_factory=dict)
    read_units_per_second: float | None = None

    def pages(self) -> Iterator[Page]:
        """Every page until the segment ends.

        :raises ExportInterrupted: if a page holds another number of items than it says.
        """
        arguments: dict[str, Any] = {
            "ReturnConsumedCapacity": "TOTAL",
            **self.scan_kwargs,
            "TableName": self.table,
        }
        if self.total_segments > 1:
            arguments |= {"Segment": self.segment, "TotalSegments": self.total_segments}
        with ThreadPoolExecutor(1, "scan") as ahead:
            coming: Future[Any] | None = ahead.submit(self.client.scan, **arguments)
            not_before = time.monotonic()
            while coming:
                answer = coming.result()
                read_units = answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0)
                if self.read_units_per_second:
                    not_before = max(not_before, time.monotonic()) + read_units / self.read_units_per_second
                coming = None
                if "LastEvaluatedKey" in answer:
                    arguments["ExclusiveStartKey"] = python_types(answer["LastEvaluatedKey"])
                    coming = ahead.submit(self._scan_after, not_before, dict(arguments))
                yield self._page(answer, read_units)

    def _scan_after(self, not_before: float, arguments: dict[str, Any]) -> Any:
        if self.read_units_per_second:
            time.sleep(max(0.0, not_before - time.monotonic()))
        return self.client.scan(**arguments)

    def _page(self, answer: dict[str, Any], read_units: float) -> Page:
        items: Items = answer.get("Items", TypedItems())
        if len(items) != answer["Count"]:
            raise ExportInterrupted(
                f"{self.table} segment {self.segment}: a page says Count={answer['Count']} and holds {len(items)} "
                "items; nothing was published, retrying is safe"
            )
        return Page(items, answer["ScannedCount"], read_units)


def prepare_client(client: DynamoDBClient) -> DynamoDBClient:
    """Let a client take boto3's Python types in requests and return the items of Scan's answers as ``Items``."""
    events = client.meta.events
    injector = TransformationInjector()
    events.register("provide-client-params.dynamodb", copy_dynamodb_params)
    events.register("before-parameter-build.dynamodb.Scan", injector.inject_condition_expressions)
    events.register("before-parameter-build.dynamodb.Scan", injector.inject_attribute_value_input)
    reader = PageReader()

    def read(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
        if response_dict["status_code"] == 200:
            customized_response_dict.update(reader.read(response_dict["body"]))
            response_dict["body"] = b"{}"

    events.register("before-parse.dynamodb.Scan", read)
    return client


def python_types(item: Item) -> dict[str, Any]:
    """An item of the wire's JSON in boto3's Python types (Decimal, Binary, set), as the provider's operator has it."""
    return {name: _deserialize(_binary(typed)) for name, typed in item.items()}


def _binary(typed: dict[str, Any]) -> dict[str, Any]:
    ((kind, value),) = typed.items()
    match kind:
        case "B":
            value = base64.b64decode(value)
        case "BS":
            value = [base64.b64decode(member) for member in value]
        case "M":
            value = {name: _binary(member) for name, member in value.items()}
        case "L":
            value = [_binary(member) for member in value]
    return {kind: value}
