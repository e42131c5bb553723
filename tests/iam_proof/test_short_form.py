"""The short form of `make iam-proof`: one run, in which a few permissions are taken away where they are needed."""

from __future__ import annotations

import pytest

from tests.iam_proof import place
from tests.iam_proof.drive import Outcome, drive
from tests.iam_proof.outcome import Use
from tests.iam_proof.policy import Grant, RolePolicies

# One of each way to meet a missing permission: a step's own client, an operator's hook, Athena's own calls with its
# opaque words, and a channel.
SAMPLE = [
    ("check_prerequisites", Grant("AuditAndReportThroughAthena", "athena:GetWorkGroup")),
    ("archive.export_segment[0]", Grant("ReadTheSourceTables", "dynamodb:Scan")),
    ("catalog.create_table", Grant("KeepTheCatalogInStep", "glue:CreateTable")),
    ("catalog.create_table", Grant("LookUpTheDefaultDatabase", "glue:GetDatabase")),
    ("catalog.stage", Grant("KeepTheCatalogInStep", "glue:BatchCreatePartition")),
    ("verify.verify_archive", Grant("WriteQueryResultsAndReports", "s3:GetObject")),
    ("publish_partition", Grant("KeepTheCatalogInStep", "glue:CreatePartition")),
    ("deliver_report[0]", Grant("NotifyOfPublishedMonths", "sns:Publish")),
    ("deliver_report[1]", Grant("SendReportsByMail", "ses:SendRawEmail")),
]


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, RolePolicies]:
    with place.embedded(tmp_path_factory.mktemp("iam-proof")) as deployment:
        here = place.make(deployment, "stg")
        policies = RolePolicies.of(here.iam, here.role_name)
        uses = [Use(mode="first", task=task, grant=grant) for task, grant in SAMPLE]
        outcome = drive(here, ["first"], uses)
        assert RolePolicies.of(here.iam, here.role_name) == policies  # what was taken away is back
        return outcome, policies


pytestmark = [pytest.mark.xdist_group("iam_proof"), pytest.mark.timeout(900)]


def test_the_run_ends_well_once_every_permission_is_back(driven: tuple[Outcome, RolePolicies]) -> None:
    outcome, _ = driven
    assert outcome.states == {"first": "success"}


@pytest.mark.parametrize(("task", "grant"), SAMPLE, ids=str)
def test_a_task_without_a_permission_fails_at_once_and_names_it(
    driven: tuple[Outcome, RolePolicies], task: str, grant: Grant
) -> None:
    outcome, policies = driven
    assert grant in policies.grants
    (removal,) = [each for each in outcome.removals if each.grant == grant]
    assert (removal.task, removal.outcome) == (task, "explained"), removal.message
    assert f"the pipeline role lacks {grant.action}" in removal.message


def test_the_whole_run_needs_no_more_than_the_role_has(driven: tuple[Outcome, RolePolicies]) -> None:
    outcome, _ = driven
    assert len(outcome.calls) > 200
    assert [call for _, _, call in outcome.calls if not call["allowed"]] == []
    asked = {call["by"] for _, _, call in outcome.calls}
    assert asked == {"", "athena.amazonaws.com"}
