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

JSON_NUMBER = r"-?(?:[1-9][0-9]*+|0)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+"
_is_json_number = re.compile(JSON_NUMBER).fullmatch
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
_Fragment = orjson.Fragment
_dumps = orjson.dumps


class _NumberText(str):
    """The digits of a JSON number, which a float would lose."""

    __slots__ = ()


def encode(item: Item) -> bytes:
    """The item's line, newline included: keys and set members sorted, the same item always the same bytes.

    :raises ValueError: for a type that DynamoDB doesn't have.
    """
    plain, types = _map(item)
    if RESERVED in plain:
        del plain[RESERVED]
        types = {**(types or {}), RESERVED: item[RESERVED]}
    if types:
        plain[RESERVED] = types
    return _dumps(plain, None, _OPTIONS)


def plain_value(kind: str, value: Any) -> tuple[Any, Any]:
    """A value as plain JSON, and its part of the tree, None where JSON says it all.

    :raises ValueError: for a type that DynamoDB doesn't have.
    """
    if kind == "S" or kind == "BOOL":
        return value, None
    if kind == "N" and _is_json_number(value):
        return _Fragment(value), None
    return _other(kind, value)


def _map(entries: Item) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A map as plain JSON, and its tree, None where JSON says it all. This is the hot loop of an export."""
    plain: dict[str, Any] = {}
    types: dict[str, Any] | None = None
    for name, typed in entries.items():
        for kind, value in typed.items():
            if kind == "S" or kind == "BOOL":  # a tuple would be slower
                plain[name] = value
            elif kind == "N" and _is_json_number(value):
                plain[name] = _Fragment(value)
            else:
                plain[name], tree = _other(kind, value)
                if tree is not None:
                    if types is None:
                        types = {}
                    types[name] = tree
    return plain, types


def _other(kind: str, value: Any) -> tuple[Any, Any]:
    """A value that isn't a plain text, flag or number, and its part of the tree."""
    match kind:
        case "M":
            return _map(value)
        case "L":
            # A list is a map from its indices, which are the names in the tree.
            plain, types = _map({str(number): typed for number, typed in enumerate(value)})
            return list(plain.values()), types
        case "NULL":
            return None, None
        case "N" | "B":
            return value, kind
        case "SS" | "BS":
            return sorted(value), kind
        case "NS":
            members = sorted(value)
            exact = all(map(_is_json_number, members))
            return ([_Fragment(text) for text in members] if exact else members), "NS"
    raise ValueError(f"unknown DynamoDB type {kind!r}; expected S, N, B, BOOL, NULL, M, L, SS, NS or BS")


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
