"""Expressions held against DynamoDB's grammar and rules before an item is read.

Seen in ministack 1.5.33: an update takes signs and words that belong to none, clauses without their half, sums of three
and paths that overlap; a condition takes unknown functions, functions and operators of any operands, more than there
may be, and is looked at only where there is an item; a projection takes empty paths; names need no `#`; a Scan takes
numbers that are none, and every operation empty sets. Exit condition: `_apply_update_expression`,
`_evaluate_condition`, `_project_item` and `_validate_expression_attrs` of `ministack.services.dynamodb` refuse each.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
"""

from collections.abc import Iterator
from typing import Any

from local_aws.emulator.dynamodb_grammar import Expression, Operand, Path, Use, parse

SLOTS = (
    "ConditionExpression", "FilterExpression", "KeyConditionExpression", "ProjectionExpression", "UpdateExpression",
)  # fmt: skip
MOST_BYTES = 4096
MOST_OPERATORS = 300
MOST_CHOICES = 100
TYPES = ("B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M")
_ORDERED = ("S", "N", "B")
_OPERANDS = {
    "attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2, "begins_with": 2, "contains": 2, "size": 1,
    "if_not_exists": 2, "list_append": 2,
}  # fmt: skip
_OF_UPDATES = ("if_not_exists", "list_append")
# Which types of a value an operator takes, where it doesn't take all.
_TAKES = {
    **dict.fromkeys(("<", "<=", ">", ">=", "BETWEEN"), _ORDERED),
    "begins_with": ("S", "B"), "attribute_type": ("S",), "size": ("S", "B", "SS", "NS", "BS", "L", "M"),
    "list_append": ("L",), "+": ("N",), "-": ("N",),
}  # fmt: skip
_ON_PATHS = ("attribute_exists", "attribute_not_exists", "if_not_exists")
_EMPTY_SETS = {
    "SS": "An string set  may not be empty", "NS": "An number set  may not be empty",
    "BS": "Binary sets should not be empty",
}  # fmt: skip
Values = dict[str, Any]
Names = dict[str, str]


def requests_with_expressions(operation: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The parts of a request that have expressions with their names and values: mostly the request itself."""
    if operation == "BatchGetItem":
        found = list((request.get("RequestItems") or {}).values())
    elif operation in ("TransactWriteItems", "TransactGetItems"):
        found = [each for member in request.get("TransactItems") or [] for each in member.values()]
    else:
        found = [request]
    yield from (each for each in found if isinstance(each, dict))


def refusal(request: dict[str, Any]) -> str | None:
    """Why DynamoDB refuses the names, the values or an expression of one part of a request, or None."""
    names, values = request.get("ExpressionAttributeNames") or {}, request.get("ExpressionAttributeValues") or {}
    for slot, sign, given in (("ExpressionAttributeNames", "#", names), ("ExpressionAttributeValues", ":", values)):
        for key in given:
            if len(key) < 2 or key[0] != sign:
                return f'{slot} contains invalid key: Syntax error; key: "{key}"'
    for key, value in values.items():
        if reason := _empty_set(value):
            return f"ExpressionAttributeValues contains invalid value: {reason} for key {key}"
    for slot in SLOTS:
        text = request.get(slot)
        # A text that is empty or too long has an error of its own.
        if isinstance(text, str) and text.strip() and len(text.encode()) <= MOST_BYTES:
            parsed = parse(slot, text)
            reason = parsed if isinstance(parsed, str) else _reason(slot, parsed, names, values)
            if reason:
                return f"Invalid {slot}: {reason}"
    return None


def resolved(path: Path, names: Names) -> Path:
    """A path with the names that its `#` stand for."""
    return tuple(names.get(part, part) if isinstance(part, str) else part for part in path)


def shown(path: Path) -> str:
    return f"[{', '.join(f'[{part}]' if isinstance(part, int) else part for part in path)}]"


def _empty_set(value: Any) -> str | None:
    kind, content = next(iter(value.items()), ("", None)) if isinstance(value, dict) else ("", None)
    if kind in _EMPTY_SETS and content == []:
        return f"One or more parameter values were invalid: {_EMPTY_SETS[kind]}"
    members = content.values() if kind == "M" and isinstance(content, dict) else content if kind == "L" else ()
    return next(filter(None, map(_empty_set, members or ())), None)


def _reason(slot: str, expression: Expression, names: Names, values: Values) -> str | None:
    return (
        _unknown_function(slot, expression)
        or _misused_function(expression)
        or _reserved(expression)
        or _overlap(expression, names)
        or _too_many(expression)
        or next(filter(None, (_use_refusal(use, names, values) for use in expression.uses)), None)
    )


def _unknown_function(slot: str, expression: Expression) -> str | None:
    kind = "an update expression" if slot == "UpdateExpression" else "a condition expression"
    operators = [use.operator for use in expression.uses]
    for name in [each for each in operators if each.isidentifier() and each not in ("BETWEEN", "IN")]:
        if name not in _OPERANDS:
            return f"Invalid function name; function: {name}"
        if (name in _OF_UPDATES) != (slot == "UpdateExpression"):
            return f"The function is not allowed in {kind}; function: {name}"
    return None


def _misused_function(expression: Expression) -> str | None:
    """A size is no condition, and a condition is no operand."""
    nested = [
        operand.operator for use in expression.uses for operand in use.operands if isinstance(operand, Use)
    ]  # fmt: skip
    wrong = [name for name in expression.predicates if name == "size"]
    wrong += [name for name in nested if name not in ("size", *_OF_UPDATES)]
    return f"The function is not allowed to be used this way in an expression; function: {wrong[0]}" if wrong else None


def _reserved(expression: Expression) -> str | None:
    from ministack.services._dynamodb_keywords import AWS_KEYWORDS

    for part in [part for path in expression.paths for part in path if isinstance(part, str)]:
        if part.upper() in AWS_KEYWORDS:
            return f"Attribute name is a reserved keyword; reserved keyword: {part}"
    return None


def _overlap(expression: Expression, names: Names) -> str | None:
    """Of what an update changes, no path may be another one or lead through it, nor may one take for a list what
    another one takes for a map."""
    paths = [resolved(path, names) for _, path in expression.targets]
    for number, later in enumerate(paths):
        for earlier in paths[:number]:
            pairs = list(zip(earlier, later, strict=False))
            differing = next((pair for pair in pairs if pair[0] != pair[1]), None)
            if differing and isinstance(differing[0], int) == isinstance(differing[1], int):
                continue
            return (
                f"Two document paths {'conflict' if differing else 'overlap'} with each other; must remove or rewrite "
                f"one of these paths; path one: {shown(earlier)}, path two: {shown(later)}"
            )
    return None


def _too_many(expression: Expression) -> str | None:
    if (count := len(expression.uses)) > MOST_OPERATORS:
        return f"The expression contains too many operators; operator count: {count}"
    for use in expression.uses:
        if use.operator == "IN" and (count := len(use.operands) - 1) > MOST_CHOICES:
            return f"The IN operator is provided with too many operands; number of operands: {count}"
    return None


def _use_refusal(use: Use, names: Names, values: Values) -> str | None:
    """Why an operator or function doesn't take its operands, or None."""
    operator, operands = use.operator, use.operands
    if len(operands) != _OPERANDS.get(operator, len(operands)):
        return _about("number", operator, "number of operands", str(len(operands)))
    paths = [resolved(each, names) if isinstance(each, tuple) else None for each in operands]
    compares = len(paths) > 1 and operator not in ("BETWEEN", "IN", "+", "-", *_OF_UPDATES)
    if compares and paths[0] and paths[0] == paths[1]:
        return (
            "The first operand must be distinct from the remaining operands for this operator or function; "
            f"operator: {operator}, first operand: {shown(paths[0])}"
        )
    if operator in _ON_PATHS and paths[0] is None:
        return f"Operator or function requires a document path; operator or function: {operator}"
    return _type_refusal(operator, operands, values)


def _type_refusal(operator: str, operands: tuple[Operand, ...], values: Values) -> str | None:
    kinds = [_type(each, values) for each in operands]
    checked = kinds[1:] if operator == "attribute_type" else kinds
    for kind in checked:
        if kind and kind not in _TAKES.get(operator, TYPES):
            return _about("type", operator, "operand type", kind)
    if operator == "attribute_type":
        if not isinstance(operands[1], str):
            return _about("type", operator, "operand type", f"{{{','.join(TYPES)}}}")
        name = (values.get(operands[1]) or {}).get("S")
        if name is not None and name not in TYPES:
            return f"Invalid attribute type name found; type: {name}, valid types: {{{','.join(TYPES)}}}"
    if operator == "BETWEEN" and kinds[1] and kinds[2] and kinds[1] != kinds[2]:
        bounds = zip(kinds[1:], operands[1:], strict=True)
        low, high = (f"AttributeValue: {{{kind}:{values[str(each)][kind]}}}" for kind, each in bounds)
        return (
            "The BETWEEN operator requires same data type for lower and upper bounds; "
            f"lower bound operand: {low}, upper bound operand: {high}"
        )
    return None


def _type(operand: Operand, values: Values) -> str | None:
    """The type of a value or of a size; that of an attribute is known only with an item."""
    if isinstance(operand, Use):
        return "N" if operand.operator == "size" else None
    found = values.get(operand) if isinstance(operand, str) else None
    return next(iter(found), None) if isinstance(found, dict) else None


def _about(what: str, operator: str, label: str, found: str) -> str:
    wrong = "Incorrect number of operands" if what == "number" else "Incorrect operand type"
    return f"{wrong} for operator or function; operator or function: {operator}, {label}: {found}"
