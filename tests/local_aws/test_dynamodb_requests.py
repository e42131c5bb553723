"""What DynamoDB refuses of expressions and keys.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import Aws

KEY = {"k": {"S": "a"}, "s": {"N": "1"}}
ITEM = {**KEY, "l": {"L": [{"S": "x"}]}, "n": {"N": "1"}, "t": {"S": "text"}, "g": {"S": "h"}}


@pytest.fixture(scope="module")
def table(aws: Aws) -> str:
    name = f"requests-{uuid.uuid4().hex[:8]}"
    index = [{"AttributeName": "g", "KeyType": "HASH"}]
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in ("kS", "sN", "gS")],
        GlobalSecondaryIndexes=[{"IndexName": "byg", "KeySchema": index, "Projection": {"ProjectionType": "ALL"}}],
    )  # fmt: skip
    dynamodb.put_item(TableName=name, Item=ITEM)
    return name


def refused(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**request)
    assert error.value.response["Error"]["Code"] == "ValidationException"
    return str(error.value.response["Error"]["Message"])


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            {"KeyConditionExpression": "k = :a", "FilterExpression": "s > :one"},
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: s",
        ),
        (
            {"KeyConditionExpression": "k = :a", "FilterExpression": "n < :one OR attribute_exists(#k)"},
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: k",
        ),
        (
            {"KeyConditionExpression": "g = :a", "FilterExpression": "g > :a", "IndexName": "byg"},
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: g",
        ),
        (
            {"KeyConditionExpression": "k = :a or s = :one"},
            "Invalid operator used in KeyConditionExpression: OR",
        ),
        (
            {"KeyConditionExpression": "k = :a and contains(s, :one)"},
            "Invalid operator used in KeyConditionExpression: contains",
        ),
        (
            {"KeyConditionExpression": "k = :a", "FilterExpression": ""},
            "Invalid FilterExpression: The expression can not be empty;",
        ),
    ],
)
def test_queries(aws: Aws, table: str, request_: dict[str, str], message: str) -> None:
    text = " ".join(request_.values())
    values = {name: value for name, value in ((":a", {"S": "a"}), (":one", {"N": "1"})) if name in text}
    names = {"ExpressionAttributeNames": {"#k": "k"}} if "#k" in text else {}
    query = {"TableName": table, "ExpressionAttributeValues": values, **names, **request_}
    assert refused(aws.client("dynamodb").query, **query) == message


def test_a_filter_on_the_key_of_the_table_in_an_index(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    values = {":h": {"S": "h"}, ":zero": {"N": "0"}, ":s": {"N": "9"}}
    asked = {"KeyConditionExpression": "g = :h", "FilterExpression": "s > :zero AND t.s = :s"}
    found = dynamodb.query(TableName=table, IndexName="byg", ExpressionAttributeValues=values, **asked)["Items"]
    assert found == []  # t.s leads nowhere
    asked["FilterExpression"] = "s > :zero AND n < :s"
    assert (
        len(dynamodb.query(TableName=table, IndexName="byg", ExpressionAttributeValues=values, **asked)["Items"]) == 1
    )


def test_scans(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    message = refused(dynamodb.scan, TableName=table, FilterExpression="")
    assert message == "Invalid FilterExpression: The expression can not be empty;"
    on_key = dynamodb.scan(
        TableName=table, FilterExpression="s = :one", ExpressionAttributeValues={":one": {"N": "1.0"}}
    )
    assert on_key["Items"] == [ITEM]


LIST_APPEND = (
    "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: list_append, "
    "operand type: S"
)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("SET l1 = list_append(:t, :t)", LIST_APPEND),
        ("SET l1 = list_append(l, :t)", LIST_APPEND),
        ("SET l1 = list_append(if_not_exists(l, :l), :t)", LIST_APPEND),
        ("SET l1 = list_append(t, :l)", "An operand in the update expression has an incorrect data type"),
        ("SET n = n + :t", LIST_APPEND.replace("list_append", "+")),
        ("SET n = t - :n", "An operand in the update expression has an incorrect data type"),
        (
            "SET l1 = :t SET n = :n",
            'Invalid UpdateExpression: The "SET" section can only be used once in an update expression;',
        ),
    ],
)
def test_updates(aws: Aws, table: str, expression: str, message: str) -> None:
    dynamodb = aws.client("dynamodb")
    known = {":t": {"S": "t"}, ":l": {"L": []}, ":n": {"N": "2"}}
    values = {name: value for name, value in known.items() if name in expression}
    update = {"TableName": table, "Key": KEY, "ExpressionAttributeValues": values}
    assert refused(dynamodb.update_item, UpdateExpression=expression, **update) == message
    assert dynamodb.get_item(TableName=table, Key=KEY)["Item"] == ITEM


def test_updates_that_are_right(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    key = {**KEY, "s": {"N": "2"}}
    dynamodb.put_item(TableName=table, Item={**ITEM, **key})
    changed = dynamodb.update_item(
        TableName=table, Key=key, ReturnValues="UPDATED_NEW",
        UpdateExpression="SET l = list_append(l, :l), n = if_not_exists(nil, :n) + n, m = (n - :n) REMOVE t",
        ExpressionAttributeValues={":l": {"L": [{"S": "y"}]}, ":n": {"N": "2"}},
    )["Attributes"]  # fmt: skip
    assert changed == {"l": {"L": [{"S": "x"}, {"S": "y"}]}, "n": {"N": "3"}, "m": {"N": "-1"}}


def test_one_and_one_point_nought_are_the_same_key(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    again = {**KEY, "s": {"N": "1.0"}}
    message = refused(dynamodb.batch_get_item, RequestItems={table: {"Keys": [KEY, again]}})
    assert message == "Provided list of item keys contains duplicates"
    assert dynamodb.get_item(TableName=table, Key=again)["Item"] == ITEM


def test_a_bad_condition_is_named_as_one(aws: Aws, table: str) -> None:
    message = refused(
        aws.client("dynamodb").put_item, TableName=table, Item=ITEM, ConditionExpression="attribute_exists(status)"
    )
    reserved = "Attribute name is a reserved keyword; reserved keyword: status"
    assert message == f"Invalid ConditionExpression: {reserved}"
