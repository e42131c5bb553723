"""The expressions of GetPartitions, such as `year = '2025' AND month BETWEEN 1 AND 3`.

A key is compared with literals, whose texts are read as the key's type. No value is NULL: Hive's name for it is a text.
https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html#Glue-GetPartitions-request-Expression
https://github.com/aws/aws-sdk/issues/670
"""

import operator
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp

from local_aws.athena.errors import InvalidRequest
from local_aws.athena.parsing import parse

Holds = Callable[[dict[str, str]], bool]
_COMPARISONS: dict[type[exp.Expr], Callable[[Any, Any], bool]] = {
    exp.EQ: operator.eq, exp.NEQ: operator.ne, exp.GT: operator.gt, exp.GTE: operator.ge, exp.LT: operator.lt,
    exp.LTE: operator.le,
}  # fmt: skip
_TURNED = {operator.gt: operator.lt, operator.ge: operator.le, operator.lt: operator.gt, operator.le: operator.ge}


class Refused(ValueError):
    """The text of Glue's InvalidInputException."""


class WrongValue(ValueError):
    """A partition's value is none of its key's type: the text of Glue's InvalidStateException."""


class _Unsupported(Exception):
    """The expression has something else than Glue's operators on a key and literals."""


def matching(table: dict[str, Any], found: list[dict[str, Any]], expression: str) -> list[dict[str, Any]]:
    """The partitions of a table for which the expression holds."""
    keys = {key["Name"].lower(): str(key.get("Type", "string")).lower() for key in table.get("PartitionKeys") or []}
    holds = _condition(_parsed(expression), keys, expression)
    return [item for item in found if holds(dict(zip(keys, item["Values"], strict=True)))]


def _parsed(expression: str) -> exp.Expr:
    try:
        tree = parse(f"SELECT * FROM p WHERE {expression}")
    except InvalidRequest as error:
        # Nothing else of the message: it has places in a statement that nobody wrote.
        near = re.search(r"mismatched input '.*'$", str(error))
        raise Refused(f"Unsupported expression '{expression}'" + (f": {near[0]}" if near else "")) from error
    others = {name for name, value in tree.args.items() if value} - {"expressions", "from_", "where"}
    if not isinstance(tree, exp.Select) or others or not tree.args.get("where"):
        raise Refused(f"Unsupported expression '{expression}'")
    return tree.args["where"].this


def _condition(tree: exp.Expr, keys: dict[str, str], expression: str) -> Holds:
    try:
        return _holds(tree, keys)
    except _Unsupported:
        raise Refused(f"Unsupported expression '{expression}'") from None


def _holds(node: exp.Expr, keys: dict[str, str]) -> Holds:
    """What a condition says of the values of a partition's keys."""
    if isinstance(node, exp.Paren):
        return _holds(node.this, keys)
    if isinstance(node, exp.Not):
        inner = _holds(node.this, keys)
        return lambda values: not inner(values)
    if isinstance(node, (exp.And, exp.Or)):
        left, right = _holds(node.left, keys), _holds(node.right, keys)
        if isinstance(node, exp.And):
            return lambda values: left(values) and right(values)
        return lambda values: left(values) or right(values)
    escape = _text(node.expression) if isinstance(node, exp.Escape) else ""
    like = node.this if isinstance(node, exp.Escape) else node
    if isinstance(like, exp.Like):
        name, pattern = _like(like, keys, escape)
        return lambda values: (pattern.fullmatch(values[name]) is None) == bool(like.args.get("negate"))
    return _compared(node, keys)


def _compared(node: exp.Expr, keys: dict[str, str]) -> Holds:
    compare = _COMPARISONS.get(type(node))
    if compare is not None and isinstance(node.expression.unnest(), exp.Column):
        name, kind = _key(node.expression, keys)
        literal, turned = _read(kind, _text(node.this)), _TURNED.get(compare, compare)
        return lambda values: turned(_value(kind, values[name]), literal)
    name, kind = _key(node.this, keys)
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return lambda values: False
    if isinstance(node, exp.Between):
        low, high = (_read(kind, _text(node.args[each])) for each in ("low", "high"))
        return lambda values: low <= _value(kind, values[name]) <= high
    if isinstance(node, exp.In) and not node.args.get("query"):
        listed = [_read(kind, _text(each)) for each in node.expressions]
        return lambda values: _value(kind, values[name]) in listed
    if compare is None:
        raise _Unsupported
    literal = _read(kind, _text(node.expression))
    return lambda values: compare(_value(kind, values[name]), literal)


def _like(node: exp.Like, keys: dict[str, str], escape: str) -> tuple[str, re.Pattern[str]]:
    """The key, and the pattern of LIKE as a regular expression."""
    name, kind = _key(node.this, keys)
    if _READERS[kind] is not str:
        family = "Integral" if _READERS[kind] is _integer else kind.title()
        raise Refused(f"{family} data type doesn't support operation 'LIKE'")
    text, wanted, position = _text(node.expression), "", 0
    while position < len(text):
        if text[position] == escape and position + 1 < len(text):
            position += 1
            wanted += re.escape(text[position])
        else:
            wanted += {"%": ".*", "_": "."}.get(text[position], re.escape(text[position]))
        position += 1
    return name, re.compile(wanted, re.DOTALL)


def _key(node: Any, keys: dict[str, str]) -> tuple[str, str]:
    """The name and the type, without its size, of the key that a side of a comparison is."""
    node = node.unnest() if isinstance(node, exp.Expr) else node
    if not isinstance(node, exp.Column):
        raise _Unsupported
    name = node.name.lower()
    if name not in keys:
        raise Refused(f"Unknown column '{node.name}'")
    kind = keys[name].partition("(")[0].strip()
    if kind not in _READERS:
        raise Refused(f"Unknown type : '{keys[name]}'")
    return name, kind


def _text(node: Any) -> str:
    """The text of a literal; dates and timestamps may be written with their type before it."""
    if isinstance(node, exp.Literal):
        return str(node.name)
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return f"-{node.this.name}"
    if isinstance(node, exp.Paren):
        return _text(node.this)
    typed = isinstance(node, exp.Cast) and "cast" not in node.meta and isinstance(node.this, exp.Literal)
    if typed and node.to.this in (exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP):
        return str(node.this.name)
    raise _Unsupported


def _read(kind: str, text: str) -> Any:
    """A literal as the type of the key that it is compared with."""
    try:
        return _READERS[kind](text)
    except ValueError as error:
        raise Refused(str(error)) from error


def _value(kind: str, text: str) -> Any:
    try:
        return _READERS[kind](text)
    except ValueError as error:
        raise WrongValue(str(error)) from error


def _integer(text: str) -> int:
    if not re.fullmatch(r"[-+]?[0-9]+", text):
        raise ValueError(f'For input string: "{text}" is not an integer.')
    return int(text)


def _decimal(text: str) -> Decimal:
    if not re.fullmatch(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?", text):
        raise ValueError(f"{text} is not a decimal.")
    return Decimal(text)


def _date(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - Hive's have no time zone
    except ValueError:
        raise ValueError(f"{text} is not a date.") from None


def _timestamp(text: str) -> tuple[datetime, str]:
    """To the second, and the digits after it: there may be nine of them."""
    second, _, fraction = text.partition(".")
    try:
        if re.fullmatch(r"[0-9]{0,9}", fraction):
            return datetime.strptime(second, "%Y-%m-%d %H:%M:%S"), fraction.ljust(9, "0")  # noqa: DTZ007
    except ValueError:
        pass
    raise ValueError(f"Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff] {text} is not a timestamp.")


_READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("string", "char", "varchar"), str),
    **dict.fromkeys(("tinyint", "smallint", "int", "integer", "bigint", "long"), _integer),
    "decimal": _decimal, "date": _date, "timestamp": _timestamp,
}  # fmt: skip
