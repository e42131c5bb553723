"""The settings of a deployment: environment variables named ``TTL_ARCHIVE_...``, read once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ttl_archive.errors import ConfigurationError

if TYPE_CHECKING:
    from ttl_archive.config import Archive

PREFIX = "TTL_ARCHIVE_"
_REPOSITORY = Path(__file__).resolve().parents[2]


class Settings(BaseModel):
    """One frozen object; a field ``bucket`` is the environment variable ``TTL_ARCHIVE_BUCKET``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bucket: str | None = Field(None, description="Archive bucket, named by the shipped archives.")
    results_bucket: str | None = Field(None, description="Bucket of Athena results and reports.")
    workgroup: str | None = Field(None, description="Athena workgroup, named by the shipped archives.")
    table_prefix: str | None = Field(None, description="What the source tables' names start with.")
    aws_conn_id: str = Field("aws_default", description="Airflow connection of the pipeline role.")
    metric_namespace: str | None = Field(None, description="CloudWatch namespace of the stack's alarm, if it has one.")
    athena_poll_seconds: int = Field(30, ge=1, description="Seconds between two looks at a running query.")
    sensor_poll_seconds: int = Field(180, ge=1, description="Seconds between two looks of a sensor.")
    retry_seconds: int = Field(120, ge=0, description="Seconds before the first retry of a task; doubled each time.")
    include_dir: Path = Field(_REPOSITORY / "include", description="Folder of archives/, sql/, aws/ and report/.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings from environment variables; an empty one counts as unset.

        :raises ConfigurationError: if a value has the wrong type; the message names the variable.
        """
        given = {name: environment.get(PREFIX + name.upper()) for name in cls.model_fields}
        try:
            return cls(**{name: value for name, value in given.items() if value})
        except ValidationError as error:
            first = error.errors()[0]
            name = PREFIX + str(first["loc"][0]).upper()
            raise ConfigurationError(f"environment variable {name}={first['input']!r}: {first['msg']}") from None


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment(os.environ)


def connection_of(archive: Archive) -> str:
    """The Airflow connection that the archive's tasks use: its own, else that of the settings."""
    return archive.aws_conn_id or settings().aws_conn_id
