"""The grammar of policies, for S3's and for IAM's.

Seen in ministack 1.5.33: what is not understood in a policy never matches. Exit condition: its
`validate_policy_document` refuses the same.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
import re
from collections.abc import Iterator
from typing import Any

Statement = dict[str, Any]
Fields = tuple[tuple[str, ...], ...]

ACTION, RESOURCE = ("Action", "NotAction"), ("Resource", "NotResource")
OF_A_RESOURCE: Fields = (("Effect",), ("Principal",), ACTION, RESOURCE)
OF_A_CALLER: Fields = (("Effect",), ACTION, RESOURCE)
OF_A_ROLE: Fields = (("Effect",), ("Principal",), ACTION)


def parsed(document: Any) -> Any:
    return json.loads(document) if isinstance(document, (str, bytes)) else document


def statements(document: Any) -> list[Any]:
    return listed(parsed(document).get("Statement"))


def problems(document: Any, fields: Fields) -> Iterator[str]:
    """Why this is no policy; `fields` are those of a statement, of which it has one of each group."""
    try:
        policy = parsed(document)
    except ValueError:
        policy = None
    if not isinstance(policy, dict):
        yield "Policies must be valid JSON and the first byte must be '{'"
        return
    yield from (f"Unknown field {name}" for name in policy.keys() - {"Version", "Id", "Statement"})
    if policy.get("Version", "2008-10-17") not in ("2008-10-17", "2012-10-17"):
        yield "The policy must contain a valid version string"
    if not statements(policy):
        yield "Could not parse the policy: Statement is empty!"
    for statement in statements(policy):
        if not isinstance(statement, dict):
            yield "Statement must be an object"
            return
        yield from _statement_problems(statement, fields)


def _statement_problems(statement: Statement, fields: Fields) -> Iterator[str]:
    from ministack.core.iam_evaluator import _CONDITION_OPS

    known = {"Sid", "Condition"}.union(*fields)
    yield from (f"Unknown field {name}" for name in statement.keys() - known)
    for group in fields:
        if sum(bool(statement.get(name)) for name in group) != 1:
            yield f"Missing required field {group[0]}"
            return
    if statement["Effect"] not in ("Allow", "Deny"):
        yield f"Invalid effect: {statement['Effect']}"
    condition = statement.get("Condition") or {}
    for operator, keys in condition.items() if isinstance(condition, dict) else [(condition, {})]:
        plain = re.sub("^(forallvalues:|foranyvalue:)|ifexists$", "", str(operator).lower())
        if plain not in {*_CONDITION_OPS, "null"} or not isinstance(keys, dict):
            yield f"Invalid Condition type : {operator}"


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
