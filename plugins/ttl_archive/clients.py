"""AWS clients under the identity of the archive's Airflow connection."""

from __future__ import annotations

from typing import Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook

from ttl_archive.settings import settings


def client(service: str) -> Any:
    """A boto3 client of ``settings().aws_conn_id``."""
    return AwsGenericHook(aws_conn_id=settings().aws_conn_id, client_type=service).get_conn()
