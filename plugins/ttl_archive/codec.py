"""A DynamoDB item as one line of JSON, and back, exactly.

>>> encode({"id": {"S": "a"}, "n": {"N": "12345678901234567890.5"}, "tags": {"SS": ["y", "x"]}})
b'{"_dynamodb_types":{"tags":"SS"},"id":"a","n":12345678901234567890.5,"tags":["x","y"]}\\n'

S, N, BOOL, NULL, M and L are JSON's own string, number, boolean, null, object and array; N keeps DynamoDB's own digits.
What JSON can't tell apart is named in the reserved field ``_dynamodb_types``, a tree with the shape of the item whose
leaves are ``B``, ``SS``, ``NS`` or ``BS`` (or ``N`` for a number whose text isn't JSON, kept as a string). An item that
owns an attribute of the reserved name keeps it inside the tree, as DynamoDB JSON.

Items come and go as the wire's JSON (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/
Programming.LowLevelAPI.html): numbers are strings, binary is base64.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

RESERVED = "_dynamodb_types"
Item = dict[str, dict[str, Any]]

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?").fullmatch
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
_Fragment = orjson.Fragment


class _NumberText(str):
    """The digits of a JSON number, which a float would lose."""

    __slots__ = ()


def encode(item: Item) -> bytes:
    """The item's line, newline included: keys and set members sorted, the same item always the same bytes.

    :raises ValueError: for a type that DynamoDB doesn't have.
    """
    plain: dict[str, Any] = {}
    types: dict[str, Any] = {}
    for name, typed in item.items():
        for kind, value in typed.items():
            if kind == "S":
                plain[name] = value
            elif kind == "N" and _JSON_NUMBER(value):
                plain[name] = _Fragment(value)
            else:
                plain[name], tree = _plain(kind, value)
                if tree is not None:
                    types[name] = tree
    if RESERVED in plain:
        del plain[RESERVED]
        types[RESERVED] = item[RESERVED]
    if types:
        plain[RESERVED] = types
    return orjson.dumps(plain, option=_OPTIONS)


def _plain(kind: str, value: Any) -> tuple[Any, Any]:
    """A typed value as plain JSON, and its part of the tree (None where JSON says it all)."""
    match kind:
        case "S" | "BOOL":
            return value, None
        case "N":
            return (_Fragment(value), None) if _JSON_NUMBER(value) else (value, "N")
        case "NULL":
            return None, None
        case "M":
            entries = {name: _typed(typed) for name, typed in value.items()}
            tree = {name: types for name, (_, types) in entries.items() if types is not None}
            return {name: plain for name, (plain, _) in entries.items()}, tree or None
        case "L":
            members = [_typed(typed) for typed in value]
            tree = {str(number): types for number, (_, types) in enumerate(members) if types is not None}
            return [plain for plain, _ in members], tree or None
        case "B":
            return value, "B"
        case "SS" | "BS":
            return sorted(value), kind
        case "NS":
            if all(_JSON_NUMBER(text) for text in value):
                return [_Fragment(text) for text in sorted(value)], "NS"
            return sorted(value), "NS"
    raise ValueError(f"unknown DynamoDB type {kind!r}; expected S, N, B, BOOL, NULL, M, L, SS, NS or BS")


def _typed(typed: dict[str, Any]) -> tuple[Any, Any]:
    ((kind, value),) = typed.items()
    return _plain(kind, value)


def decode(line: bytes) -> Item:
    """The item that ``encode`` wrote; set members come sorted.

    :raises ValueError: if the line isn't a JSON object.
    """
    plain = json.loads(line, parse_int=_NumberText, parse_float=_NumberText)
    if not isinstance(plain, dict):
        raise ValueError(f"a line must be a JSON object, found {type(plain).__name__}")
    types = plain.pop(RESERVED, {})
    own = types.pop(RESERVED, None)
    item = {name: _restored(value, types.get(name)) for name, value in plain.items()}
    if own is not None:
        item[RESERVED] = own
    return item


def _restored(value: Any, tree: Any) -> dict[str, Any]:
    """A plain value as typed JSON; ``tree`` is its part of the reserved field, or None."""
    if isinstance(tree, str):
        return {tree: [str(member) for member in value] if isinstance(value, list) else str(value)}
    types = tree or {}
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case _NumberText():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case dict():
            return {"M": {name: _restored(member, types.get(name)) for name, member in value.items()}}
        case _:
            return {"L": [_restored(member, types.get(str(number))) for number, member in enumerate(value)]}
