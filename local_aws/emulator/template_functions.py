"""The arguments of a template's functions, its conditions, and what they leave out.

Seen in ministack 1.5.33: a function with too few or too many arguments ends in Python's words or is evaluated without
some, conditions in a circle are a status 500, and a reference to a resource whose condition is false is an empty text.
Exit condition: `validate_template_support` of `ministack.services.cloudformation` refuses each.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html
"""

from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

Template = dict[str, Any]

_BLOCKS = ("Resources", "Outputs", "Conditions")


def _computed(value: Any, *kinds: type) -> bool:
    """Whether a value is of one of these types or a function, which gives one."""
    return isinstance(value, (dict, *kinds))


def _listed(value: Any, least: int, most: int = 0) -> bool:
    return isinstance(value, list) and least <= len(value) <= (most or least)


def _is_index(value: Any) -> bool:
    return _computed(value, int) or (isinstance(value, str) and value.strip().isdecimal())


# What each function takes, and CloudFormation's words for anything else.
_SHAPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "Ref": (
        lambda given: isinstance(given, str),
        "Template format error: Every Ref object must have a single String value.",
    ),
    "Fn::GetAtt": (
        lambda given: (
            "." in given if isinstance(given, str) else _listed(given, 2) and isinstance(given[0], str) and given[1]
        ),
        "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource "
        "attribute",
    ),
    "Fn::Join": (
        lambda given: _listed(given, 2) and isinstance(given[0], str) and _computed(given[1], list),
        "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of "
        "strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.",
    ),
    "Fn::Sub": (
        lambda given: (
            isinstance(given, str) or (_listed(given, 2) and isinstance(given[0], str) and isinstance(given[1], dict))
        ),
        "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as "
        "first argument, and an optional second argument to specify a mapping of values to replace in the string",
    ),
    "Fn::If": (
        lambda given: _listed(given, 3) and isinstance(given[0], str),
        "Template error: Fn::If requires a list argument with three elements",
    ),
    "Fn::FindInMap": (
        lambda given: _listed(given, 3, 4),
        "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute "
        "for return value",
    ),
    "Fn::Split": (
        lambda given: _listed(given, 2) and isinstance(given[0], str) and _computed(given[1], str),
        "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be "
        "split or a function that returns a string to be split.",
    ),
    "Fn::Select": (
        lambda given: _listed(given, 2) and _is_index(given[0]) and _computed(given[1], list),
        "Template error: Fn::Select requires a list argument with two elements: an integer index and a list",
    ),
    "Fn::Equals": (
        lambda given: _listed(given, 2),
        "Template error: every Fn::Equals object requires a list of two string parameters.",
    ),
    "Fn::Not": (
        lambda given: _listed(given, 1),
        "Template error: every Fn::Not object requires one boolean parameter.",
    ),
    **{
        name: (
            lambda given: _listed(given, 2, 10),
            f"Template error: every {name} object requires a list of at least 2 and at most 10 boolean parameters.",
        )
        for name in ("Fn::And", "Fn::Or")
    },
}


def problems(template: Template) -> Iterator[str]:
    """What CloudFormation says of functions with other arguments, and of conditions in a circle."""
    blocks = [template.get(block) or {} for block in _BLOCKS]
    for name, given in (call for block in blocks for call in _calls(block)):
        is_right, message = _SHAPES.get(name, (None, ""))
        if is_right and not is_right(given):
            yield message
    conditions = template.get("Conditions") or {}
    try:
        TopologicalSorter({name: set(_conditions_of(each)) for name, each in conditions.items()}).prepare()
    except CycleError as error:
        yield f"Circular dependency between conditions: [{', '.join(sorted(set(error.args[1])))}]"


def _calls(node: Any) -> Iterator[tuple[str, Any]]:
    """The functions that are called with their arguments, at any depth; Metadata is anybody's."""
    if isinstance(node, list):
        for each in node:
            yield from _calls(each)
    elif isinstance(node, dict):
        if len(node) == 1:
            yield next(iter(node.items()))
        for key, value in node.items():
            if key != "Metadata":
                yield from _calls(value)


def _conditions_of(node: Any) -> list[str]:
    return [given for name, given in _calls(node) if name == "Condition" and isinstance(given, str)]


def check_what_is_left_out(template: Template, conditions: dict[str, bool]) -> None:
    """Refuse references to resources whose conditions are false, by what isn't left out itself.

    :raises ValueError: with the words of CloudFormation's ValidationError.
    """
    from ministack.services.cloudformation.engine import _intrinsic_references

    if template.get("Transform"):  # what a macro makes of it isn't known
        return

    def is_made(each: Any) -> bool:
        return not isinstance(each, dict) or bool(conditions.get(str(each.get("Condition")), True))

    absent = {name for name, each in (template.get("Resources") or {}).items() if not is_made(each)}
    for block, member in (("Resources", "Properties"), ("Outputs", "Value")):
        made = [each.get(member) for each in (template.get(block) or {}).values() if is_made(each)]
        named = {name for name, _ in _intrinsic_references(_chosen(made, conditions))}
        if missing := sorted(named & absent):
            raise ValueError(
                f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] in the {block} block "
                "of the template"
            )


def _chosen(node: Any, conditions: dict[str, bool]) -> Any:
    """A part of a template without the branches that Fn::If doesn't take."""
    if isinstance(node, list):
        return [_chosen(each, conditions) for each in node]
    if not isinstance(node, dict):
        return node
    if list(node) == ["Fn::If"] and node["Fn::If"][0] in conditions:
        name, if_true, if_false = node["Fn::If"]
        return _chosen(if_true if conditions[name] else if_false, conditions)
    return {key: _chosen(value, conditions) for key, value in node.items()}
