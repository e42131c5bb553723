"""Runs the DAGs in every supported mode in this process, task by task, and takes permissions away in between.

    python -m tests.iam_proof.drive < job.json > outcome.json

Each task runs as ``dag.test`` runs it: the real operator, its trigger and its callbacks, under the pipeline role. Where
the job wants a grant proven, the task is first tried with the role's policy less that grant, and must fail with the
explanation that names it; then the policy is whole again and the run goes on, as after ``make deploy`` and a clear.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from tests.conftest import REPOSITORY
from tests.iam_proof import calls
from tests.iam_proof.outcome import Outcome, Removal, Use
from tests.iam_proof.policy import Grant, RolePolicies
from tests.iam_proof.world import Place, World


class Job(BaseModel):
    """What to run.

    :param modes: names of ``MODES``, in order.
    :param uses: the uses that an earlier drive found: at each, the grant is taken away, until it is proven.
    """

    place: Place
    modes: list[str]
    uses: list[Use] = []


def _nothing(world: World) -> None:
    del world


@dataclass(frozen=True)
class Mode:
    """One way to run a DAG.

    :param month: of the run, by the world; None for the watch.
    :param prepare: what happens before the run.
    :param before: what happens before a task runs, by its id.
    :param polls: how often a task looks whether its query has ended, by its id.
    """

    summary: str
    month: Callable[[World], Any] | None
    conf: Mapping[str, Any] = field(default_factory=dict)
    prepare: Callable[[World], None] = _nothing
    before: Mapping[str, Callable[[World], None]] = field(default_factory=dict)
    polls: Mapping[str, int] = field(default_factory=dict)


def _late_items(world: World) -> None:
    world.put_late_item()
    world.append_column()


MODES = {
    "first": Mode("a month is archived for the first time", lambda world: world.last.previous, prepare=World.begin),
    "late": Mode(
        "the next month, with a new column and late items of the month before; a killed try has left an upload",
        lambda world: world.last,
        prepare=_late_items,
        before={"archive.export_segment": World.leave_upload},
    ),
    "again": Mode("the month once more, with a new item", lambda world: world.last, prepare=World.put_another_item),
    "report_only": Mode(
        "a published month is reported, and a query outlasts its waiting",
        lambda world: world.last,
        conf={"report_only": True},
        before={"analyse.count_published": World.slow_next_count},
        polls={"analyse.count_published": 3},
    ),
    "watch": Mode("archive_watch, two days later", None),
}


class Driver:
    """Stands between ``dag.test`` and its tasks."""

    def __init__(self, job: Job, run_task: Callable[..., Any]) -> None:
        self.world, self.outcome = World(job.place), Outcome()
        self._role, self._run_task, self._uses = job.place.role_name, run_task, job.uses
        self._whole = RolePolicies.of(job.place.iam, self._role)
        self._proven: set[Grant] = set()
        self._done: set[tuple[str, str]] = set()
        self._mode = ""
        self._recorded = 0
        self.error: BaseException | str | None = None  # of the task that failed last

    def run(self, name: str) -> None:
        """Run a mode; what fails is in the outcome."""
        from airflow.dag_processing.dagbag import DagBag

        mode, self._mode = MODES[name], name
        mode.prepare(self.world)
        began = time.monotonic()
        bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
        assert not bag.import_errors, bag.import_errors
        dag = bag.dags["archive_watch" if mode.month is None else self.world.archive.dag_id]
        for task, polls in mode.polls.items():
            dag.task_dict[task].max_polling_attempts = polls
        conf = {**mode.conf, **({"month": str(mode.month(self.world))} if mode.month else {})}
        state = str(dag.test(run_conf=conf).state.value)
        self.outcome.states[name] = state
        _say(f"{name}: {mode.summary}: {state}, {time.monotonic() - began:.0f} s")

    def run_task(self, *, ti: Any, task: Any, run_triggerer: bool = False) -> Any:
        """What ``dag.test`` calls for each task."""

        def attempt() -> Any:
            if place not in self._done and ti.task_id in MODES[self._mode].before:
                MODES[self._mode].before[ti.task_id](self.world)
            self.error = None
            return self._run_task(ti=ti, task=task, run_triggerer=run_triggerer)

        # Without the watch's task group, which is named for the archive, and so for the stack.
        task_name = ti.task_id.removeprefix(f"{self.world.place.name}.")
        task_name += f"[{ti.map_index}]" if ti.map_index >= 0 else ""
        place = (self._mode, task_name)
        for use in self._uses:
            open_still = use.grant not in self._proven and place not in self._done
            if open_still and (use.mode, use.task) == place:
                outcome = self._try_without(use, ti, attempt)
                if outcome == "tolerated":
                    return None
        self._recorded += len(calls.recorded(self.world.place.url, self._recorded))
        try:
            return attempt()
        finally:
            self._done.add(place)
            made = calls.recorded(self.world.place.url, self._recorded)
            self._recorded += len(made)
            self.outcome.calls += [(self._mode, task_name, asdict(call)) for call in made]

    def _try_without(self, use: Use, ti: Any, attempt: Callable[[], Any]) -> str:
        """Try a task without a grant; make it ready for another try unless it succeeded."""
        from airflow.utils.session import create_session
        from airflow.utils.state import TaskInstanceState

        from ttl_archive.translation import translate

        grant, iam = use.grant, self.world.admin.iam
        self._whole.without(grant).put(iam, self._role)
        try:
            attempt()
        finally:
            self._whole.put(iam, self._role)
        error = self.error
        meant = translate(error) if isinstance(error, BaseException) else None
        message = str(meant or error or "")
        if ti.state == TaskInstanceState.SUCCESS:
            outcome = "tolerated"
        elif f"the pipeline role lacks {grant.action}" not in message:
            outcome = "unexplained"
        elif ti.state != TaskInstanceState.FAILED:
            outcome = "retried"
        else:
            outcome = "explained"
            self._proven.add(grant)
        found = Removal(mode=self._mode, task=use.task, grant=grant, outcome=outcome, message=message)
        self.outcome.removals.append(found)
        _say(f"  without {grant}: {use.mode} {use.task}: {outcome}")
        if outcome != "tolerated":
            with create_session() as session:
                ti.state = TaskInstanceState.SCHEDULED
                ti.try_number += 1
                ti.next_method = ti.next_kwargs = None
                session.add(ti)
        return outcome


def drive(place: Place, modes: Sequence[str], uses: Sequence[Use] = ()) -> Outcome:
    """Run modes in a process of their own, whose progress goes to standard error.

    :raises RuntimeError: if it breaks; a run that fails is in the outcome.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.iam_proof.drive"],
        cwd=REPOSITORY,
        env=place.environment,
        input=Job(place=place, modes=list(modes), uses=list(uses)).model_dump_json(),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the runs broke off: {place.log.read_text()[-3000:]}")
    return Outcome.model_validate_json(done.stdout)


class _Errors:
    """Keeps the error that a task failed with; Airflow calls it by the name of its hook."""

    def __init__(self, driver: Driver) -> None:
        from airflow.listeners import hookimpl

        self._driver = driver
        hookimpl(type(self).on_task_instance_failed)

    def on_task_instance_failed(self, previous_state: Any, task_instance: Any, error: Any) -> None:
        del previous_state, task_instance
        self._driver.error = error


def _say(text: str) -> None:
    os.write(_TERMINAL, f"{text}\n".encode())


_TERMINAL = os.dup(2)


def main() -> int:
    """Drive, and say how it went; what the tasks log goes to a file beside Airflow's own logs."""
    job = Job.model_validate_json(sys.stdin.read())
    # tests.conftest closes the environment of whoever imports it; Airflow is imported only now.
    os.environ.clear()
    os.environ.update(job.place.environment)
    answer = os.dup(1)
    log = os.open(job.place.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)

    from airflow.sdk.definitions import dag as airflow_dag
    from airflow.sdk.listener import get_listener_manager

    from ttl_archive import upkeep

    # Two days later: what the watch removes need not wait for a day of readers, or a week of orphans.
    upkeep.READERS_TIME = upkeep.ORPHAN_AGE = timedelta(seconds=-1)
    upkeep.AFTERWARDS = timedelta(0)
    driver = Driver(job, airflow_dag._run_task)
    airflow_dag._run_task = driver.run_task  # type: ignore[assignment]
    get_listener_manager().add_listener(_Errors(driver))  # type: ignore[no-untyped-call]
    calls.begin(job.place.url)
    for name in job.modes:
        driver.run(name)
    os.write(answer, driver.outcome.model_dump_json().encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
