"""A published report, sent through the channels of ``report.notify``.

The providers' hooks send, not their notifiers: a notifier renders its text as a Jinja template, and the report holds
item data.
"""

from __future__ import annotations

import re
import smtplib
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException

from ttl_archive.channels import Mail
from ttl_archive.config import Archive
from ttl_archive.console import object_url
from ttl_archive.errors import ConfigurationError, DeliveryFailed
from ttl_archive.layout import report_prefix
from ttl_archive.months import Month, Quarter
from ttl_archive.report.formats import Formats
from ttl_archive.settings import connection_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CHART = re.compile(r"<figure\b.*?</figure>", re.DOTALL)
_COLOUR = re.compile(r"(--[a-z0-9-]+): (#[0-9a-f]{6});")
_USE = re.compile(r"var\((--[a-z0-9-]+)\)")
_SUBJECT_CHARACTERS = 99  # https://docs.aws.amazon.com/sns/latest/api/API_Publish.html


@dataclass(frozen=True)
class Delivery:
    """What is sent of a report; item data in it is escaped for each form, as the report was."""

    subject: str
    url: str
    html: str
    text: str
    tables: Mapping[str, bytes]  # file name: CSV


def read_report(s3: S3Client, archive: Archive, period: Month | Quarter) -> Delivery:
    """The report of a month or quarter as ``publish_report`` wrote it.

    :raises DeliveryFailed: if there is none.
    """
    bucket, prefix = archive.athena.results_bucket, report_prefix(archive, period)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
    files = {
        key.removeprefix(prefix): s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        for key in keys
        if key.endswith((".csv", "/report.html", "/report.txt"))
    }
    if not {"report.html", "report.txt"} <= files.keys():
        raise DeliveryFailed(f"s3://{bucket}/{prefix} holds no report: clear publish_report")
    named, done = Formats(archive.report.locale).month(str(period)), isinstance(period, Month)
    return Delivery(
        subject=f"{archive.report.title}: {named} is {'archived' if done else 'reported'}",
        url=object_url(s3, bucket, f"{prefix}report.html"),
        html=files.pop("report.html").decode(),
        text=files.pop("report.txt").decode(),
        tables=files,
    )


def send(archive: Archive, channel: str, delivery: Delivery) -> None:
    """Send a report through one channel.

    :param channel: a name of ``Notify.channels``.
    :raises DeliveryFailed: if the channel's server didn't take it.
    """
    senders: dict[str, Callable[[Archive, Delivery], None]] = {
        "sns_topic": _send_to_topic,
        "email": _send_by_smtp,
        "ses": _send_by_ses,
        "apprise": _send_by_apprise,
    }
    senders[channel](archive, delivery)


def mail_body(html: str, url: str) -> str:
    """The report for a mail program: those drop inline SVG and know no variables in CSS, and Gmail clips at 102 KB.

    In place of a chart stands a link to the report; the tables stay. https://www.caniemail.com/features/html-svg/

    :param url: of the report.
    """
    light = dict(reversed(_COLOUR.findall(html)))  # the first definition is the light one
    link = f'<p class="note"><a href="{escape(url)}">The chart is in the report.</a></p>'
    return _USE.sub(lambda used: light.get(used[1], used[0]), _CHART.sub(lambda _: link, html))


def ascii_subject(text: str) -> str:
    """A subject that SNS takes: ASCII, one line, under 100 characters."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(plain.split())[:_SUBJECT_CHARACTERS]


def _send_to_topic(archive: Archive, delivery: Delivery) -> None:
    from airflow.providers.amazon.aws.hooks.sns import SnsHook

    topic = _configured(archive.report.notify.sns_topic)
    message = f"{delivery.subject}.\n\n{delivery.text}\nReport: {delivery.url}"
    hook: Any = SnsHook(aws_conn_id=connection_of(archive))  # type: ignore[no-untyped-call]
    hook.publish_to_target(topic, message, ascii_subject(delivery.subject))


def _send_by_smtp(archive: Archive, delivery: Delivery) -> None:
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    mail = _configured(archive.report.notify.email)
    with _files(delivery) as files:
        try:
            with SmtpHook(smtp_conn_id=mail.smtp_conn_id) as smtp:
                smtp.send_email_smtp(from_email=mail.sender, files=files, **_message(mail, delivery))
        except (smtplib.SMTPException, AirflowException, OSError) as error:
            raise DeliveryFailed(
                f"the SMTP server of connection {mail.smtp_conn_id} didn't take the report for "
                f"{', '.join(mail.to)}: {error!r}. The report is published; this task retries"
            ) from error


def _send_by_ses(archive: Archive, delivery: Delivery) -> None:
    from airflow.providers.amazon.aws.hooks.ses import SesHook

    mail = _configured(archive.report.notify.ses)
    with _files(delivery) as files:
        hook = SesHook(aws_conn_id=connection_of(archive))
        hook.send_email(mail_from=mail.sender, files=files, **_message(mail, delivery))


def _send_by_apprise(archive: Archive, delivery: Delivery) -> None:
    from apprise import NotifyFormat

    message = _configured(archive.report.notify.apprise)
    body = f"{delivery.text}\n{delivery.url}\n"
    # Not Markdown: each service has another notion of it, and Apprise would make a call out of <!channel>.
    send_by_apprise(message.conn_id, message.tag, delivery.subject, body, NotifyFormat.TEXT)


def send_by_apprise(conn_id: str, tag: str, title: str, body: str, body_format: Any) -> None:
    """Send to every service of a connection that has the tag.

    The provider's hook drops Apprise's verdict (provider apprise 2.4.1), so that a message nobody got looks sent. Drop
    this once ``AppriseHook.notify`` raises or returns it.

    :raises DeliveryFailed: if a service didn't take the message, or none has the tag.
    """
    import apprise
    from airflow.providers.apprise.hooks.apprise import AppriseHook

    hook = AppriseHook(apprise_conn_id=conn_id)
    services = apprise.Apprise()
    hook.set_config_from_conn(conn=hook.get_connection(conn_id), apprise_obj=services)
    if not services.notify(title=title, body=body, body_format=body_format, tag=tag):
        raise DeliveryFailed(
            f"of the services of Airflow connection {conn_id} with tag {tag!r}, one or more didn't take the message, "
            "or there is none; this task's log has Apprise's own words. This task retries"
        )


def _message(mail: Mail, delivery: Delivery) -> dict[str, Any]:
    return {"to": list(mail.to), "subject": delivery.subject, "html_content": mail_body(delivery.html, delivery.url)}


@contextmanager
def _files(delivery: Delivery) -> Iterator[list[str]]:
    """The tables as files, as long as they are being sent."""
    with tempfile.TemporaryDirectory(prefix="ttl-archive-report-") as folder:
        paths = [Path(folder) / name for name in delivery.tables]
        for path, body in zip(paths, delivery.tables.values(), strict=True):
            path.write_bytes(body)
        yield [str(path) for path in paths]


def _configured(value: Any) -> Any:
    if value is None:
        raise ConfigurationError("the channel isn't configured any more: see report.notify of the archive's YAML")
    return value
