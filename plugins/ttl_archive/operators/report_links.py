"""The buttons of a report task in Airflow's UI."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperatorLink


class ReportLink(BaseOperatorLink):
    """Opens the report in Airflow, for whoever may see the DAG."""

    name = "Report"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address that the task found; Airflow calls this in the worker and keeps it as an XCom."""
        del ti_key
        return str(operator.report_page)


class StoredReportLink(BaseOperatorLink):
    """Opens the report in the S3 console, for whoever is signed in to AWS: no secret is in the address."""

    name = "Report in S3"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address that the task found; Airflow calls this in the worker and keeps it as an XCom."""
        del ti_key
        return str(operator.report_url)
