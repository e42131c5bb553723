"""A whole run that delivers its report, and one that lacks a permission: what people get."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from local_aws.sample_data import GENERATORS, write_items
from tests.e2e.conftest import _deployed, embedded_aws
from tests.e2e.deployment import INCLUDE, Deployment, copy_include
from tests.mailbox import Mailbox, open_mailbox
from ttl_archive.months import Month

NOTIFY = "email: {to: [analysts@example.com], from: archive@example.com}, apprise: {tag: report}"


@dataclass(frozen=True)
class Notifying:
    """A deployment whose one archive tells people by mail and by Apprise."""

    deployment: Deployment
    mailbox: Mailbox
    month: str

    def run(self, *arguments: str) -> tuple[int, str]:
        done = self.deployment.archive("usage_logs", "--month", self.month, *arguments)
        return done.returncode, done.stderr


@pytest.fixture(scope="module")
def notifying(airflow_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notifying]:
    """On an embedded AWS of its own: in another test's, the shipped archive's table and asset are that test's."""
    with embedded_aws(tmp_path_factory.mktemp("notifying-aws"), airflow_database) as embedded:
        yield from _notifying(embedded, tmp_path_factory)


def _notifying(embedded: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notifying]:
    include = copy_include(tmp_path_factory.mktemp("notifying") / "include")
    shipped = (INCLUDE / "archives/usage_logs.yaml").read_text()
    # Without Parquet, the first task that needs GetPartitions is a query of Athena, which hides what it lacks.
    shipped = re.sub(r"(?m)^(catalog: \{.*)\}", r"\1, parquet: false}", shipped)
    assert "parquet: false}" in shipped
    (include / "archives/usage_logs.yaml").write_text(shipped.replace("sns_topic: null", NOTIFY))
    deployment = _deployed(embedded.with_variables({"TTL_ARCHIVE_INCLUDE_DIR": str(include)}), "--env", "prd")
    now = datetime.now(UTC)
    month = Month.containing(now).previous
    items = Path(tmp_path_factory.mktemp("notifying-items")) / "items.jsonl.gz"
    write_items(items, GENERATORS["usage_logs"](month, now))
    seeded = deployment.command("-m", "local_aws.seed", "--archive", "usage_logs", "--items", str(items))
    assert seeded.returncode == 0, seeded.stderr
    with open_mailbox() as mailbox:
        yield Notifying(deployment.with_variables(mailbox.connections()), mailbox, str(month))


@pytest.fixture(scope="module")
def published(notifying: Notifying) -> EmailMessage:
    """A run that succeeds, and the mail that it sends."""
    code, told = notifying.run()
    assert code == 0, told
    assert "deliver_report[email]" in told
    assert "deliver_report[apprise]" in told
    ((recipients, message),) = notifying.mailbox.mails
    assert recipients == ["analysts@example.com"]
    return message


def test_the_report_comes_as_html_with_its_tables(notifying: Notifying, published: EmailMessage) -> None:
    assert published["Subject"] == f"Usage of the chat service: {notifying.month} is archived"
    body = published.get_body(("html",))
    assert body is not None
    assert "Safe to expire" in body.get_content() or "safe to expire" in body.get_content()
    tables = sorted(str(one.get_filename()) for one in published.iter_attachments())
    assert tables == sorted(path.with_suffix(".csv").name for path in (INCLUDE / "sql/usage_logs/report").glob("*.sql"))


def test_the_report_comes_as_a_message(notifying: Notifying, published: EmailMessage) -> None:
    (post,) = notifying.mailbox.posts
    assert post["title"] == published["Subject"]
    assert f"/reports/usage_logs/{notifying.month}/report.html" in post["message"]


@pytest.fixture
def without_get_partitions(notifying: Notifying, published: EmailMessage) -> Iterator[None]:
    """The deployed role, less one action."""
    iam, name = notifying.deployment.admin().iam, notifying.deployment.role.rpartition("/")[2]
    whole = iam.get_role_policy(RoleName=name, PolicyName="pipeline")["PolicyDocument"]
    less = copy.deepcopy(whole)
    (catalog,) = [each for each in less["Statement"] if each["Sid"] == "KeepTheCatalogInStep"]
    catalog["Action"].remove("glue:GetPartitions")
    iam.put_role_policy(RoleName=name, PolicyName="pipeline", PolicyDocument=json.dumps(less))
    yield
    iam.put_role_policy(RoleName=name, PolicyName="pipeline", PolicyDocument=json.dumps(whole))


@pytest.mark.usefixtures("without_get_partitions")
def test_a_missing_permission_is_named_at_once_and_told_to_everybody(notifying: Notifying) -> None:
    notifying.mailbox.mails.clear()
    notifying.mailbox.posts.clear()
    code, told = notifying.run("--report-only")
    assert code == 1
    table = "arn:aws:glue:us-east-1:000000000000:table/usage_archive/logs"
    named = f"next step: the pipeline role lacks glue:GetPartitions on {table}: add this statement to its policy: "
    assert named in told
    tries = [line for line in told.splitlines() if line.startswith("  analyse.count_published")]
    assert len(tries) == 1, "it isn't tried again"
    ((_, message),) = notifying.mailbox.mails
    assert message["Subject"] == "Usage of the chat service: analyse.count_published failed"
    body = message.get_body(("html",))
    assert body is not None
    assert named in body.get_content()
    (post,) = notifying.mailbox.posts
    assert named in post["message"]
    assert "docs/errors.md#" in post["message"]
