"""Addresses that a person can open."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

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
