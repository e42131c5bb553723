"""Names that IAM refuses, and how much an account may have of what.

Seen in ministack 1.5.33: users, groups and policies may have any name, also one that differs from another in case only;
policies may be of any size and access keys of any number. White space doesn't count in a policy. Exit condition: the
handlers named here in `ministack.services.iam` refuse each.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from local_aws.emulator import Response
from local_aws.emulator.iam import error, invalid, refuse_before

Given = dict[str, Any]
MANAGED, TRUST = 6144, 2048
_INLINE = {"User": 2048, "Group": 5120, "Role": 10_240}
_LONGEST_NAME = {"User": 64, "Role": 64, "Group": 128, "Policy": 128}
_MOST_KEYS = 2


def install() -> None:
    """Refuse before the handlers, after `iam` has looked at the documents."""
    for kind in _LONGEST_NAME:
        refuse_before(f"Create{kind}", _new(kind))
    for kind in _INLINE:
        refuse_before(f"Put{kind}Policy", _inline(kind))
    for name in ("CreatePolicy", "CreatePolicyVersion"):
        refuse_before(name, lambda given: managed_refusal(given.get("PolicyDocument")))
    refuse_before("CreateRole", lambda given: trust_refusal(given.get("AssumeRolePolicyDocument")))
    refuse_before("UpdateAssumeRolePolicy", lambda given: trust_refusal(given.get("PolicyDocument")))
    refuse_before("CreateAccessKey", _access_key)


def managed_refusal(document: Any) -> Response | None:
    return _exceeded("PolicySize", MANAGED) if _size(document) > MANAGED else None


def trust_refusal(document: Any) -> Response | None:
    return _exceeded("ACLSizePerRole", TRUST) if _size(document) > TRUST else None


def _new(kind: str) -> Callable[[Given], Response | None]:
    def refusal(given: Given) -> Response | None:
        member, name = f"{kind}Name", str(given.get(f"{kind}Name") or "")
        pattern = rf"[\w+=,.@-]{{1,{_LONGEST_NAME[kind]}}}"
        if not re.fullmatch(pattern, name, re.ASCII):
            where = member[0].lower() + member[1:]
            return invalid(where, name, f"Member must satisfy regular expression pattern: {pattern}")
        if name.lower() in (each.lower() for each in _names(kind)):
            return error(409, "EntityAlreadyExists", f"{kind} with name {name} already exists.")
        return None

    return refusal


def _names(kind: str) -> Iterable[str]:
    from ministack.services import iam

    if kind == "Policy":
        return [each["PolicyName"] for each in iam._policies.values()]
    return list({"User": iam._users, "Group": iam._groups, "Role": iam._roles}[kind].keys())


def _inline(kind: str) -> Callable[[Given], Response | None]:
    """All policies of one user, group or role count together."""

    def refusal(given: Given) -> Response | None:
        from ministack.services import iam

        owner = given.get(f"{kind}Name", "")
        if kind == "Role":
            kept = (iam._roles.get(owner) or {}).get("InlinePolicies")
        else:
            kept = (iam._user_inline_policies if kind == "User" else iam._group_inline_policies).get(owner)
        together = {**(kept or {}), given.get("PolicyName"): given.get("PolicyDocument")}
        if sum(map(_size, together.values())) <= _INLINE[kind]:
            return None
        message = f"Maximum policy size of {_INLINE[kind]} bytes exceeded for {kind.lower()} {owner}"
        return error(409, "LimitExceeded", message)

    return refusal


def _size(document: Any) -> int:
    text = document if isinstance(document, str) else json.dumps(document)
    return len("".join(text.split()))


def _access_key(given: Given) -> Response | None:
    from ministack.services import iam

    user = given.get("UserName")
    count = sum(each["UserName"] == user for each in iam._access_keys.values())
    return _exceeded("AccessKeysPerUser", _MOST_KEYS) if user and count >= _MOST_KEYS else None


def _exceeded(what: str, most: int) -> Response:
    return error(409, "LimitExceeded", f"Cannot exceed quota for {what}: {most}")
