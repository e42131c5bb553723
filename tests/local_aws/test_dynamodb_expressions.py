"""Which expressions DynamoDB refuses, whatever the items are.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
"""

import re
import uuid
from typing import Any

import pytest

from tests.local_aws.harness import Aws, invalid

KEY = {"k": {"S": "a"}}
ITEM = {**KEY, "n": {"N": "1"}, "a": {"S": "text"}, "b": {"BOOL": True}, "l": {"L": [{"S": "x"}]}, "m": {"M": {}}}
VALUES: dict[str, Any] = {
    ":v": {"N": "1"}, ":s": {"S": "t"}, ":bool": {"BOOL": True}, ":x": {"S": "X"}, ":l": {"L": []},
    ":none": {"N": "abc"}, ":empty": {"SS": []}, **{f":i{number}": {"N": str(number)} for number in range(101)},
}  # fmt: skip


@pytest.fixture(scope="module")
def table(aws: Aws) -> str:
    """A table with an item; its partition `b` is empty."""
    name = f"expressions-{uuid.uuid4().hex[:8]}"
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )  # fmt: skip
    dynamodb.put_item(TableName=name, Item=ITEM)
    return name


def used(text: str) -> dict[str, Any]:
    """The names and values that an expression uses."""
    values = {name: VALUES[name] for name in re.findall(r":\w+", text) if name in VALUES}
    names = {name: name[1:] for name in re.findall(r"#\w+", text)}
    given = {"ExpressionAttributeValues": values, "ExpressionAttributeNames": names}
    return {slot: found for slot, found in given.items() if found}


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("SET a := :v", 'Syntax error; token: ":", near: "a :="'),
        ("SET a", 'Syntax error; token: "<EOF>", near: "a"'),
        ("SET a = 5", 'Syntax error; token: "5", near: "= 5"'),
        ("SET a=:v,", 'Syntax error; token: "<EOF>", near: ","'),
        ("SET a=:v FOO b", 'Syntax error; token: "FOO", near: ":v FOO b"'),
        ("SET size(a)=:v", 'Syntax error; token: "(", near: "size(a"'),
        ("SET n=n + n + n", 'Syntax error; token: "+", near: "n + n"'),
        ("SET n = foo(n, :v)", "Invalid function name; function: foo"),
        ("SET n = size(a)", "The function is not allowed in an update expression; function: size"),
        ("SET n = if_not_exists(n)", "Incorrect number of operands for operator or function; operator or function: if_not_exists, number of operands: 1"),  # noqa: E501
        ("SET n = if_not_exists(:v, :v)", "Operator or function requires a document path; operator or function: if_not_exists"),  # noqa: E501
        ("SET m.a=:v, m=:s", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m, a], path two: [m]"),  # noqa: E501
        ("SET a=:v REMOVE #a", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]"),  # noqa: E501
        ("SET m.a=:v, m[0]=:s", "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [m, a], path two: [m, [0]]"),  # noqa: E501
    ],
)  # fmt: skip
def test_updates(aws: Aws, table: str, expression: str, message: str) -> None:
    dynamodb = aws.client("dynamodb")
    given = {"UpdateExpression": expression, **used(expression)}
    assert invalid(dynamodb.update_item, TableName=table, Key=KEY, **given) == f"Invalid UpdateExpression: {message}"
    member = {"Update": {"TableName": table, "Key": KEY, **given}}
    assert invalid(dynamodb.transact_write_items, TransactItems=[member]) == f"Invalid UpdateExpression: {message}"
    assert dynamodb.get_item(TableName=table, Key=KEY)["Item"] == ITEM


OPERAND = "Incorrect operand type for operator or function; operator or function: "
DISTINCT = "The first operand must be distinct from the remaining operands for this operator or function; operator: "


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("n != :v", 'Syntax error; token: "!", near: "n !="'),
        ("n = :v;", 'Syntax error; token: ";", near: ":v;"'),
        ("a-b = :v", 'Syntax error; token: "-", near: "a-b"'),
        ("foo(n)", "Invalid function name; function: foo"),
        ("ATTRIBUTE_EXISTS(n)", "Invalid function name; function: ATTRIBUTE_EXISTS"),
        ("if_not_exists(n, :v)", "The function is not allowed in a condition expression; function: if_not_exists"),
        ("size(a)", "The function is not allowed to be used this way in an expression; function: size"),
        ("begins_with(a, :s) = :bool", "The function is not allowed to be used this way in an expression; function: begins_with"),  # noqa: E501
        ("n = n", f"{DISTINCT}=, first operand: [n]"),
        ("m.#n[1] <> m.n[1]", f"{DISTINCT}<>, first operand: [m, n, [1]]"),
        ("b < :bool", f"{OPERAND}<, operand type: BOOL"),
        ("l BETWEEN :l AND :l", f"{OPERAND}BETWEEN, operand type: L"),
        ("begins_with(a, :v)", f"{OPERAND}begins_with, operand type: N"),
        ("size(:v) > :v", f"{OPERAND}size, operand type: N"),
        ("n BETWEEN :v AND :s", "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:t}"),  # noqa: E501
        ("attribute_type(n, :x)", "Invalid attribute type name found; type: X, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"),  # noqa: E501
        ("attribute_exists(:v)", "Operator or function requires a document path; operator or function: attribute_exists"),  # noqa: E501
        ("contains(a)", "Incorrect number of operands for operator or function; operator or function: contains, number of operands: 1"),  # noqa: E501
        ("status = :s", "Attribute name is a reserved keyword; reserved keyword: status"),
        (f"n IN ({', '.join(f':i{number}' for number in range(101))})", "The IN operator is provided with too many operands; number of operands: 101"),  # noqa: E501
        (" OR ".join(["n<:v"] * 301), "The expression contains too many operators; operator count: 301"),
    ],
)  # fmt: skip
def test_conditions(aws: Aws, table: str, expression: str, message: str) -> None:
    dynamodb = aws.client("dynamodb")
    given = used(expression)
    query = {"TableName": table, "FilterExpression": expression, "KeyConditionExpression": "k = :k"}
    query |= {**given, "ExpressionAttributeValues": {**given.get("ExpressionAttributeValues", {}), ":k": {"S": "b"}}}
    assert invalid(dynamodb.query, **query) == f"Invalid FilterExpression: {message}"
    scan = {"FilterExpression": expression, **given}
    assert invalid(dynamodb.scan, TableName=table, **scan) == f"Invalid FilterExpression: {message}"
    put = {"TableName": table, "Item": KEY, "ConditionExpression": expression, **given}
    assert invalid(dynamodb.put_item, **put) == f"Invalid ConditionExpression: {message}"
    assert invalid(dynamodb.transact_write_items, TransactItems=[{"Put": put}]) == (
        f"Invalid ConditionExpression: {message}"
    )


@pytest.mark.parametrize(
    "expression",
    [
        "NOT (n = :v AND size(a) >= :v) OR n between :v and :v or a in (:s, :x)",
        "attribute_type(n, :s) or contains(l, :l) OR l = :l OR :v <= n",
        "not contains(m.#x[0], :s) AND a < m.n",
        " OR ".join(["n<:v"] * 300),
    ],
)
def test_conditions_that_are_right(aws: Aws, table: str, expression: str) -> None:
    given = used(expression)
    if "attribute_type" in expression:
        given["ExpressionAttributeValues"][":s"] = {"S": "NS"}
    aws.client("dynamodb").scan(TableName=table, FilterExpression=expression, **given)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("a,,b", 'Syntax error; token: ",", near: ",,b"'),
        ("a,", 'Syntax error; token: "<EOF>", near: ","'),
        ("a b", 'Syntax error; token: "b", near: "a b"'),
        ("m.status", "Attribute name is a reserved keyword; reserved keyword: status"),
    ],
)
def test_projections(aws: Aws, table: str, expression: str, message: str) -> None:
    dynamodb = aws.client("dynamodb")
    expected, given = f"Invalid ProjectionExpression: {message}", {"ProjectionExpression": expression}
    assert invalid(dynamodb.get_item, TableName=table, Key=KEY, **given) == expected
    assert invalid(dynamodb.scan, TableName=table, **given) == expected
    assert invalid(dynamodb.batch_get_item, RequestItems={table: {"Keys": [KEY], **given}}) == expected
    member = {"Get": {"TableName": table, "Key": KEY, **given}}
    assert invalid(dynamodb.transact_get_items, TransactItems=[member]) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"ExpressionAttributeNames": {"n": "n"}}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "n"'),  # noqa: E501
        ({"ExpressionAttributeValues": {"v": {"N": "1"}}}, 'ExpressionAttributeValues contains invalid key: Syntax error; key: "v"'),  # noqa: E501
        ({"ExpressionAttributeValues": {":v": {"SS": []}}}, "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: An string set  may not be empty for key :v"),  # noqa: E501
        ({"ExpressionAttributeValues": {":v": {"L": [{"NS": []}]}}}, "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: An number set  may not be empty for key :v"),  # noqa: E501
        ({"ExpressionAttributeValues": {":v": {"N": "abc"}}}, "The parameter cannot be converted to a numeric value: abc"),  # noqa: E501
    ],
)  # fmt: skip
def test_names_and_values(aws: Aws, table: str, given: dict[str, Any], message: str) -> None:
    scan = {"TableName": table, "FilterExpression": "n = :v", "ExpressionAttributeValues": {":v": {"N": "1"}}}
    assert invalid(aws.client("dynamodb").scan, **{**scan, **given}) == message


def test_key_conditions(aws: Aws, table: str) -> None:
    asked = {"KeyConditionExpression": "k != :s", "ExpressionAttributeValues": {":s": {"S": "a"}}}
    message = invalid(aws.client("dynamodb").query, TableName=table, **asked)
    assert message == 'Invalid KeyConditionExpression: Syntax error; token: "!", near: "k !="'


def test_begins_with_is_false_for_other_types(aws: Aws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    dynamodb.put_item(TableName=table, Item={"k": {"S": "number"}, "a": {"N": "1"}})
    scan = {"FilterExpression": "begins_with(a, :s)", "ExpressionAttributeValues": {":s": {"S": "t"}}}
    assert dynamodb.scan(TableName=table, **scan)["Items"] == [ITEM]
    scan["FilterExpression"] = "NOT begins_with(a, :s)"
    assert [item["k"] for item in dynamodb.scan(TableName=table, **scan)["Items"]] == [{"S": "number"}]


UNDEFINED = "An expression attribute value used in expression is not defined; attribute value: :zz"
UNNAMED = "An expression attribute name used in the document path is not defined; attribute name: #zz"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("SET Price=:zz", UNDEFINED),
        ("SET Price=Price+:zz", UNDEFINED),
        ("SET #zz=:d", UNNAMED),
        ("SET m.#zz=:d", UNNAMED),
        ("ADD n :zz", UNDEFINED),
        ("SET status=:zz", "Attribute name is a reserved keyword; reserved keyword: status"),
        ("SET n=foo(:zz)", "Invalid function name; function: foo"),
    ],
)
def test_what_is_not_defined_is_told_before_what_is_unused(
    aws: Aws, table: str, expression: str, message: str
) -> None:  # fmt: skip
    update = {"TableName": table, "Key": KEY, "ExpressionAttributeValues": {":d": {"N": "1"}}}
    update["ExpressionAttributeNames"] = {"#d": "n"}
    found = invalid(aws.client("dynamodb").update_item, UpdateExpression=expression, **update)
    assert found == f"Invalid UpdateExpression: {message}"


def test_what_conditions_leave_undefined(aws: Aws, table: str) -> None:
    dynamodb, values = aws.client("dynamodb"), {":d": {"N": "1"}}
    given = {"TableName": table, "ExpressionAttributeValues": values}
    put = {"Item": KEY, "ConditionExpression": "a IN (:d, :zz)", **given}
    assert invalid(dynamodb.put_item, **put).endswith(f"Invalid ConditionExpression: {UNDEFINED}")
    query = {"KeyConditionExpression": "k = :zz", **given}
    assert invalid(dynamodb.query, **query) == f"Invalid KeyConditionExpression: {UNDEFINED}"
    assert invalid(dynamodb.scan, TableName=table, ProjectionExpression="m.#zz") == (
        f"Invalid ProjectionExpression: {UNNAMED}"
    )
