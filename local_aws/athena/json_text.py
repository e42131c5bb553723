"""Values as Trino writes them in JSON."""

import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from local_aws.athena.failures import Refused, invalid
from local_aws.athena.results import text

_STRING_OR_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d[-+.\deE]*')


def json_text(value: Any, sort: bool) -> str:
    """A value as Trino writes JSON: no spaces, doubles as Java prints them, a map's keys sorted."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        pairs = [(str(text(key)), member) for key, member in value.items()]
        members = (
            f"{json_text(key, sort)}:{json_text(member, sort)}" for key, member in (sorted(pairs) if sort else pairs)
        )
        return "{" + ",".join(members) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(json_text(member, sort) for member in value) + "]"
    if isinstance(value, float) and not np.isfinite(value):
        return f'"{text(value)}"'
    if isinstance(value, (int, float, Decimal)):
        return str(text(value))
    if isinstance(value, date):
        return json.dumps(text(value))
    raise Refused(f"a CAST of {type(value).__name__} to json")


def json_parse(document: str) -> str:
    def no_constant(name: str) -> Any:
        raise ValueError(name)

    try:
        return json_text(json.loads(document, parse_constant=no_constant), sort=True)
    except ValueError:
        raise invalid(f"Cannot convert value to JSON: '{document}'") from None


def java_fractions(document: str) -> str:
    """JSON with each fraction, and each number with an exponent, as Java prints the double.

    >>> java_fractions('{"a":[1e7,0.00012,5,"1e7"]}')
    '{"a":[1.0E7,1.2E-4,5,"1e7"]}'
    """

    def one(match: re.Match[str]) -> str:
        token = match[0]
        return token if token[0] == '"' or not re.search("[.eE]", token) else json_text(float(token), sort=True)

    return _STRING_OR_NUMBER.sub(one, document)
