"""The command line: one server of a state folder, on loopback, that keeps its state."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.local_aws.harness import Athena, Aws, exports, local_aws


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "state"
    local_aws("stop", "--state", str(tmp_path / "state"))


def test_start_status_env_stop(state: Path) -> None:
    place = ("--state", str(state))
    assert local_aws("status", *place).returncode == 1
    assert local_aws("env", *place).returncode == 1
    started = local_aws("start", "--port", "0", *place)
    variables = exports(started.stdout)
    endpoint = json.loads((state / "endpoint.json").read_text())
    assert variables["AWS_ENDPOINT_URL"] == endpoint["url"] == f"http://127.0.0.1:{endpoint['port']}"
    assert set(variables) == {
        "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
        "AWS_EC2_METADATA_DISABLED", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",
    }  # fmt: skip
    assert all(line.startswith(("export ", "unset ")) for line in started.stdout.splitlines())
    again = local_aws("start", *place)
    assert (again.returncode, again.stdout) == (0, started.stdout)
    assert local_aws("env", *place).stdout == started.stdout
    assert local_aws("status", *place).returncode == 0
    assert local_aws("stop", *place).returncode == 0
    # Where nothing reaps orphans, an ended process stays as a zombie.
    assert not psutil.pid_exists(endpoint["pid"]) or psutil.Process(endpoint["pid"]).status() == psutil.STATUS_ZOMBIE
    assert local_aws("stop", *place).returncode == 0
    assert local_aws("status", *place).returncode == 1


def test_nothing_but_one_loopback_port_listens(state: Path) -> None:
    local_aws("start", "--port", "0", "--state", str(state))
    endpoint = json.loads((state / "endpoint.json").read_text())
    aws = Aws(endpoint["url"])
    aws.client("sns").list_topics()
    aws.client("athena").list_work_groups()
    server = psutil.Process(endpoint["pid"])
    listening = [
        c.laddr for p in [server, *server.children(recursive=True)] for c in p.net_connections() if c.status == "LISTEN"
    ]
    assert [(address.ip, address.port) for address in listening] == [("127.0.0.1", endpoint["port"])]


def test_a_taken_port_is_one_clear_line(state: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = local_aws("start", "--port", str(port), "--state", str(state))
    assert (refused.returncode, refused.stdout, len(refused.stderr.splitlines())) == (2, "", 1)
    assert str(port) in refused.stderr


@pytest.mark.parametrize("pid", ["dead", "another process"])
def test_a_stale_endpoint_is_not_believed(state: Path, pid: str) -> None:
    state.mkdir()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        number = other.pid
        try:
            if pid == "dead":
                other.kill()
                other.wait()
            stale = {"pid": number, "port": 1, "url": "http://127.0.0.1:1", "region": "us-east-1"}
            (state / "endpoint.json").write_text(json.dumps(stale))
            assert local_aws("status", "--state", str(state)).returncode == 1
            assert local_aws("start", "--port", "0", "--state", str(state)).returncode == 0
            assert local_aws("status", "--state", str(state)).returncode == 0
            assert pid == "dead" or other.poll() is None, "a process that is not ours was ended"
        finally:
            if other.poll() is None:
                other.kill()


def test_state_survives_a_restart(state: Path) -> None:
    place = ("--port", "0", "--state", str(state))
    aws = Aws(exports(local_aws("start", *place).stdout)["AWS_ENDPOINT_URL"])
    aws.client("s3").create_bucket(Bucket="kept")
    aws.client("s3").put_object(Bucket="kept", Key="t/x.json", Body=b'{"a": "1"}')
    aws.client("glue").create_database(DatabaseInput={"Name": "kept"})
    athena = Athena(aws, "kept", "kept")
    athena.run(
        "CREATE EXTERNAL TABLE t (a string) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://kept/t/'"
    )
    before = athena.run("SELECT a FROM t").execution["QueryExecutionId"]
    dynamodb = aws.client("dynamodb")
    key = [{"AttributeName": "id", "KeyType": "HASH"}]
    attributes = [{"AttributeName": "id", "AttributeType": "S"}]
    dynamodb.create_table(
        TableName="kept", KeySchema=key, AttributeDefinitions=attributes, BillingMode="PAY_PER_REQUEST"
    )
    dynamodb.put_item(TableName="kept", Item={"id": {"S": "x"}, "n": {"N": "12345678901234567890123456789012345678"}})
    slow = "SELECT count(*) FROM UNNEST(sequence(1, 9000)) AS a(x), UNNEST(sequence(1, 9000)) AS b(y), UNNEST(sequence(1, 100)) AS c(z) WHERE x * y * z % 7 = 3"  # noqa: E501
    unfinished = athena.client.start_query_execution(
        QueryString=slow, ResultConfiguration={"OutputLocation": "s3://kept/results/"}
    )["QueryExecutionId"]
    local_aws("stop", "--state", str(state))
    aws = Aws(exports(local_aws("start", *place).stdout)["AWS_ENDPOINT_URL"])
    athena = Athena(aws, "kept", "kept")
    assert athena.run("SELECT a FROM t").rows == [["1"]]
    assert athena.finished(before).rows == [["1"]]
    ended = athena.finished(unfinished).execution["Status"]
    assert (ended["State"], ended["AthenaError"]["Retryable"]) == ("FAILED", True)
    assert aws.client("dynamodb").scan(TableName="kept")["Items"][0]["n"] == {
        "N": "12345678901234567890123456789012345678"
    }


def test_an_upload_in_parts_survives_a_restart(state: Path) -> None:
    place = ("--port", "0", "--state", str(state))
    first, second = b"a" * 5 * 1024 * 1024, bytes(range(256))
    s3 = Aws(exports(local_aws("start", *place).stdout)["AWS_ENDPOINT_URL"]).client("s3")
    s3.create_bucket(Bucket="kept")
    where = {"Bucket": "kept", "Key": "k"}
    where["UploadId"] = s3.create_multipart_upload(**where, Metadata={"m": "1"}, ChecksumAlgorithm="CRC32")["UploadId"]
    sent = [s3.upload_part(**where, PartNumber=1, Body=first, ChecksumAlgorithm="CRC32")]
    local_aws("stop", "--state", str(state))
    s3 = Aws(exports(local_aws("start", *place).stdout)["AWS_ENDPOINT_URL"]).client("s3")
    assert [each["UploadId"] for each in s3.list_multipart_uploads(Bucket="kept")["Uploads"]] == [where["UploadId"]]
    assert [(each["PartNumber"], each["Size"]) for each in s3.list_parts(**where)["Parts"]] == [(1, len(first))]
    sent.append(s3.upload_part(**where, PartNumber=2, Body=second, ChecksumAlgorithm="CRC32"))
    parts = [
        {"PartNumber": number, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]}
        for number, part in enumerate(sent, 1)
    ]
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    found = s3.get_object(Bucket="kept", Key="k")
    assert (found["Body"].read(), found["Metadata"]) == (first + second, {"m": "1"})
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="kept")


def test_a_transaction_is_not_made_twice_after_a_restart(state: Path) -> None:
    place = ("--port", "0", "--state", str(state))
    dynamodb = Aws(exports(local_aws("start", *place).stdout)["AWS_ENDPOINT_URL"]).client("dynamodb")
    dynamodb.create_table(
        TableName="counted", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )  # fmt: skip
    key = {"k": {"S": "a"}}
    add = {"TableName": "counted", "Key": key, "UpdateExpression": "ADD n :one",
           "ExpressionAttributeValues": {":one": {"N": "1"}}}  # fmt: skip
    dynamodb.transact_write_items(TransactItems=[{"Update": add}], ClientRequestToken="once")
    local_aws("stop", "--state", str(state))
    dynamodb = Aws(exports(local_aws("start", *place).stdout)["AWS_ENDPOINT_URL"]).client("dynamodb")
    dynamodb.transact_write_items(TransactItems=[{"Update": add}], ClientRequestToken="once")
    assert dynamodb.get_item(TableName="counted", Key=key)["Item"]["n"] == {"N": "1"}


def test_the_users_own_profile_is_not_used(state: Path, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile mine]\nregion = eu-west-1\n")
    environment = {
        **os.environ,
        "AWS_PROFILE": "mine",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SESSION_TOKEN": "x",
    }
    began = time.monotonic()
    started = local_aws("start", "--port", "0", "--state", str(state), env=environment)
    assert started.returncode == 0
    assert time.monotonic() - began < 15
    assert "unset AWS_PROFILE AWS_SESSION_TOKEN" in started.stdout
    account = Aws(exports(started.stdout)["AWS_ENDPOINT_URL"]).client("sts").get_caller_identity()["Account"]
    assert account == "000000000000"
