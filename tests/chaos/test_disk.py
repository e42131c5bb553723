"""A full disk. An archive needs none: what is read goes from DynamoDB to S3 through memory."""

from __future__ import annotations

import pytest

from tests.chaos import published
from tests.chaos.conftest import Begin
from tests.chaos.trial import LONG

pytestmark = pytest.mark.xdist_group("chaos-faults")


def test_a_run_needs_no_disk(begin: Begin) -> None:
    trial = begin(large=True)
    with published.Witness(trial.pipeline) as witness:
        while trial.next:
            # Every step in the long form; in the short one, those that carry data.
            if LONG or trial.next.startswith(("export_segment", "publish_partition")):
                outcome = trial.worker(trial.next, disk_full=True)
                assert outcome.done, outcome
            else:
                trial.here(trial.next)
    trial.check(witness)
