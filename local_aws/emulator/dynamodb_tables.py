"""Changes of tables that DynamoDB refuses.

Seen in ministack 1.5.33: a table has any number of global secondary indexes and gets several in one change of it,
becomes PROVISIONED without a throughput, a stream is enabled and disabled twice, and DescribeTimeToLive names the
attribute of a TTL that was disabled. Exit condition: `_describe_ttl` doesn't, and `_create_table` and `_update_table`
of `ministack.services.dynamodb` refuse each. CloudFormation calls the latter on its own, in steps of other kinds, so it
is the requests that are refused.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-secondary-indexes
"""

import json
from typing import Any

from local_aws.emulator import Handler, Response, json_error, operation, replace_handler

MOST_INDEXES = 20


def install() -> None:
    """Stand before the handler of `dynamodb`."""
    from ministack.services import dynamodb

    refusals = {"CreateTable": _creation_refusal, "UpdateTable": _change_refusal}

    def wrap(handler: Handler) -> Handler:
        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Response:
            refusal = refusals.get(operation(headers))
            refused = refusal(json.loads(body)) if refusal else None
            return refused or await handler(method, path, headers, body, query)

        return handle

    replace_handler("dynamodb", wrap)
    describe = dynamodb._describe_ttl
    dynamodb._describe_ttl = lambda request: _without_attribute(*describe(request))


def _without_attribute(status: int, headers: dict[str, str], body: bytes) -> Response:
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTimeToLive.html"""
    answer = json.loads(body)
    if (found := answer.get("TimeToLiveDescription", {})).get("TimeToLiveStatus") == "DISABLED":
        found.pop("AttributeName", None)
    return status, headers, json.dumps(answer).encode()


def _creation_refusal(request: dict[str, Any]) -> Response | None:
    if len(request.get("GlobalSecondaryIndexes") or []) > MOST_INDEXES:
        return _invalid(f"GlobalSecondaryIndex count exceeds the per-table limit of {MOST_INDEXES}")
    return None


def _change_refusal(request: dict[str, Any]) -> Response | None:
    from ministack.services import dynamodb

    table = dynamodb._tables.get(dynamodb._normalize_table_name(request.get("TableName")))
    if table is None:
        return None
    if request.get("BillingMode") == "PROVISIONED" and not request.get("ProvisionedThroughput"):
        return _invalid("ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
    return _stream_refusal(table, request.get("StreamSpecification") or {}) or _index_refusal(table, request)


def _stream_refusal(table: dict[str, Any], wanted: dict[str, Any]) -> Response | None:
    enabled = bool((table.get("StreamSpecification") or {}).get("StreamEnabled"))
    if wanted.get("StreamEnabled") is not enabled:
        return None
    state = "already has an enabled stream" if enabled else "has no stream to disable"
    return json_error("ValidationException", f"Table {state}: TableName: {table['TableName']}")


def _index_refusal(table: dict[str, Any], request: dict[str, Any]) -> Response | None:
    changes = [kind for change in request.get("GlobalSecondaryIndexUpdates") or [] for kind in change]
    exceeded = "Subscriber limit exceeded:"
    if changes.count("Create") + changes.count("Delete") > 1:
        only = "Only 1 online index can be created or deleted simultaneously per table"
        return json_error("LimitExceededException", f"{exceeded} {only}")
    if "Create" in changes and len(table["GlobalSecondaryIndexes"]) >= MOST_INDEXES:
        most = f"Number of global secondary indexes exceeds per-table limit of {MOST_INDEXES}"
        return json_error("LimitExceededException", f"{exceeded} {most}")
    return None


def _invalid(reason: str) -> Response:
    return json_error("ValidationException", f"One or more parameter values were invalid: {reason}")
