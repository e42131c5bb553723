"""The report task of a quarter."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from ttl_archive import planning, queries
from ttl_archive.clients import client
from ttl_archive.config import Archive, find_archive
from ttl_archive.console import object_url, report_page
from ttl_archive.errors import ArchiveIncomplete
from ttl_archive.layout import report_prefix
from ttl_archive.manifest import certify, certify_together, together
from ttl_archive.months import Quarter
from ttl_archive.operators.publish_report import provenance, query_of, section_results, write_report
from ttl_archive.operators.report_links import ReportLink, StoredReportLink
from ttl_archive.report.content import ReportContent, counts_of, data_quality_of
from ttl_archive.report.cost import cost
from ttl_archive.report.formats import Formats
from ttl_archive.report.sections import load_sections
from ttl_archive.settings import settings
from ttl_archive.translation import explained

if TYPE_CHECKING:
    from airflow.sdk import Context

    from ttl_archive.manifest import Manifest, Pointer


class PublishQuarterOperator(BaseOperator):
    """Read the results of a quarter's queries and publish ``report.{html,md,txt,json}`` and a CSV for each section.

    :param archive_name: the archive.
    :param quarter: ``2025-Q1``. (templated)
    :param count: execution id of ``count_quarter.sql``. (templated)
    :param sections: execution ids of the sections, in their order. (templated)
    :return: the certificate of the three months together, and where the report lies; no item data.
    :raises ArchiveIncomplete: if a month isn't published, or the table doesn't hold what its manifest says.
    """

    template_fields: Sequence[str] = ("quarter", "count", "sections")
    operator_extra_links = (ReportLink(), StoredReportLink())

    def __init__(self, *, archive_name: str, quarter: str, count: str, sections: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.archive_name = archive_name
        self.quarter = quarter
        self.count = count
        self.sections = sections
        self.report_page = self.report_url = ""

    @explained
    def execute(self, context: Context) -> dict[str, Any]:
        """Collect, write, and say where."""
        archive = find_archive(settings().include_dir, self.archive_name, os.environ)
        quarter, s3 = Quarter.parse(self.quarter, archive.timezone), client(archive, "s3")
        content = self._content(archive, quarter, _published(archive, quarter, s3), context["run_id"])
        location = write_report(s3, archive, quarter, content)
        self.report_page = report_page(context["ti"].dag_id, self.quarter)
        self.report_url = object_url(s3, archive.athena.results_bucket, f"{report_prefix(archive, quarter)}report.html")
        self.log.info("Report of %s %s: %s", archive.name, quarter, location)
        if not content.counts.agree:
            raise ArchiveIncomplete(
                f"{quarter}: the published table doesn't hold what the manifests say: "
                f"{'; '.join(content.certificate.reasons)}. See {location}report.html and docs/runbook.md"
            )
        certificate = content.certificate.model_dump(mode="json")
        return {"report": location, "certificate": certificate, "archived": content.counts.archived}

    def _content(
        self, archive: Archive, quarter: Quarter, published: dict[str, tuple[Pointer, Manifest]], run_id: str
    ) -> ReportContent:
        athena, now = client(archive, "athena"), datetime.now(UTC).replace(microsecond=0)
        counted = queries.fetch(athena, self.count)
        items = {str(month): int(count or 0) for month, count in counted.rows}
        results = [queries.fetch(athena, one) for one in self.sections]
        manifest = together([one for _, one in published.values()])
        formats = Formats(archive.report.locale, archive.timezone)
        certificates = {
            formats.month(month): certify(one, items.get(month, 0), now, formats.number)
            for month, (_, one) in published.items()
        }
        return ReportContent(
            archive=archive.name,
            title=archive.report.title,
            month=str(quarter),
            timezone=archive.timezone,
            locale=archive.report.locale,
            counts=counts_of(manifest, sum(items.values())),
            certificate=certify_together(certificates),
            sections=section_results(load_sections(settings().include_dir, archive.name, "quarterly"), results),
            queries=(query_of(athena, "count_quarter", self.count),),
            cost=cost(0, [one.data_scanned_bytes for one in (counted, *results)]),
            data_quality=data_quality_of(manifest),
            provenance=provenance(archive, [one for one, _ in published.values()], manifest, run_id, now),
        )


def _published(archive: Archive, quarter: Quarter, s3: Any) -> dict[str, tuple[Pointer, Manifest]]:
    glue = client(archive, "glue")
    found = {str(month): planning.published(archive, month, s3=s3, glue=glue) for month in quarter.months}
    if missing := [month for month, one in found.items() if one is None]:
        raise ArchiveIncomplete(f"{quarter}: {', '.join(missing)} is no longer published; clear the run")
    return {month: one for month, one in found.items() if one}
