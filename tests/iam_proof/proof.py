"""What a record of calls proves about a role's policies: nothing was denied, nothing is granted in vain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, HttpUrl

from tests.iam_proof.calls import Call
from tests.iam_proof.outcome import Outcome, Use
from tests.iam_proof.policy import Grant, RolePolicies


class NotExercised(BaseModel):
    """A grant that no call of the proof needs, and why it is there all the same."""

    model_config = ConfigDict(extra="forbid")

    statement: str
    action: str
    reason: str
    page: HttpUrl

    @property
    def grant(self) -> Grant:
        return Grant(self.statement, self.action)


def not_exercised() -> list[NotExercised]:
    """The declared list."""
    entries = yaml.safe_load(Path(__file__).with_name("not_exercised.yaml").read_text(encoding="utf-8"))
    return [NotExercised.model_validate(entry) for entry in entries]


@dataclass(frozen=True)
class Comparison:
    """Policies beside the calls that were made under them."""

    policies: RolePolicies
    calls: Sequence[Call]

    @property
    def needed(self) -> dict[Grant, set[tuple[str, str]]]:
        """Each grant without which a call would have been denied, with (resource of the statement, who asked).

        Of a call whose record names no resource, each grant of the action counts.
        """
        found: dict[Grant, set[tuple[str, str]]] = {}
        for call in self.calls:
            allowing = self.policies.allowing(call) if call.allowed else []
            if call.resource and len({grant for grant, _ in allowing}) > 1:
                continue
            for grant, pattern in allowing if not call.resource else allowing[:1]:
                found.setdefault(grant, set()).add((pattern, call.by or "the DAG"))
        return found

    def problems(self, declared: Sequence[NotExercised]) -> Iterator[str]:
        """Every call that was denied, every grant in vain, every entry of the declared list that isn't true."""
        for call in sorted({(each.action, each.resource) for each in self.calls if not each.allowed}):
            yield f"denied: {call[0]} on {call[1]}"
        excused, needed = {each.grant for each in declared}, self.needed
        for grant in self.policies.grants:
            if grant not in needed and grant not in excused:
                yield f"granted in vain: {grant}: no call needed it; take it out of include/aws/stack.yaml"
        for grant in sorted(excused):
            if grant in needed:
                yield f"not_exercised.yaml: {grant} is needed: take the entry out"
            elif grant not in self.policies.grants:
                yield f"not_exercised.yaml: {grant} isn't granted: take the entry out"

    def table(self) -> Iterator[str]:
        """A line for each action and resource that a statement allowed: who asked, and the Sid."""
        rows = sorted(
            {
                (grant.action, pattern, grant.statement, by)
                for grant, used in self.needed.items()
                for pattern, by in used
            }
        )
        merged: dict[tuple[str, str, str], list[str]] = {}
        for action, pattern, statement, by in rows:
            merged.setdefault((action, pattern, statement), []).append(by.partition(".")[0])
        yield from aligned(
            [("ACTION", "RESOURCE", "STATEMENT", "ASKED BY"), *((*row, ", ".join(by)) for row, by in merged.items())]
        )


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The rows as columns of text."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def uses(policies: RolePolicies, outcome: Outcome) -> list[Use]:
    """Where each grant was needed, in the order of the calls: the places to try what happens without it."""
    found: dict[tuple[str, str, Grant], Use] = {}
    for mode, task, call in outcome.calls:
        grants = {grant for grant, _ in policies.allowing(Call(**call))}
        if len(grants) == 1:
            grant = grants.pop()
            found.setdefault((mode, task, grant), Use(mode=mode, task=task, grant=grant))
    return list(found.values())


def removal_problems(outcome: Outcome, grants: Iterable[Grant]) -> Iterator[str]:
    """Every grant without which no task failed with the explanation that names it."""
    explained = {each.grant for each in outcome.removals if each.outcome == "explained"}
    for grant in grants:
        if grant not in explained:
            tried = [each for each in outcome.removals if each.grant == grant]
            said = "; ".join(f"{each.mode} {each.task}: {each.outcome}: {each.message[:400]}" for each in tried)
            yield f"without {grant}, no task failed with its name: {said or 'never tried'}"
    for mode, state in outcome.states.items():
        if state != "success":
            yield f"{mode}: the run ended as {state}"
