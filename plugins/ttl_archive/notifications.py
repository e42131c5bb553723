"""Who is told when a month is published, or isn't."""

from __future__ import annotations

from airflow.providers.amazon.aws.notifications.sns import SnsNotifier

from ttl_archive.config import Archive
from ttl_archive.settings import settings

_TITLE_CHARACTERS = 60  # a subject has at most 100: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html


def published(archive: Archive) -> list[SnsNotifier]:
    """For the end of ``publish_report``; empty if the archive names no topic."""
    where = f"s3://{archive.athena.results_bucket}/reports/{archive.name}/{{{{ task.month }}}}/report.html"
    return _sns(
        archive,
        subject="{{ task.month }} is archived",
        message=f"{archive.name} {{{{ task.month }}}} is published and verified. Report: {where}",
    )


def failed(archive: Archive) -> list[SnsNotifier]:
    """For a task that failed for good: the message carries the explanation that its log ends with."""
    return _sns(
        archive,
        subject="{{ task.task_id }} failed",
        message=f"{archive.dag_id}, run {{{{ run_id }}}}: {{{{ task.task_id }}}} failed.\n\n"
        "{{ exception | default('The worker died; see the log.') }}\n\n"
        "Until a run succeeds, treat the month as not archived; docs/runbook.md has the next steps.",
    )


def _sns(archive: Archive, subject: str, message: str) -> list[SnsNotifier]:
    topic = archive.report.notify.sns_topic
    if topic is None:
        return []
    return [
        SnsNotifier(
            aws_conn_id=settings().aws_conn_id,
            target_arn=topic,
            subject=f"{archive.report.title[:_TITLE_CHARACTERS]}: {subject}",
            message=message,
        )
    ]
