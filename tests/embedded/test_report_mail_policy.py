"""The stack on the embedded AWS: the role may send mail once an archive sends its report through SES, not before."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.local_aws.harness import ACCOUNT, Aws, exports


def deploy(aws: Aws, include: Path, *arguments: str) -> str:
    """``make local-aws``'s deployment of these archives; the role's ARN."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TTL_ARCHIVE_")}
    environment |= {
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "TTL_ARCHIVE_INCLUDE_DIR": str(include),
    }
    done = subprocess.run(
        [sys.executable, "-m", "ttl_archive.stack", "deploy", "--env", "dev", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    connection = exports(done.stdout)["AIRFLOW_CONN_AWS_DEFAULT"].strip("'")
    return str(json.loads(connection)["extra"]["role_arn"])


def granted(aws: Aws, role: str) -> list[str]:
    """The SES identities that the role may send from."""
    iam, name = aws.client("iam"), role.rpartition("/")[2]
    documents = [
        iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"]
        for each in iam.list_role_policies(RoleName=name)["PolicyNames"]
    ]
    assert documents
    statements = [each for document in documents for each in document["Statement"]]
    return [arn for each in statements if each["Action"] == "ses:SendRawEmail" for arn in each["Resource"]]


def test_the_grant_comes_and_goes_with_the_yaml(aws: Aws, tmp_path: Path) -> None:
    include = tmp_path / "include"
    shutil.copytree(REPOSITORY / "include", include)
    path = include / "archives/usage_logs.yaml"
    shipped = path.read_text()
    role = deploy(aws, include)
    assert granted(aws, role) == []

    path.write_text(shipped.replace("sns_topic: null", "ses: {to: [a@example.org], from: reports@example.com}"))
    assert deploy(aws, include) == role
    identity = f"arn:aws:ses:us-east-1:{ACCOUNT}:identity"
    assert granted(aws, role) == [f"{identity}/reports@example.com", f"{identity}/example.com"]

    path.write_text(shipped)
    deploy(aws, include)
    assert granted(aws, role) == []
