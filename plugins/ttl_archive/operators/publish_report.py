"""The report task: every result of the run comes together here and is published."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, BaseOperatorLink

from ttl_archive import planning, queries
from ttl_archive.clients import client
from ttl_archive.config import Archive, find_archive
from ttl_archive.console import object_url
from ttl_archive.errors import ArchiveIncomplete
from ttl_archive.layout import report_prefix
from ttl_archive.manifest import Manifest, certify
from ttl_archive.months import Month
from ttl_archive.report.content import (
    Provenance,
    ReportContent,
    SectionResult,
    counts_of,
    data_quality_of,
    section_result,
)
from ttl_archive.report.cost import cost
from ttl_archive.report.render import render_csv, render_html, render_json, render_markdown
from ttl_archive.report.sections import load_sections
from ttl_archive.settings import settings
from ttl_archive.translation import explained

if TYPE_CHECKING:
    from airflow.sdk import Context

    from ttl_archive.manifest import Pointer
    from ttl_archive.queries import QueryResult

_TYPES = {"html": "text/html; charset=utf-8", "md": "text/markdown; charset=utf-8", "json": "application/json"}


class ReportLink(BaseOperatorLink):
    """The button in the UI that opens the report: an address for whoever is signed in to AWS, without a secret."""

    name = "Report"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address that the task found; Airflow calls this in the worker and keeps it as an XCom."""
        del ti_key
        return str(operator.report_url)


class PublishReportOperator(BaseOperator):
    """Read the results of a run's queries and publish ``report.{html,md,json}`` and a CSV for each section.

    :param archive_name: the archive.
    :param month: ``2025-03``. (templated)
    :param count: execution id of ``count_published.sql``. (templated)
    :param sections: execution ids of the sections, in their order. (templated)
    :return: the certificate and where the report lies; no item data.
    :raises ArchiveIncomplete: if the published partition doesn't hold what the manifest says.
    """

    template_fields: Sequence[str] = ("month", "count", "sections")
    operator_extra_links = (ReportLink(),)

    def __init__(self, *, archive_name: str, month: str, count: str, sections: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.archive_name = archive_name
        self.month = month
        self.count = count
        self.sections = sections
        self.report_url = ""

    @explained
    def execute(self, context: Context) -> dict[str, Any]:
        """Collect, write, and say where."""
        archive = find_archive(settings().include_dir, self.archive_name, os.environ)
        month = Month.parse(self.month, archive.timezone)
        s3, athena = client("s3"), client("athena")
        published = planning.published(s3, archive, month)
        if published is None:
            raise ArchiveIncomplete(f"{month}: no manifest is published, so there is nothing to report; clear the run")
        pointer, manifest = published
        counted = queries.fetch(athena, self.count)
        results = [queries.fetch(athena, one) for one in self.sections]
        content = _content(archive, month, pointer, manifest, counted, results, context["run_id"])
        location = _write(s3, archive, month, content)
        self.report_url = object_url(s3, archive.athena.results_bucket, f"{report_prefix(archive, month)}report.html")
        self.log.info("Report of %s %s: %s", archive.name, month, location)
        if not content.counts.agree:
            raise ArchiveIncomplete(
                f"{month}: the published table has {content.counts.athena} items, the manifest {manifest.archived}: "
                f"the month is not safe to expire. See {location}report.html and docs/runbook.md"
            )
        certificate = content.certificate.model_dump(mode="json")
        return {"report": location, "certificate": certificate, "archived": manifest.archived}


def _content(
    archive: Archive,
    month: Month,
    pointer: Pointer,
    manifest: Manifest,
    counted: QueryResult,
    results: list[QueryResult],
    run_id: str,
) -> ReportContent:
    """Everything the report says."""
    athena_count = int(counted.rows[0][0] or 0)
    now = datetime.now(UTC).replace(microsecond=0)
    sections = load_sections(settings().include_dir, archive.name)
    return ReportContent(
        archive=archive.name,
        title=archive.report.title,
        month=str(month),
        timezone=archive.timezone,
        counts=counts_of(manifest, athena_count),
        certificate=certify(manifest, athena_count, now),
        sections=tuple(_section(section, result) for section, result in zip(sections, results, strict=True)),
        cost=cost(manifest.read_units, [one.data_scanned_bytes for one in (counted, *results)]),
        data_quality=data_quality_of(manifest),
        provenance=Provenance(
            run_id=run_id,
            generation=pointer.generation,
            manifest_key=pointer.manifest,
            generated_at=now,
            versions={name: importlib.metadata.version(name) for name in ("apache-airflow", "boto3")},
            source=manifest.table,
            location=pointer.location,
        ),
    )


def _section(section: Any, result: QueryResult) -> SectionResult:
    return section_result(
        section,
        result.columns,
        result.rows,
        query_execution_id=result.query_execution_id,
        data_scanned_bytes=result.data_scanned_bytes,
        seconds=result.seconds,
        truncated=result.truncated,
    )


def _write(s3: Any, archive: Archive, month: Month, content: ReportContent) -> str:
    """Put every file; the JSON comes last, so that whoever finds it finds the others too."""
    bucket, prefix = archive.athena.results_bucket, report_prefix(archive, month)
    for section in content.sections:
        body = render_csv(section).encode()
        s3.put_object(
            Bucket=bucket, Key=f"{prefix}{section.name}.csv", Body=body, ContentType="text/csv; charset=utf-8"
        )
    bodies = {
        "html": render_html(content).encode(),
        "md": render_markdown(content).encode(),
        "json": render_json(content),
    }
    for kind, body in bodies.items():
        s3.put_object(Bucket=bucket, Key=f"{prefix}report.{kind}", Body=body, ContentType=_TYPES[kind])
    return f"s3://{bucket}/{prefix}"
