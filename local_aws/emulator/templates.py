"""Templates that CloudFormation refuses.

Seen in ministack 1.5.33: a template that refers to nothing, has no resources or lacks a given parameter is accepted, a
circle of resources is found only by the deployment, and so is a function that doesn't exist; unknown sections,
attributes, policies (a snapshot of what has none) and types of parameters, another version and any name are taken; what
is no JSON or YAML is told in Python's words; and two stacks may export one name. Exit condition:
`validate_template_support`, `_parse_template` and `_resolve_stack_outputs` of `ministack.services.cloudformation`
refuse each.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from local_aws.emulator import stack_changes, stack_failures, template_functions

Template = dict[str, Any]

_SECTIONS = {
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Hooks",
    "Resources",
    "Outputs",
}
_ATTRIBUTES = {
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "Metadata",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "UpdatePolicy",
    "CreationPolicy",
}
_PARAMETER_ATTRIBUTES = {
    "Type", "Default", "AllowedPattern", "AllowedValues", "ConstraintDescription", "Description", "MaxLength",
    "MaxValue", "MinLength", "MinValue", "NoEcho",
}  # fmt: skip
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
_WITH_SNAPSHOTS = {
    "AWS::DocDB::DBCluster", "AWS::EC2::Volume", "AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::ReplicationGroup",
    "AWS::Neptune::DBCluster", "AWS::RDS::DBCluster", "AWS::RDS::DBInstance", "AWS::Redshift::Cluster",
}  # fmt: skip
_POLICIES = {
    "DeletionPolicy": {"Delete", "Retain", "RetainExceptOnCreate", "Snapshot"},
    "UpdateReplacePolicy": {"Delete", "Retain", "Snapshot"},
}
_PARAMETER = re.compile(r"String|Number|CommaDelimitedList|List<(String|Number)>|(List<)?AWS::[\w:<>]+")
_FUNCTIONS = [
    "Fn::And", "Fn::Base64", "Fn::Cidr", "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::Equals",
    "Fn::FindInMap", "Fn::GetAZs", "Fn::GetAtt", "Fn::GetStackOutput", "Fn::If", "Fn::ImportValue", "Fn::Join",
    "Fn::Length", "Fn::Not", "Fn::Or", "Fn::RefAll", "Fn::Select", "Fn::Split", "Fn::Sub", "Fn::ToJsonString",
    "Fn::Transform", "Fn::ValueOf", "Fn::ValueOfAll",
]  # fmt: skip


def install() -> None:
    """Check when a template's parameters are resolved, and when it is validated without any."""
    from ministack.services.cloudformation import changesets, handlers, stacks

    stack_failures.install()

    for module in (handlers, changesets):
        module._resolve_parameters = _with_template_checked(module._resolve_parameters)
        module._parse_template = _in_plain_words(module._parse_template)
        module.validate_template_support = _with_conditions_checked(module.validate_template_support)
    # ValidateTemplate goes by without parameters.
    handlers.validate_template_support = _with_template_checked(handlers.validate_template_support)
    stacks._resolve_stack_outputs = _with_exports_checked(stacks._resolve_stack_outputs)


def _in_plain_words(parse: Callable[[str], Template]) -> Callable[[str], Template]:
    def wrapped(body: str) -> Template:
        try:
            parsed: Template = json.loads(json.dumps(parse(body)))  # names that YAML takes for numbers are texts
            return parsed
        except json.JSONDecodeError as error:
            raise ValueError(f"JSON not well-formed. (line {error.lineno}, column {error.colno})") from error
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
            raise ValueError(f"YAML not well-formed.{where}") from error
        except yaml.YAMLError as error:
            raise ValueError("YAML not well-formed.") from error
        except (TypeError, ValueError) as error:
            raise ValueError("unsupported structure.") from error

    return wrapped


def _with_exports_checked(resolve: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*rest: Any, **named: Any) -> Any:
        from ministack.services.cloudformation import _exports

        outputs, exports = resolve(*rest, **named)
        stack_changes.check_exports(exports, rest[-1])
        for name, export in exports.items():
            other = (_exports.get(name) or export)["StackId"]
            if other != export["StackId"]:
                raise ValueError(f"Export with name {name} is already exported by stack {other.split('/')[1]}")
        return outputs, exports

    return wrapped


def _with_conditions_checked(validate: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(template: Template, conditions: dict[str, bool], *rest: Any, **named: Any) -> Any:
        template_functions.check_what_is_left_out(template, conditions)
        return validate(template, conditions, *rest, **named)

    return wrapped


def _with_template_checked(check: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(template: Template, given: Any, *rest: Any, **named: Any) -> Any:
        check_template(template)
        parameters = [each["Key"] for each in given] if isinstance(given, list) else []
        if unknown := [name for name in parameters if name not in (template.get("Parameters") or {})]:
            raise ValueError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
        known = (template.get("Parameters") or {}).items() if isinstance(given, list) else ()
        if missing := [name for name, each in known if "Default" not in each and name not in parameters]:
            raise ValueError(f"Parameters: [{', '.join(missing)}] must have values")
        return check(template, given, *rest, **named)

    return wrapped


def check_format(template: Template) -> None:
    """Refuse a template whose sections and members aren't such.

    :raises ValueError: with the words of CloudFormation's ValidationError.
    """
    if unknown := sorted(template.keys() - _SECTIONS):
        raise ValueError(f"Invalid template property or properties [{', '.join(unknown)}]")
    if template.get("AWSTemplateFormatVersion", "2010-09-09") != "2010-09-09":
        raise ValueError("Template format error: unsupported value for AWSTemplateFormatVersion.")
    checks = (_sections, _names, _parameters, _resources, _outputs)
    for problem in (problem for check in checks for problem in check(template)):
        raise ValueError(f"Template format error: {problem}")
    sections = [template.get(name) for name in ("Resources", "Outputs", "Conditions")]
    if unknown := next((name for name in _functions(sections) if name not in _FUNCTIONS), None):
        raise ValueError(
            f"Template error: Encountered unsupported function: {unknown} Supported functions are: "
            f"[{', '.join(_FUNCTIONS)}]"
        )
    for problem in template_functions.problems(template):
        raise ValueError(problem)


def _members(template: Template, section: str) -> Iterator[tuple[str, Any]]:
    found = template.get(section, {})
    if found is None:
        return
    if not isinstance(found, dict):
        raise ValueError(f"Template format error: {section} must be an object.")
    yield from ((name, each) for name, each in found.items() if not str(name).startswith("Fn::"))


def _sections(template: Template) -> Iterator[str]:
    if not isinstance(template.get("Description", ""), str | None):
        yield "Description must be a string."
    for name, each in _members(template, "Mappings"):
        if not isinstance(each, dict) or not all(isinstance(values, dict) for values in each.values()):
            yield f"Mapping {name} must be an object of objects."
    for _, each in _members(template, "Conditions"):
        if not isinstance(each, dict) or len(each) != 1:
            yield "Every Conditions member must be a function or another condition."


def _names(template: Template) -> Iterator[str]:
    for section in ("Parameter", "Resource", "Output"):
        for name, _ in _members(template, f"{section}s"):
            if not re.fullmatch("[A-Za-z0-9]+", str(name)):
                yield f"{section} name {name} is non alphanumeric."


def _parameters(template: Template) -> Iterator[str]:
    for _, each in _members(template, "Parameters"):
        kind = each.get("Type") if isinstance(each, dict) else None
        if not kind:
            yield "Every Parameters object must contain a Type member."
        elif not _PARAMETER.fullmatch(str(kind)):
            yield f"Unrecognized parameter type: {kind}"
        for attribute in sorted(each.keys() - _PARAMETER_ATTRIBUTES):
            yield f"Invalid template parameter property '{attribute}'"


def _resources(template: Template) -> Iterator[str]:
    for name, each in _members(template, "Resources"):
        if not isinstance(each, dict) or not isinstance(each.get("Type"), str):
            yield "Every Resources object must contain a Type member."
            return
        for attribute in sorted(each.keys() - _ATTRIBUTES):
            yield f"Invalid template resource property '{attribute}'"
        if not isinstance(each.get("Properties", {}), dict | None):
            yield f"Properties of {name} must be an object."
        for attribute, known in _POLICIES.items():
            if isinstance(each.get(attribute), str) and each[attribute] not in known:
                yield f"Unrecognized {attribute} {each[attribute]} for resource {name}"
            if each.get(attribute) == "Snapshot" and each["Type"] not in _WITH_SNAPSHOTS:
                yield f"resource type {each['Type']} does not support {attribute} Snapshot"
        if not isinstance(each.get("Condition", ""), str):
            yield "Every Condition member must be a string."


def _outputs(template: Template) -> Iterator[str]:
    for _, each in _members(template, "Outputs"):
        if not isinstance(each, dict) or each.get("Value") is None:
            yield "Every Outputs member must contain a Value object"
            return
        for attribute in ("Condition", "Description"):
            if not isinstance(each.get(attribute, ""), str):
                yield f"Every {attribute} member must be a string."


def _functions(node: Any) -> Iterator[str]:
    """The functions that are called, at any depth; Metadata is anybody's."""
    if isinstance(node, list):
        for each in node:
            yield from _functions(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if isinstance(key, str) and key.startswith("Fn::") and not key.startswith("Fn::ForEach::"):
                yield key
            if key != "Metadata":
                yield from _functions(value)


def check_template(template: Template) -> None:
    """Refuse a template whose names lead nowhere.

    :raises ValueError: with the words of CloudFormation's ValidationError.
    """
    from ministack.services.cloudformation.engine import _extract_deps, _intrinsic_references, _topological_sort

    if template.get("Transform"):  # a macro may still add what is missing
        return
    check_format(template)
    resources, parameters, conditions = (template.get(it) or {} for it in ("Resources", "Parameters", "Conditions"))
    if not resources:
        raise ValueError("Template format error: At least one Resources member must be defined.")
    for block, known in (
        ("Resources", {*resources, *parameters}),
        ("Outputs", {*resources, *parameters}),
        ("Conditions", {*parameters}),
    ):
        members = {name: each for name, each in (template.get(block) or {}).items() if isinstance(each, dict)}
        where = f"in the {block} block of the template"
        named = {name for name, _ in _intrinsic_references(members) if not name.startswith("AWS::")}
        for needed in [each.get("DependsOn") or [] for each in members.values()]:
            named |= {needed} if isinstance(needed, str) else set(needed)
        if missing := sorted(named - known):
            raise ValueError(f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] {where}")
        tested = {each["Condition"] for each in members.values() if isinstance(each.get("Condition"), str)}
        tested |= set(_tested(members, "Condition" if block == "Conditions" else "Fn::If"))
        if missing := sorted(tested - conditions.keys()):
            raise ValueError(f"Template format error: Unresolved condition dependency {missing[0]} {where}")
    circle = ", ".join(name for name, each in resources.items() if _extract_deps(each, {name}))
    try:
        _topological_sort(resources, {})
    except ValueError as error:
        circle = str(error).partition(": ")[2]
    if circle:
        raise ValueError(f"Circular dependency between resources: [{circle}]")


def _tested(node: Any, keyword: str) -> Iterator[str]:
    """The conditions that a template names by `keyword`, at any depth."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        first = value[0] if isinstance(value, list) and value else value
        if key == keyword and isinstance(first, str):
            yield first
        yield from _tested(value, keyword)
