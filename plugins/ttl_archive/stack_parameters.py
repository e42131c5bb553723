"""What the stack is given and what it gives back: parameters derived from the archives, settings from its outputs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ttl_archive import layout
from ttl_archive.config import Archive, load_archives
from ttl_archive.errors import ConfigurationError
from ttl_archive.settings import PREFIX, Settings

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_MAX_PARAMETER_LENGTH = 4096


@dataclass(frozen=True)
class Place:
    """Where a stack is created."""

    environment: str
    partition: str
    region: str
    account: str

    @property
    def stack(self) -> str:
        """The stack's name, such as ``ttl-archive-dev``."""
        return f"ttl-archive-{self.environment}"

    def names(self) -> dict[str, str]:
        """The template's parameters that name something.

        They are known before the stack exists, since the archives' files refer to them as ``${TTL_ARCHIVE_BUCKET}``.
        """
        return {
            "Environment": self.environment,
            "ArchiveBucketName": f"{self.stack}-{self.account}-archive",
            "ResultsBucketName": f"{self.stack}-{self.account}-results",
            "WorkgroupName": self.stack,
            "TableNamePrefix": f"{self.environment}-",
            "TrustedPrincipal": f"arn:{self.partition}:iam::{self.account}:root",
        }


def archive_environment(names: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The environment to read archives in: the stack's own names outrank those of another deployment."""
    return {
        **environment,
        "TTL_ARCHIVE_BUCKET": names["ArchiveBucketName"],
        "TTL_ARCHIVE_RESULTS_BUCKET": names["ResultsBucketName"],
        "TTL_ARCHIVE_WORKGROUP": names["WorkgroupName"],
        "TTL_ARCHIVE_TABLE_PREFIX": names["TableNamePrefix"],
    }


def derived_parameters(place: Place, archives: Sequence[Archive]) -> dict[str, list[str]]:
    """The template's parameters that say what the role may touch: ARNs for what the archives name."""

    def regional(service: str, resource: str) -> str:
        return f"arn:{place.partition}:{service}:{place.region}:{place.account}:{resource}"

    def in_s3(resource: str) -> str:
        return f"arn:{place.partition}:s3:::{resource}"

    objects, results, catalog = [], [], [regional("glue", "catalog")]
    topics, senders = [regional("sns", f"{place.stack}-reports")], []
    for archive in archives:
        bucket, database = archive.destination.bucket, archive.catalog.database
        owned = (f"{folder}/{archive.name}/" for folder in ("_staging", "_manifests", "_quarantine", "_parquet"))
        objects += [in_s3(f"{bucket}/{prefix}*") for prefix in (archive.destination.prefix, *owned)]
        results += [
            in_s3(f"{archive.athena.results.removeprefix('s3://')}*"),
            in_s3(f"{archive.athena.results_bucket}/reports/{archive.name}/*"),
        ]
        catalog.append(regional("glue", f"database/{database}"))
        for table in layout.tables(archive):
            catalog.append(regional("glue", f"table/{database}/{table}"))
        topic = archive.report.notify.sns_topic
        if topic:
            topics.append(topic if topic.startswith("arn:") else regional("sns", topic))
        if archive.report.notify.ses:
            # SES asks for the identity that is verified: the address, or its whole domain.
            address = archive.report.notify.ses.sender
            senders += [regional("ses", f"identity/{each}") for each in (address, address.rpartition("@")[2])]
    return {
        "SourceTableArns": _once(regional("dynamodb", f"table/{each.source.table}") for each in archives),
        "SourceExportArns": _once(regional("dynamodb", f"table/{each.source.table}/export/*") for each in archives),
        "ArchiveBucketArns": _once(in_s3(each.destination.bucket) for each in archives),
        "ArchiveObjectArns": _once(objects),
        "ResultsBucketArns": _once(in_s3(each.athena.results_bucket) for each in archives),
        "ResultsObjectArns": _once(results),
        "CatalogArns": _once(catalog),
        "WorkgroupArns": _once(regional("athena", f"workgroup/{each.athena.workgroup}") for each in archives),
        "TopicArns": _once(topics),
        "SenderArns": _once(senders),
    }


def _once(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def stack_parameters(
    place: Place, include_dir: Path, environment: Mapping[str, str], overrides: Mapping[str, str]
) -> dict[str, str]:
    """All parameters of the stack, for the archives there are.

    :param overrides: parameters given on the command line, or kept from the last deployment, which outrank those
        computed here, except for the derived ones.
    :raises ConfigurationError: if an archive has a problem, or there are too many for one stack.
    """
    names = {**place.names(), **overrides}
    archives = load_archives(include_dir, archive_environment(names, environment))
    derived = {name: ",".join(values) for name, values in derived_parameters(place, archives).items()}
    for name, value in derived.items():
        if len(value) > _MAX_PARAMETER_LENGTH:
            raise ConfigurationError(
                f"parameter {name} has {len(value)} characters for {len(archives)} archives, and CloudFormation takes "
                f"{_MAX_PARAMETER_LENGTH}: give some of the archives an include folder and a stack of their own"
            )
    return {**names, **derived}


def settings_of(outputs: Mapping[str, str], embedded: str | None, region: str) -> dict[str, str]:
    """The environment variables of a deployment: every setting there is to set, and the Airflow connection.

    :param outputs: the stack's outputs; ``ResultsBucket`` becomes ``TTL_ARCHIVE_RESULTS_BUCKET``, and so on.
    :param embedded: the embedded AWS's URL, or None for an account.
    """
    named = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): value for name, value in outputs.items()}
    variables = {}
    for field, information in Settings.model_fields.items():
        if field != "include_dir":
            # Nothing in the embedded AWS is worth waiting for.
            default = 1 if embedded and field.endswith("_seconds") else information.default
            value = named.get(field, default)
            variables[PREFIX + field.upper()] = "" if value is None else str(value)
    extra: dict[str, Any] = {"region_name": region, "role_arn": outputs["RoleArn"]}
    if embedded:
        # With endpoint_url alone the provider still assumes the role at the real STS (provider amazon 9.39.0).
        extra |= {"endpoint_url": embedded, "service_config": {"sts": {"endpoint_url": embedded}}}
    connection = variables[f"{PREFIX}AWS_CONN_ID"]
    variables[f"AIRFLOW_CONN_{connection.upper()}"] = json.dumps({"conn_type": "aws", "extra": extra})
    return variables
