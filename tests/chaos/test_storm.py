"""Everything at once: a whole run, each step in a worker with a wrong clock, through faults and kills from one seed."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from tests.chaos import published
from tests.chaos.conftest import Begin
from tests.chaos.fault_proxy import Storm
from tests.chaos.trial import Outcome, killer, seeds

pytestmark = pytest.mark.xdist_group("chaos-faults")
# AWS refuses signatures that are 15 minutes off, so no clock of a working worker is more so.
MOST_SECONDS_OFF = 14 * 60


@pytest.mark.parametrize("seed", seeds(short=1, long=12))
def test_a_run_survives_whatever_comes(begin: Begin, seed: int) -> None:
    random = Random(seed)
    trial = begin(large=True, old=random.random() < 0.7)
    met: Counter[str] = Counter()

    def attempt() -> Outcome:
        storm = Storm(random.randrange(2**32), share=0.12)
        kill = killer(random, 25) if random.random() < 0.3 else None
        clock = random.uniform(-MOST_SECONDS_OFF, MOST_SECONDS_OFF)
        outcome = trial.worker(str(trial.next), storm, kill=kill, clock_ahead=clock)
        met.update(storm.hits)
        met["killed"] += outcome.killed
        return outcome

    with published.Witness(trial.pipeline) as witness:
        while trial.next:
            trial.until_done(trial.next, attempt)
    print(f"seed {seed}: {dict(met)}")  # noqa: T201 - shown where the test fails
    assert met.total() > 3
    trial.check(witness)
