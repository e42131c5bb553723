"""The policies of the pipeline role: what they grant, which statement allows a call, what is left without a grant."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.iam_proof.calls import Call


class Grant(NamedTuple):
    """One action that one statement allows."""

    statement: str
    action: str

    def __str__(self) -> str:
        return f"{self.action} of {self.statement}"


@dataclass(frozen=True)
class RolePolicies:
    """The inline policies of a role by their names; every statement has a Sid and names whole actions."""

    documents: Mapping[str, Any]

    @classmethod
    def of(cls, iam: Any, role: str) -> RolePolicies:
        """Those that the role has now."""
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        found = {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}
        assert found, f"role {role} has no policy"
        return cls(found)

    @property
    def statements(self) -> Iterator[Any]:
        for document in self.documents.values():
            yield from document["Statement"]

    @property
    def grants(self) -> list[Grant]:
        """Every action of every statement, in the order of the policies."""
        return [Grant(each["Sid"], action) for each in self.statements for action in _listed(each["Action"])]

    def allowing(self, call: Call) -> list[tuple[Grant, str]]:
        """Each grant that allows a call, with the resource of the statement that fits; conditions are not looked at.

        Where the record names no resource, any will do.
        """
        return [
            (Grant(each["Sid"], call.action), pattern)
            for each in self.statements
            if call.action in _listed(each["Action"])
            for pattern in _listed(each["Resource"])
            if not call.resource or _fits(call.resource, pattern)
        ]

    def without(self, grant: Grant) -> RolePolicies:
        """The same less one grant; a statement that allowed nothing else is gone."""
        documents = copy.deepcopy(dict(self.documents))
        for document in documents.values():
            for each in document["Statement"]:
                if each["Sid"] == grant.statement:
                    each["Action"] = [action for action in _listed(each["Action"]) if action != grant.action]
            document["Statement"] = [each for each in document["Statement"] if each["Action"]]
        return RolePolicies(documents)

    def put(self, iam: Any, role: str) -> None:
        """Make them the role's."""
        for name, document in self.documents.items():
            if document["Statement"]:
                iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
            elif name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
                iam.delete_role_policy(RoleName=role, PolicyName=name)


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _fits(resource: str, pattern: str) -> bool:
    """Whether IAM's pattern, in which ``*`` crosses slashes and ``?`` is one character, fits the resource."""
    parts = ({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern)
    return re.fullmatch("".join(parts), resource, re.DOTALL) is not None
