from __future__ import annotations

import pytest

from ttl_archive.report.cost import PRICE_LIST_DATE, CostPart, billed_bytes, cost, s3_requests

MB = 1024 * 1024


@pytest.mark.parametrize(
    ("scanned", "billed"),
    [(0, 10 * MB), (1, 10 * MB), (10 * MB, 10 * MB), (10 * MB + 1, 11 * MB), (25 * MB, 25 * MB)],
)
def test_athena_bills_whole_megabytes_and_ten_at_least(scanned: int, billed: int) -> None:
    assert billed_bytes(scanned) == billed


def test_a_bill_computed_by_hand() -> None:
    # 8,000,000 read units at $0.125 a million: $1. 1 TB and 10 MB at $5 a TB: $5.000047684 (10/1048576 of $5).
    # 1,000 writes: $0.005. 10,000 reads: $0.004. Together $6.009047684.
    bill = cost(8_000_000, [1024**4, 5], s3_writes=1_000, s3_reads=10_000)
    assert bill.parts == (
        CostPart(what="DynamoDB reads", quantity=8_000_000, unit="read units", usd=1.0),
        CostPart(what="Athena", quantity=1024**4 + 10 * MB, unit="bytes billed", usd=5.000047684),
        CostPart(what="S3 writes", quantity=1_000, unit="requests", usd=0.005),
        CostPart(what="S3 reads", quantity=10_000, unit="requests", usd=0.004),
    )
    assert bill.usd == 6.009047684
    assert (bill.read_units, bill.data_scanned_bytes, bill.billed_bytes) == (8_000_000, 1024**4 + 5, 1024**4 + 10 * MB)
    assert (bill.queries, bill.queries_at_minimum) == (2, 1)
    assert bill.price_list_date == PRICE_LIST_DATE


def test_a_half_read_unit_counts() -> None:
    assert cost(0.5, []).usd == 6.2e-08  # half of $0.000000125, to nine digits
    assert cost(0, []).usd == 0


def test_the_requests_of_parts_are_those_that_writing_them_takes() -> None:
    # One PUT; create, two or three uploads and complete; then a copy and two looks each.
    assert s3_requests([99, 100], 100) == (1 + 1 + 2, 4)
    assert s3_requests([101, 200], 100) == (2 + 2 + 2 + 2 + 2, 4)
    assert s3_requests([201], 100) == (2 + 3 + 1, 2)
    assert s3_requests([], 100) == (0, 0)
