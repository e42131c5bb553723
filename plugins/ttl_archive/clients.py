"""AWS clients under the identity of an archive's Airflow connection."""

from __future__ import annotations

from typing import Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook

from ttl_archive.config import Archive
from ttl_archive.settings import connection_of


def client(archive: Archive, service: str) -> Any:
    """A boto3 client of the archive's connection."""
    return connected(service, connection_of(archive))


def clients(archive: Archive, *services: str) -> dict[str, Any]:
    """Boto3 clients of the archive's connection, by their services."""
    return {service: client(archive, service) for service in services}


def connected(service: str, aws_conn_id: str) -> Any:
    """A boto3 client of a connection."""
    return AwsGenericHook(aws_conn_id=aws_conn_id, client_type=service).get_conn()
