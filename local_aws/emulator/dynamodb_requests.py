"""Expressions and keys that DynamoDB refuses.

Seen in ministack 1.5.33: a filter of Query may name the key, a key condition may use OR and the like, an empty
expression counts as none, `list_append` and arithmetic take operands of any type, a section may be in an update twice
(the last one is carried out), 1 and 1.0 are two keys, and some faults of a condition are said to be of an
UpdateExpression. Exit condition: `_query`, `_apply_update_expression`, `_eval_set_value`, `_extract_key_val` and
`_evaluate_condition` of `ministack.services.dynamodb` refuse each.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.FilterExpression.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

import json
from collections import Counter
from typing import Any

from local_aws.emulator import Handler, Response, json_error, operation, replace_handler

_SLOTS = (
    "ConditionExpression", "FilterExpression", "KeyConditionExpression", "ProjectionExpression", "UpdateExpression",
)  # fmt: skip
_NOT_FOR_KEYS = {"attribute_exists", "attribute_not_exists", "attribute_type", "contains"}
_MISMATCH = (
    "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: {}, "
    "operand type: {}"
)
Tokens = list[tuple[str, str]]


def install() -> None:
    """Stand before the handler of `dynamodb`, and wrap what evaluates expressions."""
    from ministack.services import dynamodb

    def wrap(handler: Handler) -> Handler:
        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Response:
            try:
                request = json.loads(body or b"{}")
                reason = refusal(operation(headers), request) if isinstance(request, dict) else None
            except ValueError:
                reason = None  # which ministack has its own answer to
            return json_error("ValidationException", reason) if reason else await handler(method, path, headers, body, query)  # noqa: E501  # fmt: skip

        return handle

    replace_handler("dynamodb", wrap)
    evaluate, apply = dynamodb._evaluate_condition, dynamodb._apply_update_expression
    value_of, key_of = dynamodb._eval_set_value, dynamodb._extract_key_val

    def evaluate_condition(
        expression: str, item: Any, values: Any, names: Any, slot: str = "ConditionExpression"
    ) -> Any:  # fmt: skip
        try:
            return evaluate(expression, item, values, names, slot)
        except ValueError as error:
            raise ValueError(str(error).replace("Invalid UpdateExpression:", f"Invalid {slot}:")) from None

    def apply_update_expression(item: Any, expression: str, *rest: Any) -> Any:
        _require_single_sections(dynamodb._tokenize(expression))
        return apply(item, expression, *rest)

    def eval_set_value(tokens: Tokens, item: Any, values: Any, names: Any) -> Any:
        operator, kind, operands = _operation(tokens)
        for each in operands:
            found = next(iter(eval_set_value(each, item, values, names) or {}), "")
            if found != kind and [token for token, _ in each] == ["VALUE_REF"]:
                raise ValueError(_MISMATCH.format(operator, found))
            if found != kind:
                raise ValueError("An operand in the update expression has an incorrect data type")
        return value_of(tokens, item, values, names)

    def extract_key_val(value: Any) -> Any:
        found = key_of(value)
        is_number = isinstance(value, dict) and "N" in value and not str(found).isdecimal()
        return (dynamodb._ddb_canonicalize_number(found) or found) if is_number else found

    dynamodb._evaluate_condition, dynamodb._apply_update_expression = evaluate_condition, apply_update_expression
    dynamodb._eval_set_value, dynamodb._extract_key_val = eval_set_value, extract_key_val


def refusal(name: str, request: dict[str, Any]) -> str | None:
    """Why DynamoDB refuses a request, or None."""
    for slot in _SLOTS:
        if isinstance(request.get(slot), str) and not request[slot].strip():
            return f"Invalid {slot}: The expression can not be empty;"
    if name != "Query":
        return None
    return _key_condition_refusal(request.get("KeyConditionExpression") or "") or _filter_refusal(request)


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


def _require_single_sections(tokens: Tokens) -> None:
    sections = Counter(
        text.upper()
        for token, text in tokens
        if token == "IDENT" and text.upper() in ("SET", "REMOVE", "ADD", "DELETE")
    )
    for section, times in sections.items():
        if times > 1:
            raise ValueError(
                f'Invalid UpdateExpression: The "{section}" section can only be used once in an update expression;'
            )


def _operation(tokens: Tokens) -> tuple[str, str, list[Tokens]]:
    """The operator of a SET value, the type its operands must have, and its operands; none if it is a plain value."""
    from ministack.services.dynamodb import _find_matching_paren, _split_by_comma

    if tokens and tokens[0][0] == "LPAREN" and _find_matching_paren(tokens, 0) == len(tokens) - 1:
        return _operation(tokens[1:-1])
    depth = 0
    for at, (token, text) in enumerate(tokens):
        depth += (token == "LPAREN") - (token == "RPAREN")
        if token in ("PLUS", "MINUS") and not depth and at:
            return text, "N", [tokens[:at], tokens[at + 1 :]]
    if len(tokens) > 2 and tokens[0] == ("IDENT", "list_append") and tokens[1][0] == "LPAREN":
        return "list_append", "L", _split_by_comma(tokens[2:-1])
    return "", "", []
