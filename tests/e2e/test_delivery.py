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

from local_aws.sample.usage_logs import HOSTILE_STRINGS
from local_aws.sample_data import GENERATORS, write_items
from tests.browser import A4_PRINTABLE, DESKTOP, PHONE, needs_chromium, open_browser
from tests.e2e import readers
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
    last_month = Month.containing(now).previous
    items = Path(tmp_path_factory.mktemp("notifying-items")) / "items.jsonl.gz"
    write_items(items, GENERATORS["usage_logs"](last_month, now))
    seeded = deployment.command("-m", "local_aws.seed", "--archive", "usage_logs", "--items", str(items))
    assert seeded.returncode == 0, seeded.stderr
    with open_mailbox() as mailbox:
        # The sample's hostile texts are actions and users in its oldest month.
        month = str(last_month.previous.previous)
        yield Notifying(deployment.with_variables(mailbox.connections()), mailbox, month)


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
    month = datetime.fromisoformat(f"{notifying.month}-01")
    assert published["Subject"] == f"Usage of the chat service: {month:%B %Y} is archived"
    body = published.get_body(("html",))
    assert body is not None
    assert "Safe to expire" in body.get_content() or "safe to expire" in body.get_content()
    tables = sorted(str(one.get_filename()) for one in published.iter_attachments())
    assert tables == sorted(path.with_suffix(".csv").name for path in (INCLUDE / "sql/usage_logs/report").glob("*.sql"))


def test_the_report_comes_as_a_message(notifying: Notifying, published: EmailMessage) -> None:
    (post,) = notifying.mailbox.posts
    assert post["title"] == published["Subject"]
    assert f"/reports/usage_logs/{notifying.month}/report.html" in post["message"]


@pytest.fixture(scope="module")
def pages(notifying: Notifying, published: EmailMessage, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report and the mail, as files."""
    body = published.get_body(("html",))
    assert body is not None
    bucket, key = notifying.deployment.results_bucket, f"reports/usage_logs/{notifying.month}/report.html"
    folder = tmp_path_factory.mktemp("pages")
    files = {"report": folder / "report.html", "mail": folder / "mail.html"}
    files["report"].write_bytes(readers.body(notifying.deployment.admin(), bucket, key))
    files["mail"].write_text(body.get_content(), encoding="utf-8")
    return files


ACTIVE = {"script", "img", "iframe", "object", "embed", "form", "input", "button", "link", "base", "image", "use"}


@needs_chromium
def test_hostile_data_is_text_in_a_browser(pages: dict[str, Path], tmp_path: Path) -> None:
    with open_browser(tmp_path) as browser:
        for width, media in ((PHONE, "screen"), (DESKTOP, "screen"), (A4_PRINTABLE, "print")):
            for what, page in pages.items():
                found = browser.measure(page, width, media)
                wrong = {name: found[name] for name in ("page", "outside", "cut", "small", "bare")}
                assert wrong == {"page": 0, "outside": [], "cut": [], "small": 0, "bare": []}, (what, width)
                assert not ACTIVE & set(found["tags"])
                assert not [name for name in found["attributes"] if name.startswith("on")]
                assert all(link.partition("?")[0].endswith("/report.html") for link in found["links"])
                assert len(found["links"]) == (what == "mail"), "in place of its charts, a mail has a link to them"
                for text in HOSTILE_STRINGS:
                    if text.isprintable() and text.strip() == text:
                        assert text in found["text"], (what, width)


def test_a_report_made_again_keeps_what_the_archiving_run_knew(notifying: Notifying, published: EmailMessage) -> None:
    bucket, key = notifying.deployment.results_bucket, f"reports/usage_logs/{notifying.month}/report.json"
    aws = notifying.deployment.admin()
    first = readers.document(aws, bucket, key)
    code, told = notifying.run("--report-only")
    notifying.mailbox.mails.clear()
    notifying.mailbox.posts.clear()
    assert code == 0, told
    again = readers.document(aws, bucket, key)
    assert "export_segment" not in told
    assert [one["rows"] for one in again["sections"]] == [one["rows"] for one in first["sections"]]
    assert again["counts"] == first["counts"]
    runs = first["provenance"]["run_id"], again["provenance"]["run_id"]
    assert runs[0] != runs[1]
    assert (first["provenance"]["archived_by"], again["provenance"]["archived_by"]) == (runs[0], runs[0])
    kept = {one["name"]: (one["query_execution_id"], one["run_id"]) for one in again["queries"]}
    counted = kept.pop("count_published")
    assert kept == {
        one["name"]: (one["query_execution_id"], runs[0])
        for one in first["queries"]
        if one["name"] != "count_published"
    }
    assert counted[0] not in [one["query_execution_id"] for one in first["queries"]]
    assert counted[1] is None
    assert again["cost"]["read_units"] == first["cost"]["read_units"]
    page = readers.body(aws, bucket, key.replace(".json", ".html")).decode()
    assert "What the scan cost was paid by the run that archived the month" in page


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
