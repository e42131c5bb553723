"""DynamoDB JSON, the text form of an item, checked as strictly as DynamoDB would."""

import base64
import re
from decimal import Decimal
from typing import Any

import orjson

Item = dict[str, dict[str, Any]]

MAX_ITEM_BYTES = 400 * 1024

_INTEGER = re.compile(r"-?[0-9]{1,38}").fullmatch
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?").fullmatch


def parse_item(line: bytes) -> Item:
    """One line of DynamoDB JSON as boto3 takes it.

    :raises ValueError: if DynamoDB would refuse it.
    """
    try:
        item = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(item, dict) or not item:
        raise ValueError('not a DynamoDB-JSON item: expected an object such as {"id": {"S": "a"}, "n": {"N": "1"}}')
    parsed = {name: _value(typed, name) for name, typed in item.items()}
    # The JSON text is never shorter than what DynamoDB counts.
    if len(line) > MAX_ITEM_BYTES and (size := _bytes_of({"M": parsed})) > MAX_ITEM_BYTES:
        raise ValueError(f"the item has {size:,} bytes; DynamoDB takes {MAX_ITEM_BYTES:,}")
    return parsed


def _value(typed: object, where: str) -> dict[str, Any]:
    """A ``{type: value}`` pair, checked, with binary decoded."""
    if not isinstance(typed, dict) or len(typed) != 1:
        raise ValueError(f'{where}: not a DynamoDB-JSON value: expected one type, such as {{"S": "text"}}')
    ((kind, value),) = typed.items()
    if kind in ("S", "BOOL", "NULL"):
        if not isinstance(value, str if kind == "S" else bool) or (kind == "NULL" and not value):
            raise ValueError(f"{where}: {kind} holds {_short(value)}")
        return typed
    if kind in ("N", "B"):
        return {kind: _scalar(kind, value, where)}
    if kind == "M" and isinstance(value, dict):
        return {"M": {name: _value(member, f"{where}.{name}") for name, member in value.items()}}
    if kind == "L" and isinstance(value, list):
        return {"L": [_value(member, f"{where}[{index}]") for index, member in enumerate(value)]}
    if kind in ("SS", "NS", "BS") and isinstance(value, list):
        members = [_scalar(kind[0], member, where) for member in value]
        if not members or len({Decimal(each) if kind == "NS" else each for each in members}) < len(members):
            raise ValueError(f"{where}: {kind} holds {_short(value)}: a set has at least one member and none twice")
        return {kind: members}
    if kind in ("M", "L", "SS", "NS", "BS"):
        raise ValueError(f"{where}: {kind} holds {_short(value)}")
    raise ValueError(f"{where}: {kind!r} is no DynamoDB type: expected one of S N B BOOL NULL M L SS NS BS")


def _scalar(kind: str, value: object, where: str) -> str | bytes:
    """The value of a S, N or B, checked; numbers and binary are strings in JSON."""
    if isinstance(value, str):
        if kind == "S" or (kind == "N" and _is_number(value)):
            return value
        if kind == "B":
            try:
                return base64.b64decode(value, validate=True)
            except ValueError:
                pass
    raise ValueError(
        f"{where}: {kind} holds {_short(value)}"
        + {"N": ": expected a string of at most 38 digits, 1E-130 to 9.9E+125", "B": ": expected base64"}.get(kind, "")
    )


def _is_number(text: str) -> bool:
    """Whether DynamoDB takes the text for a number: 38 significant digits, magnitude 1E-130 to 9.9...E+125."""
    if _INTEGER(text):
        return True
    if not _NUMBER(text):
        return False
    number = Decimal(text)
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    return not digits or (len(digits) <= 38 and -130 <= number.adjusted() <= 125)


def _bytes_of(typed: dict[str, Any]) -> int:
    """What DynamoDB counts for a value, about.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    ((kind, value),) = typed.items()
    if kind == "M":
        return 3 + sum(len(name.encode()) + 1 + _bytes_of(member) for name, member in value.items())
    if kind == "L":
        return 3 + sum(1 + _bytes_of(member) for member in value)
    if kind in ("BOOL", "NULL"):
        return 1
    members = value if kind in ("SS", "NS", "BS") else [value]
    return sum(
        (len(each) + 3) // 2 if kind.startswith("N") else len(each if isinstance(each, bytes) else each.encode())
        for each in members
    )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
