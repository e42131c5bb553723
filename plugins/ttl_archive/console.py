"""Addresses that a person can open."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from airflow.sdk.configuration import conf

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PAGES = "/ttl-archive"  # where the API server has the pages of ``ttl_archive.ui``
_HOSTS = {"aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}


def object_url(s3: S3Client, bucket: str, key: str) -> str:
    """The page of an object in the S3 console, where whoever is signed in may open it: no secret is in the address.

    Of an S3 that isn't AWS's, the object's own address.
    """
    endpoint, region = s3.meta.endpoint_url, s3.meta.region_name
    if not (urlsplit(endpoint).hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return f"{endpoint}/{bucket}/{quote(key)}"
    host = _HOSTS.get(s3.meta.partition, f"{region}.console.aws.amazon.com")
    return f"https://{host}/s3/object/{bucket}?{urlencode({'region': region, 'prefix': key})}"


def report_page(dag_id: str, period: str) -> str:
    """The page of a report in Airflow: below ``[api] base_url``, or else on whichever host the UI is seen."""
    base_url = conf.get("api", "base_url", fallback="").rstrip("/")
    return f"{base_url}{PAGES}/dags/{quote(dag_id)}/reports/{quote(period)}"
