"""One kind of fault at one kind of request: what the step makes of it, and what readers find afterwards.

``tries`` says who mends it: 1, the package and botocore within the try; 2, Airflow's retry of the task.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.chaos import fault_proxy as faults
from tests.chaos import published
from tests.chaos.conftest import Begin
from tests.chaos.fault_proxy import Fault, Rule
from tests.chaos.trial import LONG, UPLOAD_BYTES, Trial, name_of
from tests.e2e import readers
from ttl_archive import parts

pytestmark = [pytest.mark.xdist_group("chaos-faults"), pytest.mark.usefixtures("no_waits", "small_uploads")]
ALWAYS = 50  # more often than any client tries


@pytest.fixture
def small_uploads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "UPLOAD_BYTES", UPLOAD_BYTES)


@dataclass(frozen=True)
class Case:
    operation: str
    faults: tuple[Fault, ...]
    times: int = 1
    skip: int = 0
    key: str = "*"
    tries: int = 1

    @property
    def name(self) -> str:
        where = "" if self.key == "*" else f" {self.key.strip('*')}"
        often = "" if self.times == 1 else " always" if self.times == ALWAYS else f" x{self.times}"
        return f"{self.operation}{where} {', '.join(map(name_of, self.faults))}{often}"

    def rules(self) -> list[Rule]:
        first, *then = self.faults
        rules = [Rule(self.operation, first, self.times, self.skip, self.key)]
        # What follows meets the request that is made next, since the first rule is used up by then.
        rules += [Rule(self.operation, fault, 1, 0, self.key) for fault in then]
        return rules


def case(operation: str, *of: Fault, **more: object) -> Case:
    return Case(operation, of, **more)  # type: ignore[arg-type]


SCAN, PART = "dynamodb:Scan", "*/part-*"
EXPORT = [
    case(SCAN, faults.throttled, times=4, skip=1),
    case(SCAN, faults.failed, times=3),
    case(SCAN, faults.reset, faults.lost, faults.unavailable, skip=1),
    case(SCAN, faults.truncated, times=2),
    case(SCAN, faults.cut, times=3),
    case(SCAN, faults.miscounted, tries=2),
    *([case(SCAN, faults.throttled, times=12, skip=2, tries=2)] if LONG else []),  # takes its time
    case("s3:CreateMultipartUpload", faults.lost),
    case("s3:CreateMultipartUpload", faults.failed, faults.truncated),
    case("s3:UploadPart", faults.lost, faults.failed, faults.reset, faults.throttled, skip=1),
    case("s3:UploadPart", faults.truncated_request, times=3),
    case("s3:UploadPart", faults.failed, times=5, skip=2, tries=2),
    case("s3:UploadPart", faults.no_such_upload, skip=1, tries=2),
    case("s3:CompleteMultipartUpload", faults.lost),
    case("s3:CompleteMultipartUpload", faults.lost, faults.no_such_upload),
    case("s3:CompleteMultipartUpload", faults.no_such_upload, tries=2),
    case("s3:CompleteMultipartUpload", faults.error_in_200, faults.failed, faults.truncated),
    case("s3:CompleteMultipartUpload", faults.conflict, times=3),
    case("s3:CompleteMultipartUpload", faults.lost, faults.conflict),
    case("s3:CompleteMultipartUpload", faults.conflict, times=6, tries=2),
    case("s3:CompleteMultipartUpload", faults.failed, times=5, skip=1, tries=2),
    case("s3:PutObject", faults.lost, faults.conflict, key=PART),
    case("s3:PutObject", faults.truncated_request, faults.truncated, key=PART),
    case("s3:PutObject", faults.lost, key="*/_claim-*"),
    case("s3:GetObject", faults.truncated, key="*/_claim-*"),
    case("s3:PutObject", faults.lost, key="*/_segment-*"),
    case("s3:DeleteObject", faults.lost, faults.reset),
    case("s3:ListMultipartUploads", faults.truncated, faults.failed),
]
PUBLISH = [
    case("s3:CopyObject", faults.error_in_200, faults.lost, faults.truncated, faults.throttled),
    case("s3:CopyObject", faults.failed, times=ALWAYS, tries=2),
    case("s3:HeadObject", faults.failed, faults.reset),
    case("s3:PutObject", faults.lost, key="*.lease.json"),
    case("s3:PutObject", faults.lost, faults.conflict, key="*.lease.json", skip=2),
    case("s3:GetObject", faults.truncated, key="*.lease.json", skip=1),
    case("s3:GetObject", faults.truncated, key="_manifests/*"),
    case("glue:GetPartition", faults.truncated, faults.throttled),
    case("glue:UpdatePartition", faults.lost, faults.failed),
    case("glue:UpdatePartition", faults.throttled, times=4),
    case("s3:PutObject", faults.conflict, times=ALWAYS, key="*.lease.json", tries=2),
    case("glue:UpdatePartition", faults.failed, times=ALWAYS, tries=2),
]
OTHERS = [
    ("open_generation", case("s3:GetObject", faults.failed, faults.truncated)),
    ("plan_segments", case("s3:PutObject", faults.lost)),
    ("plan_segments", case("s3:PutObject", faults.conflict, times=2)),
    ("write_manifest", case("s3:PutObject", faults.lost, faults.conflict)),
    ("write_manifest", case("s3:GetObject", faults.truncated)),
    ("catalog", case("athena:StartQueryExecution", faults.lost, faults.throttled)),
    ("verify_archive", case("athena:StartQueryExecution", faults.lost)),
    ("publish_partition", case("glue:CreatePartition", faults.failed, faults.throttled)),
    ("verify_archive", case("athena:GetQueryResults", faults.truncated, faults.failed)),
    ("verify_archive", case("s3:HeadObject", faults.failed, faults.reset)),
]


def suffer(trial: Trial, step: str, one: Case) -> None:
    """Try the step until it is done; the faults must have happened, and as many tries been needed as said."""
    rules = one.rules()
    with trial.proxy.meddling(*rules):
        first = trial.here(step, faulty=True)
        assert all(rule.hits for rule in rules), f"never happened: {rules}, requests: {trial.proxy.log}"
        assert first.done == (one.tries == 1), first
    if not first.done:
        assert trial.here(step, faulty=True).done


def staged_parts(trial: Trial) -> dict[str, bytes]:
    bucket, prefix = trial.pipeline.archive.destination.bucket, trial.opened["staging_prefix"]
    keys = readers.keys(trial.pipeline.admin, bucket, prefix)
    return {key: readers.body(trial.pipeline.admin, bucket, key) for key in keys if "/part-" in key}


@pytest.fixture(scope="module")
def exporting(begin: Begin) -> Callable[[], tuple[Trial, dict[str, bytes]]]:
    """A run whose segment makes parts of several uploads; one for all in the short form, one each in the long."""
    shared: list[tuple[Trial, dict[str, bytes]]] = []

    def make() -> tuple[Trial, dict[str, bytes]]:
        if LONG or not shared:
            trial = begin(large=True, segments=1)
            trial.advance_to("export_segment 0")
            assert trial.here("export_segment 0").done
            shared.append((trial, staged_parts(trial)))
            assert len(shared[-1][1]) > 2
        return shared[-1]

    return make


@pytest.mark.parametrize("one", EXPORT, ids=[one.name for one in EXPORT])
def test_an_export_survives(exporting: Callable[[], tuple[Trial, dict[str, bytes]]], one: Case) -> None:
    trial, before = exporting()
    with published.Witness(trial.pipeline) as witness:
        suffer(trial, "export_segment 0", one)
        assert staged_parts(trial) == before  # the same keys, the same bytes
        bucket, prefix = trial.pipeline.archive.destination.bucket, trial.opened["staging_prefix"]
        rows = published.read(trial.pipeline.admin, bucket, prefix)
        assert len(rows) == len(trial.expected)
        assert {(row[0], row[1]): row for row in rows} == trial.expected
        assert published.open_uploads(trial.pipeline) == []
        if LONG:
            trial.finish()
    if LONG:
        trial.check(witness)
    else:
        assert witness.seen == [trial.old]


@pytest.fixture(scope="module")
def publishing(begin: Begin) -> Callable[[Case], Trial]:
    """A run that is to publish: in the short form one that has before, unless it must copy, which it does only once."""
    shared: list[Trial] = []

    def make(one: Case) -> Trial:
        if LONG or not shared or one.operation == "s3:CopyObject":
            trial = begin()
            trial.advance_to("publish_partition")
            shared.append(trial)
        return shared[-1]

    return make


@pytest.mark.parametrize("one", PUBLISH, ids=[one.name for one in PUBLISH])
def test_a_publication_survives(publishing: Callable[[Case], Trial], one: Case) -> None:
    trial = publishing(one)
    with published.Witness(trial.pipeline) as witness:
        suffer(trial, "publish_partition", one)
    trial.check(witness)


@pytest.mark.parametrize(("step", "one"), OTHERS, ids=[f"{step} {one.name}" for step, one in OTHERS])
def test_the_other_steps_survive(begin: Begin, step: str, one: Case) -> None:
    trial = begin(old=LONG and "Create" not in one.operation)
    trial.advance_to(step)
    with published.Witness(trial.pipeline) as witness:
        suffer(trial, step, one)
        trial.finish()
    trial.check(witness)


def test_a_first_publication_survives_a_lost_answer(begin: Begin) -> None:
    trial = begin(old=False)
    trial.advance_to("publish_partition")
    with published.Witness(trial.pipeline) as witness:
        suffer(trial, "publish_partition", case("glue:CreatePartition", faults.lost))
    trial.check(witness)
