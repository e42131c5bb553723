"""What DynamoDB refuses of expressions, keys and the JSON types of values.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

import json
import urllib.error
import urllib.request
import uuid
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.local_aws.harness import Aws, invalid

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
    assert invalid(aws.client("dynamodb").query, **query) == message


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
    message = invalid(dynamodb.scan, TableName=table, FilterExpression="")
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
    assert invalid(dynamodb.update_item, UpdateExpression=expression, **update) == message
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
    message = invalid(dynamodb.batch_get_item, RequestItems={table: {"Keys": [KEY, again]}})
    assert message == "Provided list of item keys contains duplicates"
    assert dynamodb.get_item(TableName=table, Key=again)["Item"] == ITEM


def test_a_bad_condition_is_named_as_one(aws: Aws, table: str) -> None:
    message = invalid(
        aws.client("dynamodb").put_item, TableName=table, Item=ITEM, ConditionExpression="attribute_exists(status)"
    )
    reserved = "Attribute name is a reserved keyword; reserved keyword: status"
    assert message == f"Invalid ConditionExpression: {reserved}"


@pytest.fixture(scope="module")
def indexed(aws: Aws) -> str:
    """A table whose indexes don't project everything."""
    name = f"indexed-{uuid.uuid4().hex[:8]}"
    hashed = [{"AttributeName": "g", "KeyType": "HASH"}]
    ranged = [{"AttributeName": "k", "KeyType": "HASH"}, {"AttributeName": "g", "KeyType": "RANGE"}]
    some = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["n"]}
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in ("kS", "sN", "gS")],
        GlobalSecondaryIndexes=[{"IndexName": "global", "KeySchema": hashed, "Projection": some}],
        LocalSecondaryIndexes=[{"IndexName": "local", "KeySchema": ranged, "Projection": some}],
    )  # fmt: skip
    dynamodb.put_item(TableName=name, Item=ITEM)
    return name


UNPROJECTED = "One or more parameter values were invalid: Global secondary index global does not project [{}]"
NOT_ALL = (
    "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index "
    "global because its projection type is not ALL"
)
NOT_FETCHED = "The local DynamoDB does not fetch from the table what a local secondary index does not project"


@pytest.mark.parametrize(
    ("index", "asked", "message"),
    [
        ("global", {"ProjectionExpression": "n, t"}, UNPROJECTED.format("t")),
        ("global", {"ProjectionExpression": "#t[0], l", "ExpressionAttributeNames": {"#t": "t"}}, UNPROJECTED.format("t, l")),  # noqa: E501
        ("global", {"AttributesToGet": ["k", "t"]}, UNPROJECTED.format("t")),
        ("global", {"Select": "ALL_ATTRIBUTES"}, NOT_ALL),
        ("local", {"ProjectionExpression": "n, t"}, NOT_FETCHED),
        ("local", {"Select": "ALL_ATTRIBUTES"}, NOT_FETCHED),
    ],
)  # fmt: skip
def test_indexes_are_asked_for_what_they_project(
    aws: Aws, indexed: str, index: str, asked: dict[str, Any], message: str
) -> None:
    dynamodb = aws.client("dynamodb")
    key = {"global": ("g", "h"), "local": ("k", "a")}[index]
    query = {"KeyConditionExpression": f"{key[0]} = :key", "ExpressionAttributeValues": {":key": {"S": key[1]}}}
    if "AttributesToGet" in asked:
        query = {"KeyConditions": {key[0]: {"AttributeValueList": [{"S": key[1]}], "ComparisonOperator": "EQ"}}}
    assert invalid(dynamodb.query, TableName=indexed, IndexName=index, **query, **asked) == message
    assert invalid(dynamodb.scan, TableName=indexed, IndexName=index, **asked) == message


@pytest.mark.parametrize("index", ["global", "local"])
def test_what_an_index_projects_is_answered(aws: Aws, indexed: str, index: str) -> None:
    dynamodb = aws.client("dynamodb")
    projected = {**KEY, "g": {"S": "h"}, "n": {"N": "1"}}
    assert dynamodb.scan(TableName=indexed, IndexName=index)["Items"] == [projected]
    whole = {"Select": "ALL_PROJECTED_ATTRIBUTES"}
    assert dynamodb.scan(TableName=indexed, IndexName=index, **whole)["Items"] == [projected]
    some = {"ProjectionExpression": "n, k, s, g"}
    assert dynamodb.scan(TableName=indexed, IndexName=index, **some)["Items"] == [projected]


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ({"PutRequest": {"Item": ITEM}, "DeleteRequest": {"Key": KEY}}, "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"),  # noqa: E501
        ({}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
    ],
)  # fmt: skip
def test_a_member_of_a_batch_is_one_write(aws: Aws, table: str, member: dict[str, Any], message: str) -> None:
    assert invalid(aws.client("dynamodb").batch_write_item, RequestItems={table: [member]}) == message


def test_a_member_of_a_transaction_is_one_write(aws: Aws, table: str) -> None:
    member = {
        "Put": {"TableName": table, "Item": ITEM},
        "Delete": {"TableName": table, "Key": {**KEY, "s": {"N": "9"}}},
    }
    message = invalid(aws.client("dynamodb").transact_write_items, TransactItems=[member])
    assert message == "TransactItems can only contain one of Check, Put, Update or Delete"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("UpdateItem", b"{"),
        ("CreateTable", b"{"),
        ("TransactWriteItems", b'{"TransactItems": [1]}'),
        ("Scan", b'{"TableName": "t", "ExpressionAttributeValues": [":v"]}'),
    ],
)
def test_requests_of_another_shape(aws: Aws, name: str, body: bytes) -> None:
    assert sent(aws, name, body)[:2] == (400, "SerializationException")


def sent(aws: Aws, name: str, body: bytes) -> tuple[int, str, str]:
    """Status, error and message of a request that boto3 would not send."""
    signed = AWSRequest("POST", aws.url, data=body, headers={"X-Amz-Target": f"DynamoDB_20120810.{name}"})
    SigV4Auth(Credentials("local", "local"), "dynamodb", "us-east-1").add_auth(signed)
    request = urllib.request.Request(aws.url, body, dict(signed.headers), method="POST")  # noqa: S310
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request)  # noqa: S310
    answer = json.loads(error.value.read())
    return error.value.code, answer["__type"], answer.get("message", "")


STRUCTURE = "Start of structure or map found where not expected"
NUMBER, LONG = "NUMBER_VALUE cannot be converted to String", "STRING_VALUE cannot be converted to Long"
BYTES = "only base-64-encoded strings are convertible to bytes"
COLLECTION = "Unrecognized collection type"
PLACE = "com.amazonaws.dynamodb.v20120810"


@pytest.mark.parametrize(
    ("name", "request_", "message"),
    [
        ("PutItem", {"TableName": "t", "Item": {"k": {"N": 5}}}, "NUMBER_VALUE cannot be converted to String"),
        ("PutItem", {"TableName": "t", "Item": {"k": {"S": 5.5}}}, "DECIMAL_VALUE cannot be converted to String"),
        ("PutItem", {"TableName": "t", "Item": {"k": {"S": True}}}, "TRUE_VALUE cannot be converted to String"),
        ("PutItem", {"TableName": "t", "Item": {"k": {"S": {}}}}, STRUCTURE),
        ("PutItem", {"TableName": "t", "Item": {"k": {"S": []}}}, f"{COLLECTION} class java.lang.String"),
        ("PutItem", {"TableName": "t", "Item": {"k": {"SS": "a"}}}, "Unexpected field type"),
        ("PutItem", {"TableName": "t", "Item": {"k": {"SS": {}}}}, STRUCTURE),
        ("PutItem", {"TableName": "t", "Item": {"k": {"NS": [1]}}}, "NUMBER_VALUE cannot be converted to String"),
        ("PutItem", {"TableName": "t", "Item": {"k": {"BOOL": 1}}}, "NUMBER_VALUE cannot be converted to Boolean"),
        ("PutItem", {"TableName": "t", "Item": {"k": {"B": 1}}}, BYTES),
        ("PutItem", {"TableName": "t", "Item": {"k": {"M": {"a": {"L": [{"N": 1}]}}}}}, NUMBER),
        ("PutItem", {"TableName": "t", "Item": {"k": {"L": ["a"]}}}, "Unexpected value type in payload"),
        ("PutItem", {"TableName": "t", "Item": []}, f"{COLLECTION} java.util.Map<java.lang.String, {PLACE}.AttributeValue>"),  # noqa: E501
        ("GetItem", {"TableName": 5, "Key": {"Id": {"S": "5"}}}, "NUMBER_VALUE cannot be converted to String"),
        ("GetItem", {"TableName": "t", "Key": {"Id": "5"}}, "Unexpected value type in payload"),
        ("GetItem", {"TableName": "t", "Key": "5"}, "Unexpected field type"),
        ("GetItem", {"TableName": "t", "Key": {"Id": []}}, f"{COLLECTION} class {PLACE}.AttributeValue"),
        ("Scan", {"TableName": "t", "Limit": "5"}, "STRING_VALUE cannot be converted to Integer"),
        ("Scan", {"TableName": {}}, STRUCTURE),
        ("Scan", {"TableName": "t", "IndexName": 5, "Limit": "5"}, "NUMBER_VALUE cannot be converted to String"),
        ("UpdateTable", {"TableName": "t", "ProvisionedThroughput": {"ReadCapacityUnits": "1"}}, LONG),
    ],
)  # fmt: skip
def test_values_of_another_json_type(aws: Aws, name: str, request_: dict[str, Any], message: str) -> None:
    assert sent(aws, name, json.dumps(request_).encode()) == (400, "SerializationException", message)


def test_what_is_null_or_unknown_is_absent(aws: Aws, table: str) -> None:
    request = {"TableName": table, "Key": {"k": {"S": "a", "N": None}}, "ConsistentRead": None, "Unknown": 5}
    code, error, message = sent(aws, "GetItem", json.dumps(request).encode())
    assert (code, error, message) == (400, "ValidationException", "The provided key element does not match the schema")
