"""A report and a failure, delivered to real endpoints: embedded SNS and SES, an SMTP server, and an HTTP listener."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conftest import ENVIRONMENT, REPOSITORY
from tests.local_aws.harness import Aws, exports, local_aws
from tests.mailbox import Mailbox, open_mailbox
from tests.report.sample_report import sample_content
from ttl_archive import delivery, notifications
from ttl_archive.config import Archive, find_archive
from ttl_archive.errors import BadTimestamps, DeliveryFailed, QueryDenied
from ttl_archive.layout import report_prefix
from ttl_archive.months import Month
from ttl_archive.operators.deliver_report import DeliverReportOperator
from ttl_archive.report.content import SectionResult
from ttl_archive.report.render import render_csv, render_html, render_text
from ttl_archive.report.sections import Chart, load_sections
from ttl_archive.settings import Settings

# apprise 2.3.0 imports imghdr (apprise/utils/pgp.py), which Python 3.11 calls deprecated. Drop once it doesn't.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

MONTH = Month(2025, 3)
TITLE = "Nutzung – Übersicht"
HOSTILE = "<script>alert(1)</script> {{ 7*7 }} {% raw %} @everyone <!channel> [x](javascript:alert(1)) =HYPERLINK(1)"
RECIPIENTS = ["analysts@example.com", "owner@example.com"]


@pytest.fixture(scope="module")
def inbox() -> Iterator[Mailbox]:
    with open_mailbox() as mailbox:
        yield mailbox


def next_mail(inbox: Mailbox) -> tuple[list[str], EmailMessage]:
    """The oldest mail, once it has come: SES hands it on when it has answered."""
    deadline = time.monotonic() + 10
    while not inbox.mails and time.monotonic() < deadline:
        time.sleep(0.05)
    return inbox.mails.pop(0)


@pytest.fixture(scope="module")
def aws(inbox: Mailbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """An embedded AWS whose SES hands its mail on to the inbox."""
    state = str(tmp_path_factory.mktemp("delivery-aws"))
    environment = {**os.environ, "SMTP_HOST": f"127.0.0.1:{inbox.smtp_port}"}
    started = local_aws("start", "--port", "0", "--state", state, env=environment)
    assert started.returncode == 0, started.stderr
    yield Aws(exports(started.stdout)["AWS_ENDPOINT_URL"])
    local_aws("stop", "--state", state)


@pytest.fixture(autouse=True)
def connections(aws: Aws, inbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Airflow connections of a deployment, and an empty mailbox."""
    inbox.refuses_mail = False
    inbox.mails.clear()
    inbox.posts.clear()
    extra = {"endpoint_url": aws.url, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "local", "password": "local", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    for name, value in inbox.connections().items():
        monkeypatch.setenv(name, value)


def notified(**notify: Any) -> Archive:
    """An archive with these entries of report.notify, as its YAML would have them."""
    archive = find_archive(REPOSITORY / "include", "usage_logs", ENVIRONMENT)
    return Archive.model_validate({**archive.model_dump(), "report": {"title": TITLE, "notify": notify}})


@pytest.fixture(scope="module")
def report(aws: Aws) -> delivery.Delivery:
    """A report with hostile item data, read back from S3 as the task does."""
    archive = notified()
    section = load_sections(REPOSITORY / "include", "usage_logs")[0]
    hostile = SectionResult(
        **{
            **vars(sample_content().sections[0]),
            "rows": ((HOSTILE, 3, 1), ("plain", 2, 1)),
            "chart": Chart(kind="bar", x="action", y=("uses",), previous="users"),
        }
    )
    content = sample_content(sections=(hostile,))
    s3, bucket = aws.client("s3"), archive.athena.results_bucket
    s3.create_bucket(Bucket=bucket)
    prefix = report_prefix(archive, MONTH)
    bodies = {
        "report.html": render_html(content),
        "report.txt": render_text(content),
        "report.json": "{}",
        f"{section.name}.csv": render_csv(hostile),
    }
    for name, body in bodies.items():
        s3.put_object(Bucket=bucket, Key=f"{prefix}{name}", Body=body.encode())
    return delivery.read_report(s3, archive, MONTH)


def attachments(message: EmailMessage) -> dict[str, str]:
    return {str(one.get_filename()): bytes(one.get_content()).decode() for one in message.iter_attachments()}


def html_of(message: EmailMessage) -> str:
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def test_a_mail_of_a_full_report_is_shown_whole() -> None:
    """Gmail clips what is longer than 102 KB, and many programs know no variables in CSS."""
    body = delivery.mail_body(render_html(sample_content()), "https://example.com/?a=1&b=2")
    assert len(body.encode()) < 102_000
    assert "background: #f7f7f5; color: #1c1f23;" in body
    assert ".safe .seal { background: #1d7a4c; }" in body
    assert set(re.findall(r"var\(--\w+\)", body)) <= {"var(--tint)"}, "of the charts alone, which a mail has not"
    assert '<a href="https://example.com/?a=1&amp;b=2">' in body
    assert "Safe to expire" in body
    assert "Uses by hour and weekday" in body


def check_mail(recipients: list[str], message: EmailMessage) -> None:
    assert sorted(recipients) == RECIPIENTS
    assert message["Subject"] == "Nutzung – Übersicht: March 2025 is archived"
    assert message["From"] == "archive@example.com"
    html = html_of(message)
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "{{ 7*7 }}" in html, "item data is never rendered as a template"
    assert "<svg" not in html
    assert re.search(r'<a href="[^"]+/reports/usage_logs/2025-03/report.html">The chart is in the report.</a>', html)
    assert list(attachments(message)) == ["10_uses_by_action.csv"]
    assert HOSTILE.replace('"', '""') in attachments(message)["10_uses_by_action.csv"]


MAIL = {"to": RECIPIENTS, "from": "archive@example.com"}


def test_by_smtp(inbox: Mailbox, report: delivery.Delivery) -> None:
    delivery.send(notified(email=MAIL), "email", report)
    check_mail(*next_mail(inbox))


def test_a_refused_mail_fails_the_task(inbox: Mailbox, report: delivery.Delivery) -> None:
    inbox.refuses_mail = True
    with pytest.raises(DeliveryFailed, match="connection smtp_default didn't take the report for analysts@example"):
        delivery.send(notified(email=MAIL), "email", report)


def test_by_ses(aws: Aws, inbox: Mailbox, report: delivery.Delivery) -> None:
    aws.client("ses").verify_email_identity(EmailAddress="archive@example.com")
    delivery.send(notified(ses=MAIL), "ses", report)
    check_mail(*next_mail(inbox))


def test_by_sns(aws: Aws, report: delivery.Delivery) -> None:
    topic, receive = subscribed(aws, "reports")
    delivery.send(notified(sns_topic=topic), "sns_topic", report)
    envelope = receive()
    assert envelope["Subject"] == "Nutzung Ubersicht: March 2025 is archived"
    assert f"{aws.url}/test-results/reports/usage_logs/2025-03/report.html" in envelope["Message"]
    assert envelope["Message"].startswith(
        "Nutzung – Übersicht: March 2025 is archived.\n\n✅ Safe to expire: scanned 12,414"
    )
    assert "<" not in envelope["Message"]


def subscribed(aws: Aws, name: str) -> tuple[str, Callable[[], dict[str, Any]]]:
    """A topic with a queue behind it: its ARN, and what takes the next message."""
    sns, sqs = aws.client("sns"), aws.client("sqs")
    topic, queue = sns.create_topic(Name=name)["TopicArn"], sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    sqs.set_queue_attributes(
        QueueUrl=queue, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [allow]})}
    )
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def receive() -> dict[str, Any]:
        messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
        envelope: dict[str, Any] = json.loads(messages[0]["Body"])
        return envelope

    return topic, receive


def test_by_apprise(inbox: Mailbox, report: delivery.Delivery) -> None:
    delivery.send(notified(apprise={"tag": "report"}), "apprise", report)
    (got,) = inbox.posts
    assert got["title"] == f"{TITLE}: March 2025 is archived"
    assert report.url in got["message"]
    first, *lines = got["message"].splitlines()
    assert first == "✅ Safe to expire: scanned 12,414, archived 12,414, Athena 12,414"
    assert len(lines) < 20
    (hostile,) = [line for line in lines if "{{ 7∗7 }} {% raw %}" in line]
    assert hostile.startswith("- ‹script›alert(1)‹/script› ")
    assert "＠everyone ‹!channel› " in hostile, "nobody is called by item data"
    assert "[x] (javascript:alert(1))" in hostile, "no link has another name"
    assert not {"<", ">", "@"} & set(got["message"])


@pytest.mark.parametrize("tag", ["no", "nobody"])
def test_a_message_that_nobody_took_fails_the_task(report: delivery.Delivery, tag: str) -> None:
    with pytest.raises(DeliveryFailed, match=f"apprise_default with tag '{tag}'"):
        delivery.send(notified(apprise={"tag": tag}), "apprise", report)


def test_a_month_without_a_report_cannot_be_delivered(aws: Aws, report: delivery.Delivery) -> None:
    with pytest.raises(DeliveryFailed, match="holds no report"):
        delivery.read_report(aws.client("s3"), notified(), Month(2024, 1))


def test_the_task_reads_the_report_and_sends_it(
    aws: Aws, inbox: Mailbox, report: delivery.Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = (REPOSITORY / "include/archives/usage_logs.yaml").read_text()
    mail = "{to: [analysts@example.com, owner@example.com], from: archive@example.com}"
    (tmp_path / "archives").mkdir()
    (tmp_path / "archives/usage_logs.yaml").write_text(
        shipped.replace("title: Usage of the chat service", f"title: {TITLE}").replace(
            "sns_topic: null", f"email: {mail}"
        )
    )
    monkeypatch.setattr("ttl_archive.operators.deliver_report.settings", lambda: Settings(include_dir=tmp_path))
    operator = DeliverReportOperator(task_id="d", archive_name="usage_logs", period="2025-03", channel="email")
    operator.execute({})  # type: ignore[typeddict-item]
    check_mail(*next_mail(inbox))


# failure notices


def context(error: Exception | None) -> dict[str, Any]:
    given: dict[str, Any] = {"task": SimpleNamespace(task_id="run_section"), "run_id": "manual__1<b>"}
    return {**given, "exception": error} if error else given


def tell(archive: Archive, error: Exception | None) -> None:
    """What Airflow does when a task has failed for good: each callback, with one context."""
    given = context(error)
    callbacks = notifications.failed(archive)
    assert len(callbacks) == 1 + len(archive.report.notify.channels)
    for callback in callbacks:
        callback(given)


EXPLAINED = QueryDenied(
    "run_section: Athena query q-1 is FAILED: Insufficient permissions",
    cause="Some permission is missing. <b>&",
    next_step="the pipeline role lacks glue:GetPartitions on arn:x {{ 7*7 }}",
    entry="insufficient-permissions",
)


def test_a_failure_is_told_to_every_channel_with_its_explanation(
    aws: Aws,
    inbox: Mailbox,
) -> None:
    topic, receive = subscribed(aws, "failures")
    aws.client("ses").verify_email_identity(EmailAddress="archive@example.com")
    tell(notified(sns_topic=topic, email=MAIL, ses=MAIL, apprise={"tag": "report"}), EXPLAINED)
    envelope = receive()
    assert envelope["Subject"] == "Nutzung Ubersicht: run_section failed"
    texts = [envelope["Message"], inbox.posts[0]["message"]]
    for text in texts:
        assert "next step: the pipeline role lacks glue:GetPartitions on arn:x {{ 7*7 }}" in text
        assert "docs/errors.md#insufficient-permissions" in text
    for _ in ("smtp", "ses"):
        recipients, message = next_mail(inbox)
        assert sorted(recipients) == RECIPIENTS
        html = html_of(message)
        assert "the pipeline role lacks glue:GetPartitions on arn:x {{ 7*7 }}" in html
        assert "Some permission is missing. &lt;b&gt;&amp;" in html
        assert "manual__1&lt;b&gt;" in html


def test_a_failure_of_a_providers_operator_is_explained_too(inbox: Mailbox) -> None:
    denied = ClientError(
        {"Error": {"Code": "AccessDeniedException", "Message": "not authorized to perform: glue:CreateDatabase"}},
        "CreateDatabase",
    )
    tell(notified(apprise={"tag": "report"}), denied)
    assert "next step: the pipeline role lacks glue:CreateDatabase" in inbox.posts[0]["message"]


def test_keys_that_a_failure_quotes_call_nobody_in_a_chat(inbox: Mailbox) -> None:
    error = BadTimestamps("First keys: {'id': '<!channel> @everyone [log](https://evil.example)'}")
    tell(notified(apprise={"tag": "report"}), error)
    assert "{'id': '‹!channel› ＠everyone [log] (https://evil.example)'}" in inbox.posts[0]["message"]


def test_a_worker_that_died_is_told_as_such(inbox: Mailbox) -> None:
    tell(notified(apprise={"tag": "report"}), None)
    assert "The worker died; see the log." in inbox.posts[0]["message"]


def test_nobody_to_tell_is_no_callback() -> None:
    assert notifications.failed(notified()) == []
