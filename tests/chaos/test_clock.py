"""Workers whose clocks disagree: the month's lease must protect it whatever they say."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from tests.chaos import published
from tests.chaos.conftest import Begin
from tests.chaos.fault_proxy import Answer, Request, Rule
from tests.chaos.test_storm import MOST_SECONDS_OFF
from tests.chaos.trial import LONG, Outcome, Trial
from tests.e2e import readers
from ttl_archive.layout import lease_key

pytestmark = [pytest.mark.xdist_group("chaos-faults"), pytest.mark.usefixtures("no_waits")]


def two_runs(begin: Begin) -> tuple[Trial, Trial]:
    """Two runs of the same month, both ready to publish."""
    first = begin()
    second = replace(first, run_id="rival", tries=type(first.tries)(), finished=[], exported=[])
    for trial in (first, second):
        trial.advance_to("publish_partition")
    assert first.opened["generation"] != second.opened["generation"]
    return first, second


def set_lease(trial: Trial, **changes: object) -> None:
    """Change the lease by hand: time can't be waited for."""
    aws, bucket = trial.pipeline.admin, trial.pipeline.archive.destination.bucket
    key = lease_key(trial.pipeline.archive, trial.pipeline.month)
    lease = {**readers.document(aws, bucket, key), **changes}
    aws.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(lease).encode())


PAIRS = [(0, MOST_SECONDS_OFF), (-MOST_SECONDS_OFF, 0), (-MOST_SECONDS_OFF, MOST_SECONDS_OFF)]


@pytest.mark.parametrize(("holders", "rivals"), PAIRS if LONG else PAIRS[-1:])
def test_a_wrong_clock_takes_no_lease_that_is_held(begin: Begin, holders: float, rivals: float) -> None:
    holder, rival = two_runs(begin)
    met: list[Outcome] = []

    def meanwhile(request: Request) -> Answer:
        met.append(rival.worker("publish_partition", direct=True, clock_ahead=rivals))
        return request.forward()

    with published.Witness(holder.pipeline) as witness:
        outcome = holder.worker("publish_partition", Rule("s3:CopyObject", meanwhile), clock_ahead=holders)
    assert [one.error for one in met] == ["MonthBusy"]
    assert outcome.done
    holder.check(witness)


def test_a_slow_clock_takes_a_lease_that_has_ended(begin: Begin) -> None:
    trial = begin()
    trial.advance_to("publish_partition")
    set_lease(trial, owner="a run that died", expires_at=time.time() - 2)
    with published.Witness(trial.pipeline) as witness:
        assert trial.worker("publish_partition", clock_ahead=-MOST_SECONDS_OFF).done
    trial.check(witness)


def test_a_flip_under_way_when_the_lease_is_lost_is_taken_back(begin: Begin) -> None:
    """The holder's UpdatePartition hangs on its way past the lease's end; a rival publishes; then it arrives."""
    holder, rival = two_runs(begin)

    def meanwhile(request: Request) -> Answer:
        set_lease(holder, expires_at=0)
        assert rival.worker("publish_partition", direct=True).done
        return request.forward()

    holder.worker("publish_partition", Rule("glue:UpdatePartition", meanwhile))
    partition, pointer = holder.pipeline.partition(), holder.pipeline.pointer()
    assert partition is not None
    assert pointer is not None
    assert partition.location == pointer["location"]
