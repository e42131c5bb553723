"""The report task: every result of the run comes together here and is published."""

from __future__ import annotations

import importlib.metadata
import logging
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from pydantic import ValidationError

from ttl_archive import __version__, metrics, objects, planning, queries
from ttl_archive.clients import client
from ttl_archive.config import Archive, find_archive
from ttl_archive.console import object_url, report_page
from ttl_archive.errors import ArchiveIncomplete
from ttl_archive.layout import report_prefix, report_table
from ttl_archive.manifest import Manifest, certify
from ttl_archive.months import Month, Quarter
from ttl_archive.operators.athena import statements_of
from ttl_archive.operators.report_links import ReportLink, StoredReportLink
from ttl_archive.parts import UPLOAD_BYTES
from ttl_archive.report.content import (
    LateItems,
    Provenance,
    Query,
    ReportContent,
    SectionResult,
    counts_of,
    data_quality_of,
    section_result,
)
from ttl_archive.report.cost import cost, s3_requests
from ttl_archive.report.formats import Formats
from ttl_archive.report.render import render_csv, render_html, render_json, render_markdown, render_text
from ttl_archive.report.sections import Section, load_sections
from ttl_archive.settings import settings
from ttl_archive.translation import explained

if TYPE_CHECKING:
    from airflow.sdk import Context

    from ttl_archive.manifest import Pointer
    from ttl_archive.queries import QueryResult

_PACKAGES = ("apache-airflow", "apache-airflow-providers-amazon", "boto3")
_TYPES = {
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "json": "application/json",
}


logger = logging.getLogger(__name__)


class PublishReportOperator(BaseOperator):
    """Read the results of a run's queries and publish ``report.{html,md,txt,json}`` and a CSV for each section.

    :param archive_name: the archive.
    :param month: ``2025-03``. (templated)
    :param count: execution id of ``count_published.sql``. (templated)
    :param sections: execution ids of the sections, in their order. (templated)
    :param late_items: execution ids of ``late_items.sql``, one an open month. (templated)
    :return: the certificate and where the report lies; no item data.
    :raises ArchiveIncomplete: if the published partition doesn't hold what the manifest says.
    """

    template_fields: Sequence[str] = ("month", "count", "sections", "late_items")
    operator_extra_links = (ReportLink(), StoredReportLink())

    def __init__(
        self,
        *,
        archive_name: str,
        month: str,
        count: str,
        sections: Sequence[str],
        late_items: Sequence[str] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.archive_name = archive_name
        self.month = month
        self.count = count
        self.sections = sections
        self.late_items = late_items
        self.report_page = self.report_url = ""

    @explained
    def execute(self, context: Context) -> dict[str, Any]:
        """Collect, write, and say where."""
        archive = find_archive(settings().include_dir, self.archive_name, os.environ)
        month = Month.parse(self.month, archive.timezone)
        s3, athena = client(archive, "s3"), client(archive, "athena")
        published = planning.published(archive, month, s3=s3, glue=client(archive, "glue"))
        if published is None:
            raise ArchiveIncomplete(f"{month}: no manifest is published, so there is nothing to report; clear the run")
        pointer, manifest = published
        results = self._results(athena, archive, statements_of(context))
        if manifest.run_id != context["run_id"]:
            results = _with_earlier(results, _report_of(s3, archive, month, pointer))
        content = _content(archive, month, pointer, manifest, results, context["run_id"])
        location = write_report(s3, archive, month, content)
        self.report_page = report_page(context["ti"].dag_id, self.month)
        self.report_url = object_url(s3, archive.athena.results_bucket, f"{report_prefix(archive, month)}report.html")
        self.log.info("Report of %s %s: %s", archive.name, month, location)
        metrics.emit(content, manifest.bytes, context["dag_run"].start_date or content.provenance.generated_at)
        if not content.counts.agree:
            raise ArchiveIncomplete(
                f"{month}: the published table has {content.counts.athena} items, the manifest {manifest.archived}: "
                f"the month is not safe to expire. See {location}report.html and docs/runbook.md"
            )
        certificate = content.certificate.model_dump(mode="json")
        return {"report": location, "certificate": certificate, "archived": manifest.archived}

    def _results(self, athena: Any, archive: Archive, statements: dict[str, Any]) -> _Results:
        late_items = _ids(self.late_items)
        return _Results(
            counted=queries.fetch(athena, self.count),
            sections=[queries.fetch(athena, one) for one in self.sections],
            others=tuple(
                query_of(athena, name, one)
                for name, given in statements.items()
                for one in _ids(given)
                if queries.is_known(athena, one)
            ),
            late_items=tuple(
                _late(archive, queries.fetch_row(athena, one)) for one in late_items if queries.is_known(athena, one)
            ),
        )


def query_of(athena: Any, name: str, query_execution_id: str) -> Query:
    """A query that is no section.

    :param name: of it or of its task.
    """
    statistics = queries.fetch_statistics(athena, query_execution_id)
    return Query(name=name.rpartition(".")[2], query_execution_id=query_execution_id, **asdict(statistics))


def _report_of(s3: Any, archive: Archive, month: Month, pointer: Pointer) -> ReportContent | None:
    """The report that there is of the published generation: the one that will be replaced."""
    found = objects.read(s3, archive.athena.results_bucket, f"{report_prefix(archive, month)}report.json")
    if found is None:
        return None
    try:
        report = ReportContent.model_validate_json(found.body)
    except ValidationError:
        logger.warning("the report that is replaced is of another version: its queries are not listed in the new one")
        return None
    return report if report.provenance.generation == pointer.generation else None


def _with_earlier(results: _Results, earlier: ReportContent | None) -> _Results:
    """The results with what only the run that archived the month knows: its statements, and what came late."""
    if earlier is None:
        return results
    done = {one.name for one in results.others}
    others = [
        one.model_copy(update={"run_id": one.run_id or earlier.provenance.run_id})
        for one in earlier.queries
        if one.name not in done
    ]
    return replace(
        results,
        others=(*results.others, *others),
        late_items=results.late_items or earlier.data_quality.late_items,
    )


def _ids(given: Any) -> list[str]:
    """Execution ids as a plain list, however they arrive.

    What a mapped task group returns arrives bare where it has one instance (seen in Airflow 3.3.2).
    """
    if given is None or isinstance(given, str):
        return [given] if given else []
    return [one for each in given for one in _ids(each)]


@dataclass(frozen=True)
class _Results:
    """What the run's queries gave."""

    counted: QueryResult
    sections: list[QueryResult]
    others: tuple[Query, ...]
    late_items: tuple[LateItems, ...]


def _late(archive: Archive, row: dict[str, str | None]) -> LateItems:
    return LateItems(
        month=row["open_month"] or "",
        count=int(row["late_items"] or 0),
        gone=int(row["gone_items"] or 0),
        keys=row["late_keys"] or "",
        refreshed=archive.source.refresh_open_months,
    )


def _content(
    archive: Archive,
    month: Month,
    pointer: Pointer,
    manifest: Manifest,
    results: _Results,
    run_id: str,
) -> ReportContent:
    """Everything the report says."""
    athena_count = int(results.counted.rows[0][0] or 0)
    now = datetime.now(UTC).replace(microsecond=0)
    return ReportContent(
        archive=archive.name,
        title=archive.report.title,
        month=str(month),
        timezone=archive.timezone,
        locale=archive.report.locale,
        counts=counts_of(manifest, athena_count),
        certificate=certify(manifest, athena_count, now, Formats(archive.report.locale).number),
        sections=section_results(load_sections(settings().include_dir, archive.name), results.sections),
        queries=results.others,
        cost=cost(
            manifest.read_units,
            [
                *(one.data_scanned_bytes for one in results.sections),
                *(one.data_scanned_bytes for one in results.others if one.billed),
            ],
            *s3_requests([part.bytes for part in manifest.parts], UPLOAD_BYTES),
        ),
        data_quality=data_quality_of(manifest, results.late_items),
        provenance=provenance(archive, [pointer], manifest, run_id, now),
    )


def section_results(sections: list[Section], results: list[QueryResult]) -> tuple[SectionResult, ...]:
    """The results of a report's sections, in their order."""
    return tuple(
        section_result(
            section,
            result.columns,
            result.rows,
            query_execution_id=result.query_execution_id,
            data_scanned_bytes=result.data_scanned_bytes,
            seconds=result.seconds,
            truncated=result.truncated,
        )
        for section, result in zip(sections, results, strict=True)
    )


def provenance(archive: Archive, pointers: list[Pointer], manifest: Manifest, run_id: str, now: datetime) -> Provenance:
    """Where a report comes from: what it read, and what that was made of."""
    return Provenance(
        run_id=run_id,
        archived_by=manifest.run_id,
        generation=", ".join(one.generation for one in pointers),
        manifest_key=", ".join(one.manifest for one in pointers),
        generated_at=now,
        versions={"ttl-archive": __version__, **{name: importlib.metadata.version(name) for name in _PACKAGES}},
        source=manifest.table,
        location=", ".join(one.location for one in pointers),
        read_from=f"{archive.catalog.database}.{report_table(archive)}",
    )


def write_report(s3: Any, archive: Archive, period: Month | Quarter, content: ReportContent) -> str:
    """Put every file; the JSON comes last, so that whoever finds it finds the others too.

    :return: the folder, as an S3 URI.
    """
    bucket, prefix = archive.athena.results_bucket, report_prefix(archive, period)
    for section in content.sections:
        body = render_csv(section).encode()
        s3.put_object(
            Bucket=bucket, Key=f"{prefix}{section.name}.csv", Body=body, ContentType="text/csv; charset=utf-8"
        )
    bodies = {
        "html": render_html(content).encode(),
        "md": render_markdown(content).encode(),
        "txt": render_text(content).encode(),
        "json": render_json(content),
    }
    for kind, body in bodies.items():
        s3.put_object(Bucket=bucket, Key=f"{prefix}report.{kind}", Body=body, ContentType=_TYPES[kind])
    return f"s3://{bucket}/{prefix}"
