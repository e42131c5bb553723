"""What an update writes, and the updates that DynamoDB refuses when it knows the item and its table.

Seen in ministack 1.5.33: `REMOVE l[1], l[2]` takes the second element off what the first removal left, `SET l[9] = :a,
l[8] = :b` adds to the end of a list in that order, sums keep 28 digits of the 38, paths lead into values that are
neither map nor list or aren't there, `list_append` and arithmetic take operands of any type, a section may be in an
update twice (the last one is carried out), the key is changed by a transaction, by AttributeUpdates and by PartiQL, and
a transaction puts items without it. Exit condition: `_apply_update_expression`, `_transact_write_items`, `_update_item`
and `_partiql_update` of `ministack.services.dynamodb` do each.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

import decimal
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from local_aws.emulator import Handler, Response, json_error, operation, replace_handler
from local_aws.emulator.dynamodb_expressions import requests_with_expressions, resolved
from local_aws.emulator.dynamodb_grammar import Expression, Path, parse

# The sum of any two numbers from 1E-130 to 9.9E+125 is exact; what is too long for DynamoDB is refused after that.
DIGITS = 300
_WRONG_PATH = "The document path provided in the update expression is invalid for update"
Tokens = list[tuple[str, str]]


def install() -> None:
    """Refuse changes of the key before ministack's handler, and wrap what carries an update out."""
    from ministack.services import dynamodb

    replace_handler("dynamodb", _before)
    dynamodb._apply_update_expression = _checked(dynamodb._apply_update_expression)
    dynamodb._eval_set_value = _typed(dynamodb._eval_set_value)
    dynamodb._apply_remove = _from_the_last(dynamodb._apply_remove)
    dynamodb._apply_set = _from_the_first(dynamodb._apply_set)
    mismatch, update_by_partiql = dynamodb._key_type_mismatch_reason, dynamodb._partiql_update

    def key_type_mismatch_reason(table: Any, attributes: Any) -> Any:
        for key in _keys(table):
            if isinstance(attributes, dict) and key not in attributes:
                return f"One or more parameter values were invalid: Missing the key {key} in the item"
        return mismatch(table, attributes)

    def partiql_update(table: Any, parsed: Any, *rest: Any) -> Response:
        changed = [parts[0] for parts, _ in parsed.get("assignments") or []]
        changed += [parts[0] for parts in parsed.get("removes") or []]
        if reason := _change_of_key(table, changed):
            return json_error("ValidationException", reason)
        if parsed.get("assignments"):
            parsed["assignments"].sort(key=lambda assignment: _place(assignment[0]))
        answer: Response = update_by_partiql(table, parsed, *rest)
        return answer

    dynamodb._key_type_mismatch_reason, dynamodb._partiql_update = key_type_mismatch_reason, partiql_update


def _before(handler: Handler) -> Handler:
    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Response:
        name = operation(headers)
        reason = _key_change(name, json.loads(body)) if name in ("UpdateItem", "TransactWriteItems") else None
        if reason:
            return json_error("ValidationException", reason)
        with decimal.localcontext(prec=DIGITS):
            return await handler(method, path, headers, body, query)

    return handle


def _checked(apply: Callable[..., Any]) -> Callable[..., Any]:
    """Require the parents of what is changed to be there, and what is added up to be a number for DynamoDB."""

    def apply_update_expression(item: Any, expression: str, values: Any, names: Any, *rest: Any) -> Any:
        from ministack.services import dynamodb

        _require_single_sections(dynamodb._tokenize(expression))
        targets = _targets(expression, names)
        for clause, path in targets:
            _require_parent(clause, path, item)
        changed, attributes = apply(item, expression, values, names, *rest)
        for clause, path in targets:
            number = (dynamodb._get_at_path(changed, path) or {}).get("N") if clause == "ADD" else None
            if number is not None and (wrong := dynamodb._number_error(number)):
                raise ValueError(wrong)
        return changed, attributes

    return apply_update_expression


def _typed(value_of: Callable[..., Any]) -> Callable[..., Any]:
    """Require the attributes that an operator is applied to, to be of its type."""

    def eval_set_value(tokens: Tokens, item: Any, values: Any, names: Any) -> Any:
        kind, operands = _operation(tokens)
        for each in operands:
            if next(iter(eval_set_value(each, item, values, names) or {}), "") != kind:
                raise ValueError("An operand in the update expression has an incorrect data type")
        return value_of(tokens, item, values, names)

    return eval_set_value


def _from_the_last(remove: Callable[..., Any]) -> Callable[..., Any]:
    """Remove from the last element of a list to the first, so that each is where it was before the update."""

    def apply_remove(item: Any, tokens: Tokens, names: Any, updated: Any) -> None:
        from ministack.services import dynamodb

        parts = dynamodb._split_by_comma(tokens)
        for part in sorted(parts, key=lambda each: _place(dynamodb._parse_path_from_tokens(each, names)), reverse=True):
            remove(item, part, names, updated)

    return apply_remove


def _from_the_first(assign: Callable[..., Any]) -> Callable[..., Any]:
    """Set the elements of a list in their order, since those beyond its end are added to it one after the other."""

    def apply_set(item: Any, tokens: Tokens, values: Any, names: Any, updated: Any) -> None:
        from ministack.services import dynamodb

        def path(part: Tokens) -> list[tuple[bool, str | int]]:
            equals = next((at for at, (token, _) in enumerate(part) if token == "EQ"), len(part))
            return _place(dynamodb._parse_path_from_tokens(part[:equals], names))

        parts = sorted(dynamodb._split_by_comma(tokens), key=path)
        assign(item, [token for part in parts for token in [*part, ("COMMA", ",")]], values, names, updated)

    return apply_set


def _key_change(name: str, request: dict[str, Any]) -> str | None:
    """Why DynamoDB refuses an update's changes of key attributes, or None."""
    from ministack.services import dynamodb

    for each in requests_with_expressions(name, request):
        table = dynamodb._tables.get(dynamodb._normalize_table_name(each.get("TableName")))
        names = each.get("ExpressionAttributeNames") or {}
        changed = [path[0] for _, path in _targets(each.get("UpdateExpression") or "", names)]
        if table and (reason := _change_of_key(table, changed + list(each.get("AttributeUpdates") or {}))):
            return reason
    return None


def _change_of_key(table: dict[str, Any], changed: list[Any]) -> str | None:
    for key in _keys(table):
        if key in changed:
            return f"One or more parameter values were invalid: Cannot update attribute {key}. This attribute is part of the key"  # noqa: E501
    return None


def _keys(table: dict[str, Any]) -> list[str]:
    return [key for key in (table["pk_name"], table["sk_name"]) if key]


def _targets(expression: str, names: dict[str, str]) -> list[tuple[str, Path]]:
    parsed = parse("UpdateExpression", expression)
    targets = parsed.targets if isinstance(parsed, Expression) else []
    return [(clause, resolved(path, names)) for clause, path in targets]


def _require_parent(clause: str, path: Path, item: dict[str, Any]) -> None:
    """What is nested is set in a map or a list that is there; nothing is taken from another value."""
    from ministack.services import dynamodb

    if len(path) == 1:
        return
    parent = dynamodb._get_at_path(item, list(path[:-1]))
    kind = "L" if isinstance(path[-1], int) else "M"
    if kind not in (parent or {}) and (parent or clause in ("SET", "ADD")):
        raise ValueError(_WRONG_PATH)


def _place(path: list[str | int]) -> list[tuple[bool, str | int]]:
    """By which paths are sorted though their parts are texts and numbers."""
    return [(isinstance(part, int), part) for part in path]


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


def _operation(tokens: Tokens) -> tuple[str, list[Tokens]]:
    """The type that the operands of a SET value must have, and these; none if it is a plain value."""
    from ministack.services.dynamodb import _find_matching_paren, _split_by_comma

    if tokens and tokens[0][0] == "LPAREN" and _find_matching_paren(tokens, 0) == len(tokens) - 1:
        return _operation(tokens[1:-1])
    depth = 0
    for at, (token, _) in enumerate(tokens):
        depth += (token == "LPAREN") - (token == "RPAREN")
        if token in ("PLUS", "MINUS") and not depth and at:
            return "N", [tokens[:at], tokens[at + 1 :]]
    if len(tokens) > 2 and tokens[0] == ("IDENT", "list_append") and tokens[1][0] == "LPAREN":
        return "L", _split_by_comma(tokens[2:-1])
    return "", []
