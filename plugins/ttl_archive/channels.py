"""``report.notify`` of an archive's YAML: through which channels people are told."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# One address and no more: it stands in a header of the e-mail.
EmailAddress = Annotated[str, StringConstraints(pattern=r"^[^@\s,;:<>()\"\\]{1,64}@[A-Za-z0-9.-]{1,255}$")]
ConnectionId = Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,200}$")]


class _Channel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Mail(_Channel):
    """Who gets the report as an e-mail, and from whom."""

    to: tuple[EmailAddress, ...] = Field(min_length=1)
    sender: EmailAddress = Field(alias="from")


class SmtpMail(Mail):
    """An e-mail through the SMTP server of an Airflow connection."""

    smtp_conn_id: ConnectionId = "smtp_default"


class AppriseMessage(_Channel):
    """A message to the chat services that an Airflow connection of the Apprise provider names."""

    conn_id: ConnectionId = "apprise_default"
    tag: str = Field("all", description="Only the services of the connection with this tag.")


class Notify(_Channel):
    """Who is told when a month is published, and when a task fails for good; each as often as it is configured."""

    sns_topic: str | None = Field(None, description="ARN of an SNS topic.")
    email: SmtpMail | None = Field(None, description="The report as an e-mail, through an SMTP server.")
    ses: Mail | None = Field(None, description="The report as an e-mail, through SES as the pipeline role.")
    apprise: AppriseMessage | None = Field(None, description="The report as a message to Slack and the like.")

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of the channels that are configured."""
        return tuple(name for name in type(self).model_fields if getattr(self, name) is not None)
