"""Requests that DynamoDB refuses for what they ask of a table's keys and indexes.

Seen in ministack 1.5.33: a filter of Query may name the key, a key condition may use OR and the like, an empty
expression counts as none, 1 and 1.0 are two keys, some faults of a condition are said to be of an UpdateExpression, an
index answers what it doesn't project by leaving it out, begins_with fails for the whole request at an item whose
attribute is of another type, a value that isn't used is told before one that isn't defined, and a member of a batch or
a transaction may be two writes or none. Exit condition: `_query`, `_scan`, `_extract_key_val`, `_evaluate_condition`,
`_validate_expression_attrs`, `_batch_write_item` and `_transact_write_items` of `ministack.services.dynamodb` do each.
Expressions on their own are `dynamodb_expressions`, the JSON types of values `dynamodb_shapes`, the segments of a scan
`dynamodb_scans`.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.FilterExpression.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_WriteRequest.html
"""

import json
from collections.abc import Callable
from typing import Any

from local_aws.emulator import (
    Handler,
    Response,
    dynamodb_expressions,
    dynamodb_scans,
    dynamodb_shapes,
    json_error,
    operation,
    replace_handler,
)
from local_aws.emulator.dynamodb_grammar import Expression, parse

_NOT_FETCHED = "The local DynamoDB does not fetch from the table what a local secondary index does not project"
# AWS says it of writes in the words that it has for values.
_ONE_TYPE = "must contain exactly one of the supported datatypes"
_NOT_FOR_KEYS = {"attribute_exists", "attribute_not_exists", "attribute_type", "contains"}


def install() -> None:
    """Stand before the handler of `dynamodb`, and wrap what evaluates expressions."""
    from ministack.services import dynamodb

    replace_handler("dynamodb", _before)
    dynamodb._validate_expression_attrs = _undefined_first(dynamodb._validate_expression_attrs)
    evaluate, key_of = dynamodb._evaluate_condition, dynamodb._extract_key_val
    begins_with = dynamodb._ExprEval._fn_begins_with

    def evaluate_condition(
        expression: str, item: Any, values: Any, names: Any, slot: str = "ConditionExpression"
    ) -> Any:  # fmt: skip
        try:
            return evaluate(expression, item, values, names, slot)
        except ValueError as error:
            raise ValueError(str(error).replace("Invalid UpdateExpression:", f"Invalid {slot}:")) from None

    def false_of_other_types(evaluation: Any) -> Any:
        try:
            return begins_with(evaluation)
        except ValueError as error:
            if "operator or function: begins_with" in str(error):
                return False
            raise

    def extract_key_val(value: Any) -> Any:
        found = key_of(value)
        is_number = isinstance(value, dict) and "N" in value and not str(found).isdecimal()
        return (dynamodb._ddb_canonicalize_number(found) or found) if is_number else found

    dynamodb._evaluate_condition, dynamodb._extract_key_val = evaluate_condition, extract_key_val
    dynamodb._ExprEval._fn_begins_with = false_of_other_types


def _before(handler: Handler) -> Handler:
    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Response:
        try:
            request = json.loads(body or b"{}")
            if wrong := dynamodb_shapes.wrong_type(operation(headers), request):
                return json_error("SerializationException", wrong)
            reason = refusal(operation(headers), request)
        except (ValueError, AttributeError, TypeError, KeyError):
            return json_error("SerializationException", "The request is no JSON, or a member of it is of another type")
        if reason:
            return json_error("ValidationException", reason)
        return await handler(method, path, headers, body, query)

    return handle


def _undefined_first(validate: Callable[..., Any]) -> Callable[..., Any]:
    """Tell what an expression uses without its being defined before what is defined without its being used."""

    def validated(request: dict[str, Any], fields: tuple[str, ...], *rest: Any) -> Any:
        refused = validate(request, fields, *rest)
        if refused is None or b" unused in expressions: " not in refused[2]:
            return refused
        text = " ".join(request.get(field) or "" for field in fields)
        given = {slot: request.get(slot) or {} for slot in ("ExpressionAttributeNames", "ExpressionAttributeValues")}
        used = {slot: {name: each for name, each in found.items() if name in text} for slot, found in given.items()}
        return validate({**request, **used}, fields, *rest) or refused

    return validated


def refusal(name: str, request: dict[str, Any]) -> str | None:
    """Why DynamoDB refuses a request, or None."""
    parts = list(dynamodb_expressions.requests_with_expressions(name, request))
    for slot in dynamodb_expressions.SLOTS:
        if isinstance(request.get(slot), str) and not request[slot].strip():
            return f"Invalid {slot}: The expression can not be empty;"
    if reason := _member_refusal(name, request):
        return reason
    if reason := next(filter(None, map(dynamodb_expressions.refusal, parts)), None):
        return reason
    if name == "Scan":
        return _value_refusal(request) or _index_refusal(request) or dynamodb_scans.segment_refusal(request)
    if name == "Query":
        expression = request.get("KeyConditionExpression") or ""
        return _key_condition_refusal(expression) or _filter_refusal(request) or _index_refusal(request)
    return None


def _member_refusal(name: str, request: dict[str, Any]) -> str | None:
    """Each member of a batch is one write, and each of a transaction."""
    if name == "BatchWriteItem":
        batches = [each for each in (request.get("RequestItems") or {}).values() if isinstance(each, list)]
        for member in [member for members in batches for member in members]:
            if not member:
                return f"Supplied AttributeValue is empty, {_ONE_TYPE}"
            if len(member) > 1:
                return f"Supplied AttributeValue has more than one datatypes set, {_ONE_TYPE}"
    if name == "TransactWriteItems" and any(len(member) > 1 for member in request.get("TransactItems") or []):
        return "TransactItems can only contain one of Check, Put, Update or Delete"
    return None


def _value_refusal(request: dict[str, Any]) -> str | None:
    from ministack.services import dynamodb

    values = (request.get("ExpressionAttributeValues") or {}).values()
    reasons = [reason for value in values if (reason := dynamodb._attribute_value_error(value))]
    return reasons[0] if reasons else None


def _index_refusal(request: dict[str, Any]) -> str | None:
    """What is asked of an index that doesn't project it."""
    from ministack.services import dynamodb

    table = dynamodb._tables.get(dynamodb._normalize_table_name(request.get("TableName")))
    name = request.get("IndexName")
    index = dynamodb._index_def(table, name) if table and name else None
    if not index or (index.get("Projection") or {}).get("ProjectionType", "ALL") == "ALL":
        return None
    is_global = index in table["GlobalSecondaryIndexes"]
    invalid = "One or more parameter values were invalid:"
    if request.get("Select") == "ALL_ATTRIBUTES":
        wrong = f"Select type ALL_ATTRIBUTES is not supported for global secondary index {name} because its projection type is not ALL"  # noqa: E501
        return f"{invalid} {wrong}" if is_global else _NOT_FETCHED
    projected = dynamodb._apply_index_projection(dict.fromkeys(asked := _asked(request)), table, name)
    missing = [each for each in asked if each not in projected]
    if not missing:
        return None
    unprojected = f"Global secondary index {name} does not project [{', '.join(missing)}]"
    return f"{invalid} {unprojected}" if is_global else _NOT_FETCHED


def _asked(request: dict[str, Any]) -> list[str]:
    """The attributes that a request asks for by name."""
    names = request.get("ExpressionAttributeNames") or {}
    parsed = parse("ProjectionExpression", request.get("ProjectionExpression") or "")
    paths = parsed.paths if isinstance(parsed, Expression) else ()
    return [names.get(path[0], path[0]) for path in paths] + list(request.get("AttributesToGet") or [])


def _key_condition_refusal(expression: str) -> str | None:
    from ministack.services.dynamodb import _tokenize

    tokens = _tokenize(expression)
    for at, (token, text) in enumerate(tokens):
        if token == "NE" or (token == "IDENT" and text.upper() in ("OR", "NOT", "IN")):
            return f"Invalid operator used in KeyConditionExpression: {text.upper()}"
        if token == "IDENT" and tokens[at + 1][0] == "LPAREN" and text in _NOT_FOR_KEYS:
            return f"Invalid operator used in KeyConditionExpression: {text}"
        if token == "IDENT" and tokens[at + 1][0] == "LPAREN" and text == "size":
            return "KeyConditionExpressions cannot contain nested operations"
    return None


def _filter_refusal(request: dict[str, Any]) -> str | None:
    """A filter is for what the key condition can't tell: the keys of the table, or of the index that is asked."""
    from ministack.services import dynamodb

    table = dynamodb._tables.get(dynamodb._normalize_table_name(request.get("TableName")))
    asked = dynamodb._index_def(table, request["IndexName"]) if table and request.get("IndexName") else table
    keys = {each["AttributeName"] for each in (asked or {}).get("KeySchema") or []}
    names = request.get("ExpressionAttributeNames") or {}
    tokens = dynamodb._tokenize(request.get("FilterExpression") or "")
    for at, (token, text) in enumerate(tokens):
        begins_path = token in ("IDENT", "NAME_REF") and (not at or tokens[at - 1][0] != "DOT")
        if begins_path and tokens[at + 1][0] != "LPAREN" and (name := names.get(text, text)) in keys:
            return (
                f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {name}"
            )  # fmt: skip
    return None
