"""Statements of PartiQL: pages, order, and what is refused.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteStatement.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.multiplestatements.batching.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.multiplestatements.transactions.html
"""

import uuid
from typing import Any

import pytest

from tests.local_aws.harness import Aws, invalid

NUMBERS = [1, 2, 3, 10, 20, 100]


@pytest.fixture(scope="module")
def table(aws: Aws) -> str:
    name, dynamodb = f"partiql-{uuid.uuid4().hex[:8]}", aws.client("dynamodb")
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"},
        ],
    )  # fmt: skip
    for number in reversed(NUMBERS):
        item = {"pk": {"S": "w"}, "sk": {"N": str(number)}, "odd": {"BOOL": number % 2 == 1}}
        dynamodb.put_item(TableName=name, Item=item)
    dynamodb.put_item(TableName=name, Item={"pk": {"S": "a"}, "sk": {"N": "5"}})
    return name


def numbers(answer: dict[str, Any]) -> list[int]:
    return [int(item["sk"]["N"]) for item in answer["Items"]]


def paged(dynamodb: Any, statement: str, limit: int, **request: Any) -> list[list[int]]:
    pages, token = [], {}
    while True:
        answer = dynamodb.execute_statement(Statement=statement, Limit=limit, **request, **token)
        pages.append(numbers(answer))
        assert ("NextToken" in answer) == ("LastEvaluatedKey" in answer)
        if "NextToken" not in answer:
            return pages
        token = {"NextToken": answer["NextToken"]}


def test_numbers_are_in_their_order(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    select = f"SELECT sk FROM \"{table}\" WHERE pk='w'"
    assert numbers(dynamodb.execute_statement(Statement=select)) == NUMBERS
    ordered = dynamodb.execute_statement(Statement=f"{select} ORDER BY sk DESC")
    assert numbers(ordered) == NUMBERS[::-1]


def test_a_limit_is_of_the_items_that_are_evaluated(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    select = f"SELECT * FROM \"{table}\" WHERE pk='w'"
    assert paged(dynamodb, select, 4) == [[1, 2, 3, 10], [20, 100]]
    assert paged(dynamodb, f"{select} ORDER BY sk DESC", 4) == [[100, 20, 10, 3], [2, 1]]
    assert paged(dynamodb, f"{select} AND odd=true", 4) == [[1, 3], []]
    assert paged(dynamodb, f"{select} AND sk > ?", 4, Parameters=[{"N": "2"}]) == [[3, 10, 20, 100], []]
    pages = paged(dynamodb, f'SELECT * FROM "{table}"', 3)
    assert [number for numbers in pages for number in numbers] == [5, *NUMBERS]
    first = dynamodb.execute_statement(Statement=select, Limit=1, ReturnConsumedCapacity="TOTAL")
    assert first["LastEvaluatedKey"] == {"pk": {"S": "w"}, "sk": {"N": "1"}}
    assert first["ConsumedCapacity"]["CapacityUnits"] == 0.5
    for statement, token in ((select, "x"), (f"{select} AND odd=true", first["NextToken"])):
        invalid(dynamodb.execute_statement, Statement=statement, Limit=1, NextToken=token)


@pytest.mark.parametrize("count", ["COUNT(*)", "count(*)"])
def test_there_are_no_aggregates(aws: Aws, table: str, count: str) -> None:
    said = invalid(aws.client("dynamodb").execute_statement, Statement=f'SELECT {count} FROM "{table}"')
    assert said == "Unexpected path component at 1:8:5"


@pytest.mark.parametrize("given", [1, 3])
def test_each_parameter_is_used(aws: Aws, table: str, given: int) -> None:
    dynamodb, values = aws.client("dynamodb"), [{"S": "w"}, {"N": "1"}, {"N": "1"}]
    statement = f'SELECT * FROM "{table}" WHERE pk=? AND sk=?'
    said = invalid(dynamodb.execute_statement, Statement=statement, Parameters=values[:given])
    assert said == "Number of parameters in request and statement don't match."
    assert numbers(dynamodb.execute_statement(Statement=statement, Parameters=values[:2])) == [1]


def test_reads_and_writes_are_not_mixed(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    read = {"Statement": f"SELECT * FROM \"{table}\" WHERE pk='w' AND sk=1"}
    write = {"Statement": f"INSERT INTO \"{table}\" VALUE {{'pk':'mixed','sk':1}}"}
    invalid(dynamodb.batch_execute_statement, Statements=[read, write])
    invalid(dynamodb.execute_transaction, TransactStatements=[write, read])
    assert dynamodb.query(
        TableName=table, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "mixed"}}
    )["Items"] == []  # fmt: skip
    exists = {"Statement": f"EXISTS(SELECT * FROM \"{table}\" WHERE pk='w' AND sk=1 AND odd=true)"}
    dynamodb.execute_transaction(TransactStatements=[exists, write])
    dynamodb.batch_execute_statement(Statements=[read, read])
