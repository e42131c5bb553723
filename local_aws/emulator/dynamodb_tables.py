"""Changes of tables that DynamoDB refuses.

Seen in ministack 1.5.33: a table has any number of global secondary indexes and gets several in one change of it,
becomes PROVISIONED without a throughput, lists of indexes may be empty, a table has any number of local ones, their
projection and throughput are not checked, indexes keep their throughput where the table goes to PAY_PER_REQUEST, tags
may be AWS's, ListTables takes any limit, a stream is enabled and disabled twice, and DescribeTimeToLive names the
attribute of a TTL that was disabled. Exit condition: `_describe_ttl` doesn't, and `_create_table`, `_update_table`,
`_list_tables` and `_tag_resource` of `ministack.services.dynamodb` do each. CloudFormation calls `_update_table` on its
own, in steps of other kinds, so it is the requests that are refused.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-secondary-indexes
"""

import json
from collections.abc import Callable
from typing import Any

from local_aws.emulator import Handler, Response, json_error, operation, replace_handler

MOST_INDEXES = 20
MOST_LOCAL_INDEXES = 5
MOST_TABLES = 100
Request = dict[str, Any]


def install() -> None:
    """Stand before the handler of `dynamodb`."""
    from ministack.services import dynamodb

    refusals = {
        "CreateTable": lambda request: _creation_refusal(request) or _tag_refusal(request),
        "UpdateTable": _change_refusal,
        "ListTables": _listing_refusal,
        "TagResource": _tag_refusal,
    }

    def wrap(handler: Handler) -> Handler:
        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Response:
            refusal = refusals.get(operation(headers))
            refused = refusal(json.loads(body)) if refusal else None
            return refused or await handler(method, path, headers, body, query)

        return handle

    replace_handler("dynamodb", wrap)
    dynamodb._update_table = _with_throughput_of_indexes(dynamodb._update_table)
    describe = dynamodb._describe_ttl
    dynamodb._describe_ttl = lambda request: _without_attribute(*describe(request))


def _without_attribute(status: int, headers: dict[str, str], body: bytes) -> Response:
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTimeToLive.html"""
    answer = json.loads(body)
    if (found := answer.get("TimeToLiveDescription", {})).get("TimeToLiveStatus") == "DISABLED":
        found.pop("AttributeName", None)
    return status, headers, json.dumps(answer).encode()


def _with_throughput_of_indexes(update: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """A table that goes to PAY_PER_REQUEST takes its indexes along."""

    def wrapped(request: Request) -> Response:
        from ministack.services import dynamodb

        answer = update(request)
        if answer[0] != 200 or request.get("BillingMode") != "PAY_PER_REQUEST":
            return answer
        name = dynamodb._normalize_table_name(request["TableName"])
        for index in dynamodb._tables[name]["GlobalSecondaryIndexes"]:
            index["ProvisionedThroughput"] = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
        told: Response = dynamodb.json_response({"TableDescription": dynamodb._table_description(name)})
        return told

    return wrapped


def _listing_refusal(request: Request) -> Response | None:
    limit = request.get("Limit")
    if limit is None or 1 <= limit <= MOST_TABLES:
        return None
    bound = "greater than or equal to 1" if limit < 1 else f"less than or equal to {MOST_TABLES}"
    constraint = f"failed to satisfy constraint: Member must have value {bound}"
    return json_error("ValidationException", f"1 validation error detected: Value '{limit}' at 'limit' {constraint}")


def _tag_refusal(request: Request) -> Response | None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.html#TaggingRestrictions"""
    for tag in request.get("Tags") or []:
        if str(tag.get("Key")).startswith("aws:"):
            return _invalid("The tag keys that begin with aws: are reserved for system use")
    return None


def _creation_refusal(request: Request) -> Response | None:
    for kind in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
        if request.get(kind) == []:
            return _invalid(f"List of {kind} is empty")
    if len(request.get("LocalSecondaryIndexes") or []) > MOST_LOCAL_INDEXES:
        return _invalid(f"Number of LocalSecondaryIndexes exceeds per-table limit of {MOST_LOCAL_INDEXES}")
    if len(request.get("GlobalSecondaryIndexes") or []) > MOST_INDEXES:
        return _invalid(f"GlobalSecondaryIndex count exceeds the per-table limit of {MOST_INDEXES}")
    stream = request.get("StreamSpecification") or {}
    if stream.get("StreamEnabled") and not stream.get("StreamViewType"):
        return _invalid("Table is being created with a stream enabled, UpdateViewType is required")
    for index in request.get("LocalSecondaryIndexes") or []:
        if refused := _projection_refusal(index):
            return refused
    on_demand = request.get("BillingMode") == "PAY_PER_REQUEST"
    for index in request.get("GlobalSecondaryIndexes") or []:
        if refused := _projection_refusal(index) or _throughput_refusal(index, on_demand=on_demand):
            return refused
    return None


def _projection_refusal(index: dict[str, Any]) -> Response | None:
    projection = index.get("Projection") or {}
    if projection.get("ProjectionType") == "ALL" and projection.get("NonKeyAttributes"):
        return _invalid("ProjectionType is ALL, but NonKeyAttributes is specified")
    return None


def _throughput_refusal(index: dict[str, Any], *, on_demand: bool) -> Response | None:
    name, given = index.get("IndexName"), bool(index.get("ProvisionedThroughput"))
    if given and on_demand:
        return _invalid(
            f"ProvisionedThroughput should not be specified for index: {name} when BillingMode is PAY_PER_REQUEST"
        )
    return None if given or on_demand else _invalid(f"ProvisionedThroughput is not specified for index: {name}")


def _change_refusal(request: dict[str, Any]) -> Response | None:
    from ministack.services import dynamodb

    table = dynamodb._tables.get(dynamodb._normalize_table_name(request.get("TableName")))
    if table is None:
        return None
    if request.get("BillingMode") == "PROVISIONED" and not request.get("ProvisionedThroughput"):
        return _invalid("ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
    if request.get("BillingMode") == "PROVISIONED" and (left := _without_throughput(table, request)):
        return _invalid(f"ProvisionedThroughput must be specified for index: {left[0]}")
    return _stream_refusal(table, request.get("StreamSpecification") or {}) or _index_refusal(table, request)


def _without_throughput(table: dict[str, Any], request: Request) -> list[str]:
    """The indexes that would have none when the table becomes PROVISIONED."""
    changes = [each for change in request.get("GlobalSecondaryIndexUpdates") or [] for each in change.values()]
    given = {each.get("IndexName") for each in changes if each.get("ProvisionedThroughput")}
    deleted = {
        change["Delete"].get("IndexName")
        for change in request.get("GlobalSecondaryIndexUpdates") or []
        if "Delete" in change
    }
    return [
        index["IndexName"]
        for index in table["GlobalSecondaryIndexes"]
        if not index["ProvisionedThroughput"]["ReadCapacityUnits"] and index["IndexName"] not in given | deleted
    ]


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
