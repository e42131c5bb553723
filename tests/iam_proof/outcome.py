"""What comes of driving the DAGs: the calls of each task, and what the tasks said where a permission was missing."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from tests.iam_proof.policy import Grant


class Use(BaseModel):
    """A grant that a task used, in the order of its first calls."""

    mode: str
    task: str
    grant: Grant


class Removal(BaseModel):
    """What a task said without a grant.

    :param outcome: ``explained``; ``unexplained`` if its error doesn't name the action; ``retried`` if Airflow would
        try it again, which can't help; ``tolerated`` if it succeeded.
    """

    mode: str
    task: str
    grant: Grant
    outcome: str
    message: str = ""


class Outcome(BaseModel):
    """What came of a drive.

    :param states: how each mode's run ended.
    """

    states: dict[str, str] = {}
    calls: list[tuple[str, str, dict[str, Any]]] = []  # mode, task, call
    removals: list[Removal] = []
