"""How a test starts the embedded AWS and talks to it.

The server runs in the embedded AWS's own virtual environment: LOCAL_AWS_PYTHON, else `.venv-aws/bin/python`. The tests
themselves only need boto3 and talk to it over HTTP, as its users do.
"""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

REPOSITORY = Path(__file__).resolve().parents[2]
ACCOUNT = "000000000000"
Row = list[str | None]


def local_aws(*arguments: str, module: str = "local_aws", **kwargs: Any) -> subprocess.CompletedProcess[str]:
    """`python -m local_aws ...` as a user runs it."""
    python = os.environ.get("LOCAL_AWS_PYTHON") or str(REPOSITORY / ".venv-aws/bin/python")
    return subprocess.run(
        [python, "-m", module, *arguments], cwd=REPOSITORY, text=True, capture_output=True, timeout=90, **kwargs
    )


def exports(text: str) -> dict[str, str]:
    """The variables that `start` and `env` print."""
    lines = (line.removeprefix("export ").partition("=") for line in text.splitlines() if line.startswith("export "))
    return {name: value for name, _, value in lines}


@dataclass(frozen=True)
class Aws:
    """Clients of a running server, as its administrator or with other credentials."""

    url: str
    credentials: tuple[str, str, str | None] = ("local", "local", None)

    def client(self, service: str) -> Any:
        key, secret, token = self.credentials
        return boto3.client(
            service, endpoint_url=self.url, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret,  # noqa: E501
            aws_session_token=token, config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}),
        )  # fmt: skip


def invalid(call: Any, **request: Any) -> str:
    """What is said of a request that must end in ValidationException."""
    code, message = "none: the request was taken", ""
    try:
        call(**request)
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    assert code == "ValidationException", message
    return message


@dataclass
class Answer:
    """A finished query execution."""

    execution: dict[str, Any]
    rows: list[Row]
    types: list[str]

    @property
    def state(self) -> str:
        return str(self.execution["Status"]["State"])

    @property
    def reason(self) -> str:
        return str(self.execution["Status"].get("StateChangeReason", ""))

    @property
    def scanned(self) -> int:
        return int(self.execution["Statistics"]["DataScannedInBytes"])


class Athena:
    """Runs statements to their end; `rows` of a SELECT are without the header."""

    def __init__(self, aws: Aws, bucket: str, database: str = "default") -> None:
        self.client, self.s3, self.glue = aws.client("athena"), aws.client("s3"), aws.client("glue")
        self.bucket, self.database = bucket, database

    def ask(self, sql: str, **request: Any) -> Answer:
        """Run a statement whatever its outcome."""
        request.setdefault("ResultConfiguration", {"OutputLocation": f"s3://{self.bucket}/results/"})
        request.setdefault("QueryExecutionContext", {"Database": self.database})
        return self.finished(self.client.start_query_execution(QueryString=sql, **request)["QueryExecutionId"])

    def finished(self, execution_id: str) -> Answer:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            execution = self.client.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"]
            if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
                break
            time.sleep(0.01)
        rows: list[Row] = []
        types: list[str] = []
        if execution["Status"]["State"] == "SUCCEEDED":
            pages = list(self.client.get_paginator("get_query_results").paginate(QueryExecutionId=execution_id))
            types = [column["Type"] for column in pages[0]["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]]
            rows = [
                [cell.get("VarCharValue") for cell in row["Data"]]
                for page in pages
                for row in page["ResultSet"]["Rows"]
            ]
            if execution["SubstatementType"] == "SELECT":
                rows = rows[1:]
        return Answer(execution, rows, types)

    def run(self, sql: str, **request: Any) -> Answer:
        """Run a statement that must succeed."""
        answer = self.ask(sql, **request)
        assert answer.state == "SUCCEEDED", answer.reason
        return answer

    def fails(self, sql: str, **request: Any) -> str:
        """Run a statement that must fail: its reason."""
        answer = self.ask(sql, **request)
        assert answer.state == "FAILED", answer.rows
        return answer.reason
