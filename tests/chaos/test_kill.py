"""A worker that is killed with SIGKILL at a moment drawn from a seed, in each step; then its retry."""

from __future__ import annotations

from random import Random

import pytest

from tests.chaos import published
from tests.chaos.conftest import Begin
from tests.chaos.trial import LONG, killer, seeds

pytestmark = pytest.mark.xdist_group("chaos-kill")

POLL = "athena:GetQueryExecution"
STEPS = (
    "open_generation",
    "plan_segments",
    "export_segment 0",
    "export_segment 1",
    "write_manifest",
    "catalog",
    "verify_archive",
    "publish_partition",
)


@pytest.fixture(scope="session")
def requests_of(begin: Begin) -> dict[str, int]:
    """How many requests each step makes when nothing happens, besides those that look whether a query has ended."""
    counted: dict[str, int] = {}
    for large in (False, True):
        trial = begin(large=large)
        while trial.next:
            step = trial.next
            with trial.proxy.meddling():
                assert trial.here(step, faulty=True).done
                if step.startswith("export") == large:
                    counted[step] = sum(one != POLL for one in trial.proxy.log)
    return counted


# Publishing has the most states to die in.
CASES = [(step, seed) for step in STEPS for seed in seeds(short=3 if step == "publish_partition" else 1, long=6)]


@pytest.mark.parametrize(("step", "seed"), CASES)
def test_a_killed_step_is_mended_by_its_retry(begin: Begin, step: str, seed: int, requests_of: dict[str, int]) -> None:
    random = Random(f"{seed} {step}")
    trial = begin(large=step.startswith("export"))
    trial.advance_to(step)
    with published.Witness(trial.pipeline) as witness:
        assert trial.worker(step, kill=killer(random, requests_of[step], POLL)).killed
        for _ in range(random.randint(0, 2) if LONG else 0):
            # What was there already may spare a later try the request that it was to be killed at.
            if step not in trial.finished:
                trial.worker(step, kill=killer(random, requests_of[step], POLL))
        if step not in trial.finished:
            assert trial.worker(step).done
        trial.finish()
    trial.check(witness)
