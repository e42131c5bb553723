"""Who is told when a task fails for good; a published month is told by ``ttl_archive.delivery``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ttl_archive.channels import Mail
from ttl_archive.config import Archive
from ttl_archive.report.escape import uncalling
from ttl_archive.settings import connection_of
from ttl_archive.translation import translate

_TITLE_CHARACTERS = 60  # a subject has at most 100: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
_EXPLANATION_CHARACTERS = 10_000  # a statement in it may be as long as an SNS message may be
_TEXT = (
    "{dag_id}, run {{{{ run_id }}}}: {{{{ task.task_id }}}} failed.\n\n{{{{ explanation }}}}\n\n"
    "Until a run succeeds, treat the month as not archived; docs/runbook.md has the next steps."
)
_HTML = (
    "<p>{dag_id}, run {{{{ run_id | e }}}}: <b>{{{{ task.task_id | e }}}}</b> failed.</p>"
    '<pre style="white-space: pre-wrap">{{{{ explanation | e }}}}</pre>'
    "<p>Until a run succeeds, treat the month as not archived; docs/runbook.md has the next steps.</p>"
)


def failed(archive: Archive) -> list[Callable[[Any], None]]:
    """Callbacks for a task that failed for good: the explanation that its log ends with, to every channel."""
    notify, title = archive.report.notify, archive.report.title[:_TITLE_CHARACTERS]
    subject, text = f"{title}: {{{{ task.task_id }}}} failed", _TEXT.format(dag_id=archive.dag_id)
    html = _HTML.format(dag_id=archive.dag_id)
    told: list[Callable[[Any], None]] = []
    # The providers are imported where an archive needs them: DAG files import this module while they are parsed.
    if notify.sns_topic:
        from airflow.providers.amazon.aws.notifications.sns import SnsNotifier

        from ttl_archive.delivery import ascii_subject

        told.append(
            SnsNotifier(
                aws_conn_id=connection_of(archive),
                target_arn=notify.sns_topic,
                subject=f"{ascii_subject(title)}: {{{{ task.task_id }}}} failed",
                message=text,
            )
        )
    if notify.email:
        from airflow.providers.smtp.notifications.smtp import SmtpNotifier

        told.append(
            SmtpNotifier(
                smtp_conn_id=notify.email.smtp_conn_id,
                from_email=notify.email.sender,
                **_mail(notify.email, subject, html),
            )
        )
    if notify.ses:
        from airflow.providers.amazon.aws.notifications.ses import SesNotifier

        told.append(
            SesNotifier(
                aws_conn_id=connection_of(archive), mail_from=notify.ses.sender, **_mail(notify.ses, subject, html)
            )
        )
    if notify.apprise:
        from airflow.providers.apprise.notifications.apprise import AppriseNotifier

        told.append(
            AppriseNotifier(
                apprise_conn_id=notify.apprise.conn_id,
                tag=notify.apprise.tag,
                title=subject,
                body=text.replace("explanation", "explanation_in_a_chat"),
            )
        )
    return [add_explanation, *told] if told else []


def add_explanation(context: Any) -> None:
    """Put ``explanation``, and its form for chats, into the context, for the templates of the notifiers that follow."""
    error = context.get("exception")
    if isinstance(error, BaseException):
        error = translate(error) or error
    explanation = str(error) if error else "The worker died; see the log."
    if len(explanation) > _EXPLANATION_CHARACTERS:
        explanation = f"{explanation[:_EXPLANATION_CHARACTERS]}\n... (the log has all of it)"
    context["explanation"] = explanation
    context["explanation_in_a_chat"] = uncalling(explanation)  # it may quote items' keys and values


def _mail(mail: Mail, subject: str, html: str) -> dict[str, Any]:
    return {"to": list(mail.to), "subject": subject, "html_content": html}
