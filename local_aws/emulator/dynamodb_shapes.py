"""Values of another JSON type than DynamoDB's model has for their member.

Seen in ministack 1.5.33: they are taken for texts, or told as a ValidationException, or end in status 500. DynamoDB
can't read such a request, and says so of the first of them. Exit condition:
`ministack.services.dynamodb.handle_request` says SerializationException. The words are those that dynalite's tests have
found in DynamoDB.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
https://github.com/architect/dynalite/blob/main/test/helpers.js
"""

from typing import Any

from botocore.model import Shape

from local_aws.emulator.request_shapes import operation_model

_JAVA = {
    "string": "String", "boolean": "Boolean", "integer": "Integer", "long": "Long", "double": "Double",
    "timestamp": "Date",
}  # fmt: skip
_TAKES: dict[str, tuple[type, ...]] = {
    "structure": (dict,), "map": (dict,), "list": (list,), "string": (str,), "blob": (str,), "boolean": (bool,),
    "integer": (int, float), "long": (int, float), "double": (int, float), "timestamp": (int, float),
}  # fmt: skip
_PLACE = "com.amazonaws.dynamodb.v20120810"


def wrong_type(operation: str, request: Any) -> str | None:
    """What DynamoDB says of the first value that it can't read, or None."""
    model = operation_model("dynamodb", operation)
    return _wrong(model.input_shape, request, True) if model and model.input_shape else None


def _wrong(shape: Shape, value: Any, is_field: bool) -> str | None:
    """`is_field` is a member of a structure; others are elements of lists and values of maps."""
    kind = shape.type_name
    if value is None:  # as if it were absent
        return None
    if not isinstance(value, _TAKES[kind]) or isinstance(value, bool) != (kind == "boolean"):
        return _told(shape, value, is_field)
    if kind == "structure":
        members = [(shape.members[name], each, True) for name, each in value.items() if name in shape.members]
    elif kind == "map":
        members = [(shape.value, each, False) for each in value.values()]
    else:
        members = [(shape.member, each, False) for each in value] if kind == "list" else []
    return next((wrong for member in members if (wrong := _wrong(*member))), None)


def _told(shape: Shape, value: Any, is_field: bool) -> str:
    kind = shape.type_name
    if isinstance(value, list):
        return f"Unrecognized collection type {_class(shape)}"
    if isinstance(value, dict):
        return "Start of structure or map found where not expected"
    if kind in ("structure", "map", "list"):
        return "Unexpected field type" if is_field else "Unexpected value type in payload"
    if kind == "blob":
        return "only base-64-encoded strings are convertible to bytes"
    if kind == "boolean" and isinstance(value, str):
        return "Unexpected token received from parser"
    if isinstance(value, bool):
        token = "TRUE_VALUE" if value else "FALSE_VALUE"
    else:
        token = {str: "STRING_VALUE", int: "NUMBER_VALUE"}.get(type(value), "DECIMAL_VALUE")
    return f"{token} cannot be converted to {_JAVA[kind]}"


def _class(shape: Shape) -> str:
    if shape.type_name == "map":
        return f"java.util.Map<java.lang.String, {_class(shape.value).removeprefix('class ')}>"
    if shape.type_name == "structure":
        return f"class {_PLACE}.{shape.name}"
    names = {"blob": "java.nio.ByteBuffer", "timestamp": "java.util.Date"}
    return f"class {names.get(shape.type_name) or f'java.lang.{_JAVA.get(shape.type_name, shape.name)}'}"
