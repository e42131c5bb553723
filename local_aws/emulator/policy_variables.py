"""Variables in the resources and conditions of policies.

Seen in ministack 1.5.33: `${aws:username}` is never replaced, so that an Allow with it grants nothing and a Deny denies
nothing. A variable whose key the request doesn't have has no value: nothing equals it. Only what describes the caller
and the request as a whole is replaced here; other variables are refused where a policy is written, and all of them in a
policy of the older version, which has the characters themselves. Exit condition:
`ministack.core.iam_evaluator._first_match` and `_conditions_met` replace them.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from local_aws.emulator.policy_documents import listed, parsed, statements

_KEY = (
    "aws:(username|userid|PrincipalArn|PrincipalAccount|PrincipalType|PrincipalOrgID|PrincipalTag/[^,}]+|SourceIp"
    "|CurrentTime|EpochTime|TokenIssueTime|RequestedRegion|SecureTransport)"
)
_VARIABLE = re.compile(
    rf"\$\{{(?:(?P<mark>[*?$])|\s*(?P<key>{_KEY})\s*(?:,\s*'(?P<default>[^'}}*?]*)'\s*)?)\}}", re.IGNORECASE
)
# Stand for `*` and `?` themselves in a pattern, where these are wildcards; private characters, which no ARN has.
_LITERAL = {"*": "\ue000", "?": "\ue001"}
_NOTHING = "\ue002"


def install() -> None:
    """Replace variables whenever a statement or its conditions are looked at."""
    from ministack.core import iam_evaluator as iam

    first_match, conditions_met, compiled = iam._first_match, iam._conditions_met, iam._fnmatch_compile

    def compile_literal(pattern: str, ignore_case: bool) -> re.Pattern[str]:
        found: re.Pattern[str] = compiled(pattern, ignore_case)
        if not any(each in pattern for each in _LITERAL.values()):
            return found
        text = found.pattern
        for mark, private in _LITERAL.items():
            text = text.replace(private, re.escape(mark))
        return re.compile(text, found.flags)

    iam._fnmatch_compile = compile_literal
    iam._first_match = lambda context, found, effect: first_match(
        context, [_with_resources(each, context) for each in found], effect
    )
    iam._conditions_met = lambda conditions, context: conditions_met(_with_values(conditions, context), context)


def problems(document: Any) -> Iterator[str]:
    """Why the variables of a policy would not be evaluated here."""
    old = parsed(document).get("Version") != "2012-10-17"
    for statement in statements(document):
        values = listed(statement.get("Resource")) + listed(statement.get("NotResource"))
        for keys in (statement.get("Condition") or {}).values():
            values += [value for each in keys.values() for value in listed(each)]
        for value in map(str, values):
            if "${" in (value if old else _VARIABLE.sub("", value)):
                yield f"the local AWS does not evaluate the policy variable in {value}"


def _with_resources(statement: Any, context: Any) -> Any:
    if not any("${" in each for each in (*statement.resources, *statement.not_resources)):
        return statement
    return replace(
        statement,
        resources=[_replaced(each, context, pattern=True) or _NOTHING for each in statement.resources],
        not_resources=[_replaced(each, context, pattern=True) or _NOTHING for each in statement.not_resources],
    )


def _with_values(conditions: Any, context: Any) -> Any:
    if "${" not in str(conditions):
        return conditions
    answer: dict[str, dict[str, list[Any]]] = {}
    for operator, keys in conditions.items():
        pattern = "like" in operator.lower() or "arn" in operator.lower()
        answer[operator] = {
            key: [found for each in listed(values) if (found := _replaced(str(each), context, pattern)) is not None]
            for key, values in keys.items()
        }
    return answer


def _replaced(text: str, context: Any, pattern: bool) -> str | None:
    """The text with the variables' values, or None if one of them has none."""
    from ministack.core.iam_evaluator import _resolve_condition_key

    missing = False

    def value_of(found: re.Match[str]) -> str:
        nonlocal missing
        if found["mark"]:
            return _LITERAL.get(found["mark"], found["mark"]) if pattern else found["mark"]
        value = _resolve_condition_key(found["key"], context)
        value = found["default"] if value is None else value
        missing = missing or value is None
        return str(value)

    answer = _VARIABLE.sub(value_of, text)
    return None if missing else answer
