"""What a report says, as Airflow metrics, for whoever watches many archives: docs/runbook.md lists the names.

They go where the deployment's ``[metrics]`` send Airflow's own: StatsD, OpenTelemetry, or nowhere.
https://airflow.apache.org/docs/apache-airflow/stable/administration-and-deployment/logging-monitoring/metrics.html
"""

from __future__ import annotations

from datetime import datetime

from airflow.sdk.observability import stats

from ttl_archive.report.content import ReportContent


def gauges(content: ReportContent, archived_bytes: int, run_started: datetime) -> dict[str, float]:
    """The metrics of a month's report; their names end the name ``ttl_archive.<archive>.``.

    :param archived_bytes: of the month's parts in S3.
    :param run_started: an aware datetime.
    """
    certificate, cost = content.certificate, content.cost
    found: dict[str, float] = {
        "items": content.counts.archived,
        "bytes": archived_bytes,
        "quarantined": content.data_quality.bad_timestamps.count,
        "safe_to_expire": int(certificate.safe_to_expire),
        "read_units": cost.read_units,
        "athena_bytes": cost.data_scanned_bytes,
        "usd": cost.usd,
        "run_seconds": (content.provenance.generated_at - run_started).total_seconds(),
        "sections_seconds": sum(section.seconds for section in content.sections),
    }
    if certificate.days_left is not None:
        found["days_left"] = certificate.days_left
    return found


def emit(content: ReportContent, archived_bytes: int, run_started: datetime) -> None:
    """Send the metrics; one that is lost, as UDP may lose it, is no failure."""
    for name, value in gauges(content, archived_bytes, run_started).items():
        stats.gauge(f"ttl_archive.{content.archive}.{name}", value)
