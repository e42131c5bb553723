"""A published report as a page of Airflow's API server, for whoever may read the results of its DAG's tasks.

Authentication and authorisation are Airflow's own
(https://airflow.apache.org/docs/apache-airflow/stable/security/api.html); what is read from S3 is read under the
archive's connection, so that nobody who looks at a report needs rights in AWS.
"""

import os

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from botocore.exceptions import ClientError
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import HTMLResponse

from ttl_archive import objects
from ttl_archive.clients import client
from ttl_archive.config import Archive, load_archives
from ttl_archive.errors import MonthError
from ttl_archive.layout import report_prefix
from ttl_archive.months import parse_period
from ttl_archive.settings import settings

# The page has Airflow's origin and shows data of items, which is escaped; should that ever fail, no script runs, and
# what runs has an origin of its own.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

app = FastAPI(title="ttl-archive", openapi_url=None)


@app.get(
    "/dags/{dag_id}/reports/{period}",
    dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.XCOM))],
    response_class=HTMLResponse,
)
def report(dag_id: str, period: str) -> HTMLResponse:
    """``report.html`` of a month or quarter of the DAG's archive."""
    archive = _archive(dag_id)
    try:
        parsed = parse_period(period, archive.timezone)
    except MonthError as error:
        raise HTTPException(404, str(error)) from None
    key = f"{report_prefix(archive, parsed)}report.html"
    try:
        found = objects.read(client(archive, "s3"), archive.athena.results_bucket, key)
    except ClientError as error:
        raise HTTPException(502, f"S3 didn't give the report of {archive.name} {parsed}: {error}") from None
    if found is None:
        raise HTTPException(404, f"{archive.name} {parsed} has no report yet: run {dag_id} for it")
    return HTMLResponse(found.body, headers=_HEADERS)


def _archive(dag_id: str) -> Archive:
    """The archive of a DAG: the DAG that was authorised must be one of its own."""
    for archive in load_archives(settings().include_dir, os.environ):
        if dag_id in (archive.dag_id, archive.quarterly_dag_id):
            return archive
    raise HTTPException(404, f"{dag_id} reports no archive")
