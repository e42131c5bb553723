"""One embedded AWS for the session (for each xdist worker its own), on a free port with a throw-away state folder."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.local_aws.harness import ACCOUNT, Athena, Aws, exports, local_aws


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    state = tmp_path_factory.mktemp("local-aws")
    started = local_aws("start", "--port", "0", "--state", str(state))
    assert started.returncode == 0, started.stderr
    yield Aws(exports(started.stdout)["AWS_ENDPOINT_URL"])
    local_aws("stop", "--state", str(state))


@pytest.fixture(scope="module")
def bucket(aws: Aws) -> str:
    name = f"b-{uuid.uuid4().hex[:12]}"
    aws.client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture(scope="module")
def athena(aws: Aws, bucket: str) -> Athena:
    """Athena in a database of the module's own."""
    database = f"db_{uuid.uuid4().hex[:8]}"
    aws.client("glue").create_database(DatabaseInput={"Name": database})
    return Athena(aws, bucket, database)


@pytest.fixture
def assume(aws: Aws) -> Callable[[list[dict[str, Any]]], Aws]:
    """The embedded AWS as seen by a new role with these policy statements."""

    def as_role(statements: list[dict[str, Any]]) -> Aws:
        name = f"role-{uuid.uuid4().hex[:12]}"
        trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
        iam = aws.client("iam")
        iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )
        policy = {"Version": "2012-10-17", "Statement": statements}
        iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=json.dumps(policy))
        given = aws.client("sts").assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}", RoleSessionName="test")[
            "Credentials"
        ]
        return Aws(aws.url, (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]))

    return as_role
