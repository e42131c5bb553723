"""Delays and failures that a test asks for."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import Athena, Aws

Inject = Callable[..., None]


@pytest.fixture
def inject(aws: Aws) -> Iterator[Inject]:
    def put(*rules: dict[str, Any]) -> None:
        connection = http.client.HTTPConnection(aws.url.removeprefix("http://"))
        connection.request("PUT", "/_local_aws/faults", json.dumps(rules))
        assert connection.getresponse().status == 200
        connection.close()

    yield put
    put()


def test_an_api_call_fails_so_many_times(athena: Athena, inject: Inject) -> None:
    """Twice, since boto3 tries a throttled call once more."""
    inject({"operation": "^GetDatabase$", "code": "ThrottlingException", "message": "Rate exceeded", "times": 2})
    with pytest.raises(ClientError, match=r"ThrottlingException.*Rate exceeded"):
        athena.glue.get_database(Name=athena.database)
    assert athena.glue.get_database(Name=athena.database)["Database"]["Name"] == athena.database


def test_an_s3_call_fails(athena: Athena, inject: Inject) -> None:
    inject({"path": "/faulty/", "method": "PUT", "code": "SlowDown", "status": 503})
    with pytest.raises(ClientError, match="SlowDown"):
        athena.s3.put_object(Bucket=athena.bucket, Key="faulty/x", Body=b"")
    athena.s3.put_object(Bucket=athena.bucket, Key="fine/x", Body=b"")


def test_a_query_fails_with_a_reason_that_may_be_retried(athena: Athena, inject: Inject) -> None:
    inject({"query": "AS doomed", "reason": "INTERNAL_ERROR_QUERY_ENGINE", "retryable": True, "times": 1})
    failed = athena.ask("SELECT 1 AS doomed").execution["Status"]
    assert (failed["State"], failed["AthenaError"]["Retryable"]) == ("FAILED", True)
    assert athena.run("SELECT 1 AS doomed").rows == [["1"]]


def test_a_query_takes_its_time(athena: Athena, inject: Inject) -> None:
    inject({"query": "AS slow", "delay": 0.6})
    began = time.monotonic()
    assert athena.run("SELECT 1 AS slow").rows == [["1"]]
    assert time.monotonic() - began > 0.6


def test_a_slow_query_can_be_stopped(athena: Athena, inject: Inject) -> None:
    inject({"query": "AS slower", "delay": 20})
    request = {"ResultConfiguration": {"OutputLocation": f"s3://{athena.bucket}/results/"}}
    execution_id = athena.client.start_query_execution(QueryString="SELECT 1 AS slower", **request)["QueryExecutionId"]
    time.sleep(0.2)
    began = time.monotonic()
    athena.client.stop_query_execution(QueryExecutionId=execution_id)
    assert athena.finished(execution_id).state == "CANCELLED"
    assert time.monotonic() - began < 5
