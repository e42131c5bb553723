"""What updates write, and which ones DynamoDB refuses for the item or the key.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import Aws

KEY = {"k": {"S": "a"}}
LONG = "12345678901234567890123456789012"
LIST = {"L": [{"S": each} for each in ("c", "h", "n", "sc", "ha")]}
ITEM = {**KEY, "x": {"N": LONG}, "s": {"S": "text"}, "l": LIST, "m": {"M": {"l": LIST}}}
PATH = "The document path provided in the update expression is invalid for update"
OF_KEY = "One or more parameter values were invalid: Cannot update attribute k. This attribute is part of the key"


@pytest.fixture(scope="module")
def name(aws: Aws) -> str:
    table = f"updates-{uuid.uuid4().hex[:8]}"
    aws.client("dynamodb").create_table(
        TableName=table, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )  # fmt: skip
    return table


@pytest.fixture
def table(aws: Aws, name: str) -> str:
    aws.client("dynamodb").put_item(TableName=name, Item=ITEM)
    return name


def texts(value: dict[str, Any]) -> list[str]:
    return [each["S"] for each in value["L"]]


@pytest.mark.parametrize(
    ("expression", "top", "nested"),
    [
        ("REMOVE l[1], l[2]", ["c", "sc", "ha"], ["c", "h", "n", "sc", "ha"]),
        ("REMOVE l[3], m.l[0], l[0], m.l[9], m.l[4]", ["h", "n", "ha"], ["h", "n", "sc"]),
        ("SET l[2] = :v REMOVE l[0], l[1]", ["new", "sc", "ha"], ["c", "h", "n", "sc", "ha"]),
    ],
)
def test_elements_are_removed_from_where_they_were(
    aws: Aws, table: str, expression: str, top: list[str], nested: list[str]
) -> None:
    values = {"ExpressionAttributeValues": {":v": {"S": "new"}}} if ":v" in expression else {}
    update = {"UpdateExpression": expression, "ReturnValues": "ALL_NEW", **values}
    changed = aws.client("dynamodb").update_item(TableName=table, Key=KEY, **update)["Attributes"]
    assert (texts(changed["l"]), texts(changed["m"]["M"]["l"])) == (top, nested)


@pytest.mark.parametrize(
    ("expression", "top"),
    [
        ("SET l[9] = :one, l[7] = :two", ["c", "h", "n", "sc", "ha", "2", "1"]),
        ("SET l[6] = :one, l[1] = :three, l[5] = :two", ["c", "3", "n", "sc", "ha", "2", "1"]),
        ("SET l[10] = :one, l[9] = :two, m.x = :three", ["c", "h", "n", "sc", "ha", "2", "1"]),
    ],
)
def test_elements_beyond_the_end_are_added_in_their_order(
    aws: Aws, table: str, expression: str, top: list[str]
) -> None:  # fmt: skip
    values = {
        f":{name}": {"S": str(n)} for n, name in enumerate(("one", "two", "three"), 1) if f":{name}" in expression
    }
    update = {"UpdateExpression": expression, "ExpressionAttributeValues": values}
    dynamodb = aws.client("dynamodb")
    changed = dynamodb.update_item(TableName=table, Key=KEY, ReturnValues="ALL_NEW", **update)["Attributes"]
    assert texts(changed["l"]) == top
    dynamodb.put_item(TableName=table, Item=ITEM)
    dynamodb.transact_write_items(TransactItems=[{"Update": {"TableName": table, "Key": KEY, **update}}])
    assert texts(dynamodb.get_item(TableName=table, Key=KEY)["Item"]["l"]) == top


def test_partiql_adds_elements_in_their_order(aws: Aws, table: str) -> None:
    statement = f"UPDATE \"{table}\" SET l[9] = 'last' SET l[8] = 'first' WHERE k = 'a' RETURNING ALL NEW *"
    changed = aws.client("dynamodb").execute_statement(Statement=statement)["Items"][0]
    assert texts(changed["l"])[-2:] == ["first", "last"]


@pytest.mark.parametrize(
    ("request_", "value", "expected"),
    [
        ({"UpdateExpression": "SET x = x + :v"}, "1", "12345678901234567890123456789013"),
        ({"UpdateExpression": "SET x = x - :v"}, "0.000001", "12345678901234567890123456789011.999999"),
        ({"UpdateExpression": "ADD x :v"}, "-13", "12345678901234567890123456788999"),
        ({"AttributeUpdates": {"x": {"Action": "ADD", "Value": {"N": "5"}}}}, "", "12345678901234567890123456789017"),
        ({"UpdateExpression": "SET x = :v + :v"}, "1E37", "2" + "0" * 37),
    ],
)
def test_sums_have_38_digits(aws: Aws, table: str, request_: dict[str, Any], value: str, expected: str) -> None:
    values = {"ExpressionAttributeValues": {":v": {"N": value}}} if value else {}
    changed = aws.client("dynamodb").update_item(
        TableName=table, Key=KEY, ReturnValues="ALL_NEW", **request_, **values
    )  # fmt: skip
    assert changed["Attributes"]["x"] == {"N": expected}


def test_sums_in_partiql_have_38_digits(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    dynamodb.execute_statement(Statement=f"UPDATE \"{table}\" SET x = x + 1 WHERE k = 'a'")
    found = dynamodb.get_item(TableName=table, Key=KEY)["Item"]["x"]
    assert found == {"N": "12345678901234567890123456789013"}


def refusal(call: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**request)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("SET s.z = :v", PATH),
        ("SET s[0] = :v", PATH),
        ("SET l.z = :v", PATH),
        ("SET nothing.z = :v", PATH),
        ("ADD nothing.z :v", PATH),
        ("REMOVE s.z", PATH),
        ("ADD x :long", "Attempting to store more than 38 significant digits in a Number"),
        ("SET k = :v", OF_KEY),
    ],
)
def test_updates_refused_for_the_item(aws: Aws, table: str, expression: str, message: str) -> None:
    dynamodb = aws.client("dynamodb")
    known = {":v": {"N": "1"}, ":long": {"N": "1E-30"}}
    values = {name: value for name, value in known.items() if name in expression}
    update = {"UpdateExpression": expression, **({"ExpressionAttributeValues": values} if values else {})}
    assert refusal(dynamodb.update_item, TableName=table, Key=KEY, **update) == ("ValidationException", message)
    assert dynamodb.get_item(TableName=table, Key=KEY)["Item"] == ITEM


def test_the_key_stays_as_it_is(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    change = {"UpdateExpression": "SET #k = :v", "ExpressionAttributeNames": {"#k": "k"}}
    change |= {"ExpressionAttributeValues": {":v": {"S": "b"}}, "TableName": table, "Key": KEY}  # type: ignore[dict-item]
    members = [{"Update": change}]
    assert refusal(dynamodb.transact_write_items, TransactItems=members) == ("ValidationException", OF_KEY)
    legacy = {"k": {"Action": "PUT", "Value": {"S": "a"}}}
    legacy_refusal = refusal(dynamodb.update_item, TableName=table, Key=KEY, AttributeUpdates=legacy)
    assert legacy_refusal == ("ValidationException", OF_KEY)
    for statement in ("SET k = 'b'", "REMOVE k"):
        asked = f"UPDATE \"{table}\" {statement} WHERE k = 'a'"
        assert refusal(dynamodb.execute_statement, Statement=asked) == ("ValidationException", OF_KEY)
    assert dynamodb.get_item(TableName=table, Key=KEY)["Item"] == ITEM


def test_a_transaction_puts_no_item_without_its_key(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    members = [
        {"Put": {"TableName": table, "Item": {"k": {"S": "b"}}}},
        {"Put": {"TableName": table, "Item": {"x": {"N": "1"}}}},
    ]
    with pytest.raises(ClientError) as error:
        dynamodb.transact_write_items(TransactItems=members)
    assert error.value.response["CancellationReasons"] == [
        {"Code": "None"},
        {
            "Code": "ValidationError",
            "Message": "One or more parameter values were invalid: Missing the key k in the item",
        },
    ]
    assert dynamodb.scan(TableName=table)["Items"] == [ITEM]
