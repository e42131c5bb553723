"""What reads of single items cost, and what statements of PartiQL do.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ConsumedCapacity.html
"""

import uuid
from typing import Any

import pytest

from tests.local_aws.harness import Aws

TEXT = "x" * 40_900  # with its name and the key less than 40,960 bytes: 10 units of 4 KB
TOTAL = {"ReturnConsumedCapacity": "TOTAL"}
INDEXES = {"ReturnConsumedCapacity": "INDEXES"}
KEY = {"k": {"S": "a"}, "s": {"N": "1"}}
SMALL = {"k": {"S": "a"}, "s": {"N": "2"}}
ABSENT = {"k": {"S": "b"}, "s": {"N": "1"}}


@pytest.fixture(scope="module")
def table(aws: Aws) -> str:
    """A table with an index, an item of 40.9 KB and a small one."""
    name = f"units-{uuid.uuid4().hex[:8]}"
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in ("kS", "sN", "gS")],
        GlobalSecondaryIndexes=[{
            "IndexName": "byg", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }],
    )  # fmt: skip
    dynamodb.put_item(TableName=name, Item={**KEY, "text": {"S": TEXT}})
    dynamodb.put_item(TableName=name, Item={**SMALL, "text": {"S": "x"}})
    return name


def units(answer: dict[str, Any]) -> float:
    told = answer["ConsumedCapacity"]
    return float((told[0] if isinstance(told, list) else told)["CapacityUnits"])


def test_get_item(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    asked = {"TableName": table, "Key": KEY}
    assert units(dynamodb.get_item(**asked, **TOTAL)) == 5.0
    assert units(dynamodb.get_item(**asked, ProjectionExpression="s", **TOTAL)) == 5.0
    consistent = dynamodb.get_item(**asked, ConsistentRead=True, **INDEXES)["ConsumedCapacity"]
    assert consistent == {"TableName": table, "CapacityUnits": 10.0, "Table": {"CapacityUnits": 10.0}}
    assert units(dynamodb.get_item(TableName=table, Key=SMALL, **TOTAL)) == 0.5
    assert units(dynamodb.get_item(TableName=table, Key=ABSENT, **TOTAL)) == 0.5
    assert "ConsumedCapacity" not in dynamodb.get_item(**asked)


def test_transact_get_items(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    members = [{"Get": {"TableName": table, "Key": key}} for key in (KEY, SMALL, ABSENT)]
    assert units(dynamodb.transact_get_items(TransactItems=members[:1], **TOTAL)) == 20.0
    assert dynamodb.transact_get_items(TransactItems=members, **INDEXES)["ConsumedCapacity"] == [
        {
            "TableName": table, "CapacityUnits": 24.0, "ReadCapacityUnits": 24.0,
            "Table": {"CapacityUnits": 24.0, "ReadCapacityUnits": 24.0},
        }
    ]  # fmt: skip
    assert "ConsumedCapacity" not in dynamodb.transact_get_items(TransactItems=members)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("k = 'a' AND s = 1", 5.0),
        ("k = 'a' AND s = 1 AND text = 'x'", 5.0),
        ("k = 'a' AND s = 2", 0.5),
        ("k = 'b' AND s = 1", 0.5),
        ("k = 'a'", 5.0),  # of the bytes of both items
        ("k = 'a' AND s > 1", 0.5),
        ("text = 'x'", 5.0),
    ],
)
def test_selects(aws: Aws, table: str, where: str, expected: float) -> None:
    dynamodb = aws.client("dynamodb")
    statement = f'SELECT s FROM "{table}" WHERE {where}'
    assert units(dynamodb.execute_statement(Statement=statement, **TOTAL)) == expected
    assert units(dynamodb.execute_statement(Statement=statement, ConsistentRead=True, **TOTAL)) == 2 * expected


def test_selects_of_a_batch(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    large = {"Statement": f"SELECT s FROM \"{table}\" WHERE k = 'a' AND s = 1"}
    small = {"Statement": f'SELECT s FROM "{table}" WHERE k = ? AND s = ?', "Parameters": list(SMALL.values())}
    assert units(dynamodb.batch_execute_statement(Statements=[large], **TOTAL)) == 5.0
    mixed = dynamodb.batch_execute_statement(Statements=[{**large, "ConsistentRead": True}, small], **TOTAL)
    assert mixed["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 10.5}]
    assert "ConsumedCapacity" not in dynamodb.batch_execute_statement(Statements=[large])


def test_writes_by_statements(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    item = {"k": {"S": "w"}, "s": {"N": "1"}}
    insert = {
        "Statement": f"INSERT INTO \"{table}\" VALUE {{'k': 'w', 's': 1, 'text': ?}}",
        "Parameters": [{"S": TEXT}],
    }
    update = {"Statement": f"UPDATE \"{table}\" SET text = 'x' WHERE k = 'w' AND s = 1"}
    delete = {"Statement": f"DELETE FROM \"{table}\" WHERE k = 'w' AND s = 1"}
    assert units(dynamodb.execute_statement(**insert, **TOTAL)) == 40.0
    assert units(dynamodb.execute_statement(**update, **TOTAL)) == 40.0
    assert units(dynamodb.execute_statement(**delete, **TOTAL)) == 1.0
    assert units(dynamodb.batch_execute_statement(Statements=[insert], **TOTAL)) == 40.0
    assert units(dynamodb.batch_execute_statement(Statements=[delete], **TOTAL)) == 40.0
    assert "Item" not in dynamodb.get_item(TableName=table, Key=item)


def test_selects_of_a_transaction(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    members = [{"Statement": f"SELECT s FROM \"{table}\" WHERE k = 'a' AND s = {number}"} for number in (1, 2)]
    answer = dynamodb.execute_transaction(TransactStatements=members, **TOTAL)
    assert answer["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 22.0, "ReadCapacityUnits": 22.0}]


def test_a_batch_charges_what_got_as_far_as_the_table(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    statements = [
        f'SELECT s FROM "{table}"',
        f"SELECT s FROM \"{table}\" WHERE k = 'a' AND s = 1",
        f"SELECT s FROM \"{table}\" WHERE k = 'a' AND s = 2",
    ]
    answer = dynamodb.batch_execute_statement(Statements=[{"Statement": each} for each in statements], **TOTAL)
    assert [set(each) for each in answer["Responses"]] == [{"Error"}, {"TableName", "Item"}, {"TableName", "Item"}]
    assert answer["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 5.5}]
    taken = {"Statement": f"INSERT INTO \"{table}\" VALUE {{'k': 'a', 's': 1}}"}
    answer = dynamodb.batch_execute_statement(Statements=[taken], **TOTAL)
    assert answer["Responses"][0]["Error"]["Code"] == "DuplicateItem"
    assert answer["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 40.0}]
