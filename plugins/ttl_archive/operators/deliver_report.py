"""Delivers a published report, one channel a mapped task."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow.sdk import BaseOperator

from ttl_archive import delivery
from ttl_archive.clients import client
from ttl_archive.config import find_archive
from ttl_archive.months import parse_period
from ttl_archive.settings import settings
from ttl_archive.translation import explained

if TYPE_CHECKING:
    from airflow.sdk import Context


class DeliverReportOperator(BaseOperator):
    """Send a report through one of the archive's channels.

    A task and no callback: a callback that fails is only logged, and nobody would learn that the report didn't arrive.

    :param archive_name: the archive.
    :param period: ``2025-03`` or ``2025-Q1``. (templated)
    :param channel: a key of ``report.notify``. (templated)
    :raises DeliveryFailed: if the channel's server didn't take it.
    """

    template_fields: Sequence[str] = ("period", "channel")

    def __init__(self, *, archive_name: str, period: str, channel: str, **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]
        self.archive_name = archive_name
        self.period = period
        self.channel = channel

    @explained
    def execute(self, context: Context) -> None:
        """Read the report back from S3 and send it."""
        del context
        archive = find_archive(settings().include_dir, self.archive_name, os.environ)
        period = parse_period(self.period, archive.timezone)
        report = delivery.read_report(client(archive, "s3"), archive, period)
        delivery.send(archive, self.channel, report)
        self.log.info("Report of %s %s: delivered through %s", archive.name, period, self.channel)
