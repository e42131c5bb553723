"""Where a segment of a parallel scan goes on.

Seen in ministack 1.5.33: the key that another segment ended with is taken for a segment's start, and the items in
between are left out. Exit condition: `ministack.services.dynamodb._scan` refuses such a key.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html#Scan.ParallelScan
"""

import hashlib
from typing import Any

Request = dict[str, Any]


def segment_refusal(request: Request) -> str | None:
    """Why DynamoDB refuses the key that a segment is to go on from; what else is wrong is left to ministack."""
    segment, total, start = (request.get(name) for name in ("Segment", "TotalSegments", "ExclusiveStartKey"))
    if not isinstance(segment, int) or not isinstance(total, int) or not 0 <= segment < total or not start:
        return None
    found = _segment_of(request, start, total)
    if found in (None, segment):
        return None
    return (
        "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct "
        f"Segment. TotalSegments: {total} Segment: {segment}"
    )


def _segment_of(request: Request, key: dict[str, Any], total: int) -> int | None:
    """The segment that ministack puts an item of this key into; None without its table, index or partition key."""
    from ministack.services import dynamodb

    table, index = (
        dynamodb._tables.get(dynamodb._normalize_table_name(request.get("TableName"))),
        request.get("IndexName"),
    )
    if not table or (index and not dynamodb._index_def(table, index)):
        return None
    partition = dynamodb._resolve_index_keys(table, index)[0] if index else table["pk_name"]
    if partition not in key:
        return None
    text = str(dynamodb._extract_key_val(key[partition]))
    return int.from_bytes(hashlib.sha1(text.encode(), usedforsecurity=False).digest()[:4], "big") % total
