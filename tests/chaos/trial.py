"""A run of an archive whose steps are done in this process or in workers of their own, through the fault proxy."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.chaos import published
from tests.chaos.fault_proxy import Answer, At, Fault, FaultProxy, Request, truncated_request
from tests.chaos.step import Job, is_retried, perform
from tests.conftest import REPOSITORY
from tests.e2e.pipeline import Pipeline
from ttl_archive.translation import translate

SEED = int(os.environ.get("CHAOS_SEED", "20250301"))
LONG = os.environ.get("CHAOS_LONG") == "1"
# Small, so that a little data makes parts of several uploads; S3 itself wants 5 MiB of all but the last.
UPLOAD_BYTES = 256 * 1024
PART_BYTES = 700 * 1024
MOST_TRIES = 8


def seeds(short: int, long: int) -> list[int]:
    """As many seeds as the form of the suite wants; they stand in the tests' names."""
    return [SEED + number for number in range(long if LONG else short)]


@dataclass(frozen=True)
class Outcome:
    """How a try ended: killed, with an error that is retried, or with a result."""

    result: Any = None
    error: str = ""
    message: str = ""
    killed: bool = False

    @property
    def done(self) -> bool:
        return not self.killed and not self.error


@dataclass
class Trial:
    """One run; the tries of a step are numbered as Airflow numbers them.

    :param old: what readers saw before the run.
    :param expected: what they must see after it.
    """

    pipeline: Pipeline
    proxy: FaultProxy
    run_id: str
    old: published.Rows | None
    expected: published.Rows
    settings: dict[str, Any] = field(default_factory=dict)
    opened: dict[str, Any] = field(default_factory=dict)
    plan: list[dict[str, Any]] = field(default_factory=list)
    exported: list[dict[str, Any]] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    finished: list[str] = field(default_factory=list)

    @property
    def steps(self) -> list[str]:
        """The steps, in order, as far as they are known: the plan says how many segments there are."""
        exports = [f"export_segment {one['segment']}" for one in self.plan]
        return [
            "open_generation",
            "plan_segments",
            *exports,
            "write_manifest",
            "catalog",
            "verify_archive",
            "publish_partition",
        ]

    @property
    def next(self) -> str | None:
        """The first step that isn't finished."""
        return next((step for step in self.steps if step not in self.finished), None)

    def job(self, step: str, url: str, **more: Any) -> Job:
        name, _, segment = step.partition(" ")
        self.tries[step] += 1
        fields: dict[str, Any] = {
            "step": name,
            "archive": self.pipeline.archive,
            "month": str(self.pipeline.month),
            "include": self.pipeline.include,
            "url": url,
            "run_id": self.run_id,
            "try_number": self.tries[step],
            "opened": self.opened,
            "segment": self.plan[int(segment)] if segment else {},
            "exported": self.exported,
            "upload_bytes": UPLOAD_BYTES,
            "target_bytes": PART_BYTES,
        }
        return Job(**{**fields, **self.settings, **more})

    def here(self, step: str, *, faulty: bool = False) -> Outcome:
        """A try of the step in this process; no fault that passes may end in an error that isn't retried."""
        job = self.job(step, self.proxy.url if faulty else f"http://{self.proxy.upstream}")
        if not faulty:
            return self._keep(step, Outcome(perform(job)))
        try:
            return self._keep(step, Outcome(perform(job)))
        except Exception as error:
            meant = translate(error) or error
            assert is_retried(meant), f"{step} failed for good: {type(meant).__name__}: {meant}"
            return Outcome(error=type(meant).__name__, message=str(meant))

    def advance_to(self, step: str) -> None:
        """Do everything before a step, unharmed."""
        while self.next != step:
            assert self.next is not None
            self.here(self.next)

    def finish(self) -> None:
        """Do whatever is left, unharmed."""
        while self.next is not None:
            self.here(self.next)

    def worker(
        self, step: str, *rules: Any, kill: Callable[[int], Any] | None = None, direct: bool = False, **more: Any
    ) -> Outcome:
        """A try of the step in a process of its own, with rules for its requests.

        :param kill: pid -> a rule that kills it.
        :param direct: not through the proxy.
        """
        job = self.job(step, f"http://{self.proxy.upstream}" if direct else self.proxy.url, **more)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.step"],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        meddling = nullcontext() if direct else self.proxy.meddling(*([kill(process.pid)] if kill else []), *rules)
        with process, meddling:
            try:
                said, complaint = process.communicate(job.model_dump_json(), timeout=120)
            finally:
                process.kill()
        if process.returncode == -signal.SIGKILL:
            return Outcome(killed=True)
        assert said, f"{step} said nothing: {complaint}"
        answer = json.loads(said.splitlines()[-1])
        if "error" in answer:
            assert answer["retried"], f"{step} failed for good: {answer}"
            return Outcome(error=answer["error"], message=answer["message"])
        return self._keep(step, Outcome(answer["result"]))

    def until_done(self, step: str, attempt: Callable[[], Outcome]) -> list[Outcome]:
        """Try a step until it is done, as Airflow would; it must be done after a few tries."""
        outcomes: list[Outcome] = []
        while not outcomes or not outcomes[-1].done:
            assert len(outcomes) < MOST_TRIES, f"{step} does not get done: {outcomes}"
            outcomes.append(attempt())
        return outcomes

    def _keep(self, step: str, outcome: Outcome) -> Outcome:
        """Remember what the step returned, as XCom does."""
        if step == "open_generation":
            self.opened = outcome.result
        elif step == "plan_segments":
            self.plan = outcome.result
        elif step.startswith("export_segment"):
            self.exported = [one for one in self.exported if one["segment"] != outcome.result["segment"]]
            self.exported.append(outcome.result)
        self.finished.append(step)
        return outcome

    def check(self, witness: published.Witness, generations: int | None = None) -> None:
        """What must hold after every run that succeeded, whatever happened in it."""
        found = published.month(self.pipeline)
        assert found is not None
        assert found.keys() == self.expected.keys()
        assert found == self.expected
        published.only_old_or_new(witness, self.old, self.expected)
        published.nothing_left_over(self.pipeline, generations or (1 if self.old is None else 2))


def killer(random: Random, requests: int, ignored: str = "") -> Callable[[int], At]:
    """A moment drawn from the first so many requests: before one is carried out, in its midst, or after it.

    Between two requests a worker changes nothing that outlives it, so these are all the moments that there are.
    """
    number, moment = random.randint(1, requests), random.choice(["before", "midst", "after"])

    def rule(pid: int) -> At:
        def fault(request: Request) -> Answer | None:
            if moment == "after":
                request.forward()
            elif moment == "midst" and request.body:
                truncated_request(request)
            os.kill(pid, signal.SIGKILL)
            return None

        return At(number, fault, ignored)

    return rule


def name_of(fault: Fault) -> str:
    return fault.__name__.strip("_")
