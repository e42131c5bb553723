"""A deployment on the embedded AWS, used as its users do: commands in a shell's environment, and AWS clients."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.conftest import REPOSITORY
from ttl_archive.scan import prepare_client

INCLUDE = REPOSITORY / "include"
_CONFIG = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})


def exports(text: str) -> dict[str, str]:
    """The variables that ``export NAME=value`` lines set."""
    variables = {}
    for line in text.splitlines():
        if line.startswith("export "):
            name, _, value = shlex.split(line.removeprefix("export "))[0].partition("=")
            variables[name] = value
    return variables


@dataclass(frozen=True)
class Clients:
    """AWS clients of one identity."""

    url: str
    key: str = "local"
    secret: str = "local"
    token: str | None = None
    _made: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def __getattr__(self, service: str) -> Any:
        if service.startswith("_"):
            raise AttributeError(service)
        if service not in self._made:
            self._made[service] = self.make(service)
        return self._made[service]

    @property
    def scanner(self) -> Any:
        """A DynamoDB client prepared for ``SegmentScan``."""
        if "scanner" not in self._made:
            self._made["scanner"] = prepare_client(self.make("dynamodb"))
        return self._made["scanner"]

    def make(self, service: str) -> Any:
        """A client of its own."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            aws_session_token=self.token,
            config=_CONFIG,
        )


_administrator = cache(Clients)


@dataclass(frozen=True)
class Deployment:
    """A shell's environment, and what it leads to.

    :param folder: everything that the commands write lies in it.
    """

    folder: Path
    environment: Mapping[str, str]

    def command(
        self, *arguments: str, venv: str = ".venv", timeout: float = 400, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """``python arguments...`` in this environment, with some variables changed."""
        return subprocess.run(
            [str(REPOSITORY / venv / "bin/python"), *arguments],
            cwd=self.folder,
            env={**self.environment, **variables},
            text=True,
            capture_output=True,
            timeout=timeout,
            check=False,
        )

    def archive(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """``make archive``: ``deployment.archive("usage_logs", "--month", "2025-03")``."""
        return self.command("-m", "ttl_archive.run", *arguments, **variables)

    def with_variables(self, variables: Mapping[str, str]) -> Deployment:
        """The same with more variables."""
        return Deployment(self.folder, {**self.environment, **variables})

    @property
    def url(self) -> str:
        return self.environment["AWS_ENDPOINT_URL"]

    @property
    def include(self) -> Path:
        return Path(self.environment.get("TTL_ARCHIVE_INCLUDE_DIR", str(INCLUDE)))

    @property
    def bucket(self) -> str:
        return self.environment["TTL_ARCHIVE_BUCKET"]

    @property
    def results_bucket(self) -> str:
        return self.environment["TTL_ARCHIVE_RESULTS_BUCKET"]

    @property
    def role(self) -> str:
        """The ARN of the pipeline role."""
        return str(json.loads(self.environment["AIRFLOW_CONN_AWS_DEFAULT"])["extra"]["role_arn"])

    @property
    def guard_log(self) -> list[str]:
        """What ``guard/sitecustomize.py`` has seen."""
        return Path(self.environment["E2E_GUARD_LOG"]).read_text().splitlines()

    def admin(self) -> Clients:
        """Clients of the embedded account's administrator."""
        return _administrator(self.url)

    def pipeline_role(self) -> Clients:
        """Clients of the least-privilege role that the DAGs run under."""
        given = self.admin().sts.assume_role(RoleArn=self.role, RoleSessionName="e2e")["Credentials"]
        return Clients(self.url, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    def objects(self) -> set[tuple[str, str, str]]:
        """Every version of every object of both buckets."""
        s3, found = self.admin().s3, set()
        for bucket in (self.bucket, self.results_bucket):
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
                for each in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
                    found.add((bucket, each["Key"], str(each.get("VersionId"))))
        return found

    def catalog(self) -> set[str]:
        """Every table and partition there is in Glue, with where it lies."""
        glue, found = self.admin().glue, set()
        for database in glue.get_databases()["DatabaseList"]:
            for table in glue.get_tables(DatabaseName=database["Name"])["TableList"]:
                name = {"DatabaseName": database["Name"], "TableName": table["Name"]}
                found.add(f"{database['Name']}.{table['Name']}")
                for partition in glue.get_partitions(**name)["Partitions"]:
                    found.add(f"{name} {partition['Values']} {partition['StorageDescriptor']['Location']}")
        return found


def base_environment(folder: Path) -> dict[str, str]:
    """A shell that knows nothing of the user's: HOME, Airflow and temporary files lie in the folder."""
    for name in ("home", "tmp", "airflow"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": f"{REPOSITORY / 'tests/e2e/guard'}:{REPOSITORY / 'plugins'}:{REPOSITORY}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "E2E_GUARD_LOG": str(folder / "guard.log"),
        "E2E_GUARD_FOLDER": str(folder),
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow/airflow.db",
    }


def copy_include(to: Path) -> Path:
    """A copy of ``include/`` without archives."""
    shutil.copytree(INCLUDE, to)
    for path in (to / "archives").glob("*.yaml"):
        path.unlink()
    return to
