"""Requests held against the models of the services that botocore ships.

Seen in ministack 1.5.33: members that are missing, too long, too small or of another type are taken, or end in status
500. Exit condition: ministack checks requests by the models.
https://smithy.io/2.0/spec/constraint-traits.html
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.model import OperationModel, Shape
from botocore.session import Session

from local_aws.emulator import Handler, Response, json_error, operation, replace_handler

_TYPES = {
    "structure": dict, "map": dict, "list": list, "string": str, "boolean": bool, "integer": int, "long": int,
    "double": (int, float), "float": (int, float), "timestamp": (int, float, str), "blob": str,
}  # fmt: skip
_ASTRAL = (r"\uD800\uDC00-\uDBFF\uDFFF", "\U00010000-\U0010ffff")  # as Java writes it: as Python does
_OF_JAVA = r"\p{"  # classes of characters that Python's patterns don't have; such a pattern is not asked


class _WrongType(Exception):
    """A JSON value that the service couldn't even read."""


def install(service: str, code: str, **members: Any) -> None:
    """Refuse with an error `code` what the model of a service of the JSON protocol doesn't allow."""

    def wrap(handler: Handler) -> Handler:
        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Response:
            name = operation(headers)
            try:
                request = _without_nulls(json.loads(body or b"{}"))
            except ValueError:
                return json_error("SerializationException", "the body is not valid JSON")
            body = json.dumps(request).encode()
            if (refused := refusal(service, name, request, code, **members)) is not None:
                return refused
            return _known(name, await handler(method, path, headers, body, query))

        return handle

    replace_handler(service, wrap)


def refusal(service: str, name: str, request: Any, code: str, **members: Any) -> Response | None:
    """The error for a request that the model of a service doesn't allow."""
    if (model := operation_model(service, name)) is None:
        return json_error("UnknownOperationException", f"the local AWS knows no operation {name} of {service}")
    try:
        found = list(_violations(model.input_shape, request, "")) if model.input_shape else []
    except _WrongType as error:
        return json_error("SerializationException", str(error))
    errors = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected"
    return json_error(code, f"{errors}: {'; '.join(found)}", **members) if found else None


def _without_nulls(given: Any) -> Any:
    """A member that is null is absent to AWS."""
    if isinstance(given, dict):
        return {key: _without_nulls(value) for key, value in given.items() if value is not None}
    return [_without_nulls(each) for each in given] if isinstance(given, list) else given


def _known(name: str, answer: Response) -> Response:
    """Ministack's error for an operation that it lacks is none of AWS's."""
    if answer[0] < 300 or json.loads(answer[2]).get("__type") != "InvalidAction":
        return answer
    return json_error("UnknownOperationException", f"the local AWS does not have {name}")


@cache
def operation_model(service: str, name: str) -> OperationModel | None:
    """The model of an operation, or None if the service has no such one."""
    model = _model(service)
    return model.operation_model(name) if name in model.operation_names else None


@cache
def _model(service: str) -> Any:
    return Session().get_service_model(service)


def _violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, _TYPES[shape.type_name]) or (isinstance(value, bool) != (shape.type_name == "boolean")):
        raise _WrongType(f"{path or 'the request'} is {json.dumps(value)[:40]}, expected a {shape.type_name}")
    if (broken := _broken(shape, value)) is not None:
        shown = "" if isinstance(value, (dict, list)) else f" '{value}'"
        yield f"Value{shown} at '{path}' failed to satisfy constraint: Member must {broken}"
    if shape.type_name == "structure":
        for name in [each for each in shape.required_members if value.get(each) is None]:
            where = f"{path}.{_member(name)}".lstrip(".")
            yield f"Value null at '{where}' failed to satisfy constraint: Member must not be null"
        for name, each in value.items():
            if name in shape.members and each is not None:
                yield from _violations(shape.members[name], each, f"{path}.{_member(name)}".lstrip("."))
    elif shape.type_name == "list":
        for number, each in enumerate(value, 1):
            yield from _violations(shape.member, each, f"{path}.{number}.member")
    elif shape.type_name == "map":
        for key, each in value.items():
            yield from _violations(shape.key, key, path)
            if each is not None:
                yield from _violations(shape.value, each, f"{path}.{key}.member")


def _member(name: str) -> str:
    return name[0].lower() + name[1:]


def _broken(shape: Shape, value: Any) -> str | None:
    """The constraint that a value breaks, in AWS's words."""
    low, high, pattern = (shape.metadata.get(each) for each in ("min", "max", "pattern"))
    number = isinstance(value, (int, float))
    size = value if number else len(value)
    kind = "value" if number else "length"
    if low is not None and size < low:
        return f"have {kind} greater than or equal to {low}"
    if high is not None and size > high:
        return f"have {kind} less than or equal to {high}"
    if isinstance(value, str) and shape.enum and value not in shape.enum:
        return f"satisfy enum value set: [{', '.join(shape.enum)}]"
    asked = isinstance(value, str) and pattern and _OF_JAVA not in pattern
    if asked and not re.fullmatch(pattern.replace(*_ASTRAL), value):
        return f"satisfy regular expression pattern: {pattern}"
    return None
