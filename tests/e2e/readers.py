"""What is published, read without the package: through Glue's partition, with gzip and json alone."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.e2e.deployment import Clients

Item = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Partition:
    """A partition as Glue has it."""

    location: str
    parameters: dict[str, str]

    @property
    def bucket(self) -> str:
        return self.location.removeprefix("s3://").partition("/")[0]

    @property
    def prefix(self) -> str:
        return self.location.removeprefix("s3://").partition("/")[2]


def partitions(aws: Clients, database: str, table: str) -> dict[tuple[str, ...], Partition]:
    """The table's partitions by their values."""
    answer = aws.glue.get_partitions(DatabaseName=database, TableName=table)
    return {
        tuple(one["Values"]): Partition(one["StorageDescriptor"]["Location"], one["Parameters"])
        for one in answer["Partitions"]
    }


def keys(aws: Clients, bucket: str, prefix: str) -> list[str]:
    """The keys of all objects below a prefix."""
    pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [found["Key"] for page in pages for found in page.get("Contents", [])]


def body(aws: Clients, bucket: str, key: str) -> bytes:
    return bytes(aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def document(aws: Clients, bucket: str, key: str) -> Any:
    """A JSON object."""
    return json.loads(body(aws, bucket, key))


def lines(aws: Clients, bucket: str, prefix: str) -> list[bytes]:
    """Every line of every object that Athena would read below a prefix: names that begin with _ or . are skipped."""
    found: list[bytes] = []
    for key in keys(aws, bucket, prefix):
        if key.removeprefix(prefix)[0] not in "_.":
            text = gzip.decompress(body(aws, bucket, key))
            assert text.endswith(b"\n"), key
            found += text[:-1].split(b"\n")
    return found


def published_lines(aws: Clients, database: str, table: str, month: str) -> list[bytes]:
    """The lines of the one partition that the month has."""
    partition = partitions(aws, database, table)[tuple(month.split("-"))]
    return lines(aws, partition.bucket, partition.prefix)


def plain(line: bytes) -> dict[str, Any]:
    """A line as JSON, numbers exact; refuses a field that is there twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), f"a name twice in {line[:200]!r}"
        return dict(pairs)

    value = json.loads(line, parse_int=Decimal, parse_float=Decimal, object_pairs_hook=unique)
    assert isinstance(value, dict)
    return value


def as_plain(item: Item) -> dict[str, Any]:
    """What an item's line must hold, by DESIGN section 5, besides the reserved field."""
    return {name: _plain_value(typed) for name, typed in item.items()}


def _plain_value(typed: dict[str, Any]) -> Any:
    ((kind, value),) = typed.items()
    match kind:
        case "N":
            return Decimal(value)
        case "NULL":
            return None
        case "NS":
            return sorted(Decimal(one) for one in value)
        case "SS" | "BS":
            return sorted(value)
        case "M":
            return {name: _plain_value(one) for name, one in value.items()}
        case "L":
            return [_plain_value(one) for one in value]
    return value  # S, BOOL, and B as base64


def set_names(item: Item) -> list[str]:
    """Attributes whose order says nothing."""
    return [name for name, typed in item.items() if typed.keys() & {"SS", "NS", "BS"}]


def canonical(item: Item) -> str:
    """A text that is the same for items that DynamoDB takes for the same: numbers by value, sets without order."""
    return json.dumps({name: _canonical_value(typed) for name, typed in item.items()}, sort_keys=True)


def _canonical_value(typed: dict[str, Any]) -> Any:
    ((kind, value),) = typed.items()
    match kind:
        case "N":
            return {"N": number(value)}
        case "NS":
            return {"NS": sorted(number(one) for one in value)}
        case "SS" | "BS":
            return {kind: sorted(value)}
        case "M":
            return {"M": {name: _canonical_value(one) for name, one in value.items()}}
        case "L":
            return {"L": [_canonical_value(one) for one in value]}
    return typed


def number(text: str) -> str:
    """A number in full, without zeros that say nothing: no arithmetic, hence no rounding."""
    plain_text = format(Decimal(text), "f")
    if "." in plain_text:
        plain_text = plain_text.rstrip("0").rstrip(".")
    return "0" if plain_text == "-0" else plain_text


def canonical_all(items: Iterable[Item]) -> list[str]:
    return sorted(map(canonical, items))
