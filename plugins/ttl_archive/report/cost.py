"""What a month cost, at list prices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

# List prices of us-east-1, DynamoDB standard table class, on-demand, and S3 Standard; a bill may differ.
# https://aws.amazon.com/dynamodb/pricing/on-demand/ https://aws.amazon.com/athena/pricing/
# https://aws.amazon.com/s3/pricing/
PRICE_LIST_DATE = "2025-07-21"
PRICE_LIST_SOURCE = "AWS list prices, us-east-1"
USD_PER_READ_UNIT = Decimal("0.125") / 1_000_000  # halved on 2024-11-01
USD_PER_TERABYTE_SCANNED = Decimal(5)
USD_PER_S3_WRITE = Decimal("0.005") / 1_000
USD_PER_S3_READ = Decimal("0.0004") / 1_000
MEGABYTE = 2**20
TERABYTE = 2**40
MINIMUM_BYTES_PER_QUERY = 10 * MEGABYTE


class CostPart(BaseModel):
    """One line of the bill."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    quantity: float
    unit: str
    usd: float


class Cost(BaseModel):
    """The bill; ``usd`` is the sum of its parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    read_units: float
    data_scanned_bytes: int  # as Athena reports them
    billed_bytes: int  # each query rounded up to a megabyte, and to ten at least
    queries: int
    queries_at_minimum: int  # those that no smaller data could make cheaper
    usd: float
    parts: tuple[CostPart, ...]
    price_list_date: str = PRICE_LIST_DATE
    price_list_source: str = PRICE_LIST_SOURCE

    @property
    def price_list_day(self) -> date:
        """The day of the price list."""
        return date.fromisoformat(self.price_list_date)


def billed_bytes(scanned: int) -> int:
    """The bytes that Athena charges for a query: rounded up to a megabyte, ten megabytes at least."""
    return max(MINIMUM_BYTES_PER_QUERY, -(-scanned // MEGABYTE) * MEGABYTE)


def s3_requests(part_bytes: Sequence[int], upload_bytes: int) -> tuple[int, int]:
    """The requests that writing and publishing parts takes: each is put, copied, and looked at before and after.

    Retried ones, the few small records of a run, and Athena's own come on top.

    :param upload_bytes: of one UploadPart; a part of no more than that is put with one request.
    :return: writes and reads.
    """
    puts = sum(1 if size <= upload_bytes else 2 + math.ceil(size / upload_bytes) for size in part_bytes)
    return puts + len(part_bytes), 2 * len(part_bytes)


def cost(read_units: float, query_bytes: Sequence[int], s3_writes: int = 0, s3_reads: int = 0) -> Cost:
    """Price a run.

    :param read_units: what the scan consumed (``ConsumedCapacity``).
    :param query_bytes: DataScannedInBytes of every query that reads data; DDL is free and stays out.
    :param s3_writes: PUT, COPY, POST and LIST requests.
    :param s3_reads: GET and HEAD requests.
    """
    billed = sum(billed_bytes(scanned) for scanned in query_bytes)
    lines = [
        ("DynamoDB reads", read_units, "read units", Decimal(str(read_units)) * USD_PER_READ_UNIT),
        ("Athena", billed, "bytes billed", USD_PER_TERABYTE_SCANNED * billed / TERABYTE),
    ]
    if s3_writes:
        lines.append(("S3 writes", s3_writes, "requests", USD_PER_S3_WRITE * s3_writes))
    if s3_reads:
        lines.append(("S3 reads", s3_reads, "requests", USD_PER_S3_READ * s3_reads))
    return Cost(
        read_units=read_units,
        data_scanned_bytes=sum(query_bytes),
        billed_bytes=billed,
        queries=len(query_bytes),
        queries_at_minimum=sum(scanned <= MINIMUM_BYTES_PER_QUERY for scanned in query_bytes),
        usd=_rounded(sum((usd for *_, usd in lines), Decimal(0))),
        parts=tuple(
            CostPart(what=what, quantity=quantity, unit=unit, usd=_rounded(usd)) for what, quantity, unit, usd in lines
        ),
    )


def _rounded(usd: Decimal) -> float:
    return float(round(usd, 9))
