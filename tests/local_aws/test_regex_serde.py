"""RegexSerDe: https://docs.aws.amazon.com/athena/latest/ug/regex-serde.html"""

import pytest

from tests.local_aws.harness import Athena, Row
from tests.local_aws.made_tables import failure, rows

# https://docs.aws.amazon.com/athena/latest/ug/create-alb-access-logs-table.html
_ALB = """type string, `time` string, elb string, client_ip string, client_port int, target_ip string, target_port int,
request_processing_time double, target_processing_time double, response_processing_time double, elb_status_code int,
target_status_code string, received_bytes bigint, sent_bytes bigint, request_verb string, request_url string,
request_proto string, user_agent string, ssl_cipher string, ssl_protocol string, target_group_arn string,
trace_id string, domain_name string, chosen_cert_arn string, matched_rule_priority string, request_creation_time string,
actions_executed string, redirect_url string, lambda_error_reason string, target_port_list string,
target_status_code_list string, classification string, classification_reason string, conn_trace_id string"""
_ALB_REGEX = r"""([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*):([0-9]*) ([^ ]*)[:-]([0-9]*) ([-.0-9]*) ([-.0-9]*) ([-.0-9]*) (|[-0-9]*) (-|[-0-9]*) ([-0-9]*) ([-0-9]*) \"([^ ]*) (.*) (- |[^ ]*)\" \"([^\"]*)\" ([A-Z0-9-_]+) ([A-Za-z0-9.-]*) ([^ ]*) \"([^\"]*)\" \"([^\"]*)\" \"([^\"]*)\" ([-.0-9]*) ([^ ]*) \"([^\"]*)\" \"([^\"]*)\" \"([^ ]*)\" \"([^\\s]+?)\" \"([^\\s]+)\" \"([^ ]*)\" \"([^ ]*)\" ?([^ ]*)?( .*)?"""  # noqa: E501
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
_ALB_LOG = """http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_1234abcd5678ef90
http 2018-11-30T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 - 0.000 0.001 0.000 502 - 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337364-23a8c76965a2ef7629b185e3" "-" "-" 0 2018-11-30T22:22:48.364000Z "forward" "-" "LambdaInvalidResponse" "-" "-" "-" "-" TID_1234abcd5678ef90
"""  # noqa: E501
_ARN = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067"
_BALANCER, _TRACE = "app/my-loadbalancer/50dc6c495c0c9188", "TID_1234abcd5678ef90"
_REQUEST: Row = ["GET", "http://www.example.com:80/", "HTTP/1.1", "curl/7.46.0", "-", "-", _ARN]
_ALB_ROWS: list[Row] = [
    ["http", "2018-07-02T22:23:00.186641Z", _BALANCER, "192.168.131.39", "2817", "10.0.0.1", "80", "0.0", "0.001",
     "0.0", "200", "200", "34", "366", *_REQUEST, "Root=1-58337262-36d228ad5d99923122bbe354", "-", "-", "0",
     "2018-07-02T22:22:48.364000Z", "forward", "-", "-", "10.0.0.1:80", "200", "-", "-", _TRACE],
    ["http", "2018-11-30T22:23:00.186641Z", _BALANCER, "192.168.131.39", "2817", "", None, "0.0", "0.001",
     "0.0", "502", "-", "34", "366", *_REQUEST, "Root=1-58337364-23a8c76965a2ef7629b185e3", "-", "-", "0",
     "2018-11-30T22:22:48.364000Z", "forward", "-", "LambdaInvalidResponse", "-", "-", "-", "-", _TRACE],
]  # fmt: skip
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-s3-access-logs-to-identify-requests.html
_S3 = """bucketowner STRING, bucket_name STRING, requestdatetime STRING, remoteip STRING, requester STRING,
requestid STRING, operation STRING, key STRING, request_uri STRING, httpstatus STRING, errorcode STRING,
bytessent BIGINT, objectsize BIGINT, totaltime STRING, turnaroundtime STRING, referrer STRING, useragent STRING,
versionid STRING, hostid STRING, sigv STRING, ciphersuite STRING, authtype STRING, endpoint STRING, tlsversion STRING,
accesspointarn STRING, aclrequired STRING"""
_S3_REGEX = r"""([^ ]*) ([^ ]*) \\[(.*?)\\] ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) (\"[^\"]*\"|-) (-|[0-9]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) (\"[^\"]*\"|-) ([^ ]*)(?: ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*))?.*$"""  # noqa: E501
_OWNER = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html; the second line as before 2019.
_HEAD = f"{_OWNER} amzn-s3-demo-bucket1 [06/Feb/2019:00:00:38 +0000] 192.0.2.3 {_OWNER} 891CE47D2EXAMPLE"
_S3_LOG = f"""{_HEAD} REST.GET.LOGGING_STATUS - "GET /amzn-s3-demo-bucket1?logging HTTP/1.1" 200 - 242 - 11 - "-" "S3Console/0.4" - 9vKBE6vMhrNiWHZmb2L0mXOcqPGzQOI5XLnCtZNPxev+Hf+7tpT6sxDwDty4LHBUOZJG96N1234= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader amzn-s3-demo-bucket1.s3.us-west-1.amazonaws.com TLSV1.2 - - us-east-1
{_HEAD} REST.GET.LOGGING_STATUS - "GET /amzn-s3-demo-bucket1?logging HTTP/1.1" 200 - 242 - 11 - "-" "S3Console/0.4" -
"""  # noqa: E501
_S3_START: Row = [
    _OWNER, "amzn-s3-demo-bucket1", "06/Feb/2019:00:00:38 +0000", "192.0.2.3", _OWNER, "891CE47D2EXAMPLE",
    "REST.GET.LOGGING_STATUS", "-", '"GET /amzn-s3-demo-bucket1?logging HTTP/1.1"', "200", "-", "242", None, "11", "-",
    '"-"', '"S3Console/0.4"', "-",
]  # fmt: skip
_S3_ROWS: list[Row] = [
    [*_S3_START, "9vKBE6vMhrNiWHZmb2L0mXOcqPGzQOI5XLnCtZNPxev+Hf+7tpT6sxDwDty4LHBUOZJG96N1234=", "SigV4",
     "ECDHE-RSA-AES128-GCM-SHA256", "AuthHeader", "amzn-s3-demo-bucket1.s3.us-west-1.amazonaws.com", "TLSV1.2",
     "-", "-"],
    [*_S3_START, *[None] * 8],
]  # fmt: skip


def _serde(pattern: str) -> str:
    serde = "org.apache.hadoop.hive.serde2.RegexSerDe"
    return (
        f"ROW FORMAT SERDE '{serde}' WITH SERDEPROPERTIES ('serialization.format' = '1', 'input.regex' = '{pattern}')"
    )


@pytest.mark.parametrize(
    ("columns", "pattern", "text", "expected"),
    [(_ALB, _ALB_REGEX, _ALB_LOG, _ALB_ROWS), (_S3, _S3_REGEX, _S3_LOG, _S3_ROWS)],
    ids=["load balancer", "S3"],
)
def test_documented_access_logs(athena: Athena, columns: str, pattern: str, text: str, expected: list[Row]) -> None:
    assert rows(athena, columns, text, _serde(pattern)) == expected


@pytest.mark.parametrize(
    ("kind", "pattern", "text", "expected"),
    [
        ("double", "([^ ]*)", "-\n1.5\n1.2.3\n-Infinity\n", [None, "1.5", None, "-Infinity"]),
        ("int", r"(\\d*)", "\n12\n99999999999\n", [None, "12", None]),
        ("tinyint", "(.*)", "127\n128\n1.5\n+3\n", ["127", None, None, "3"]),
        ("decimal(5,2)", "(.*)", "1.255\n123456\nx\n", ["1.26", None, None]),
        ("date", "(.*)", "2020-01-02\n-\n06/Feb/2019\n", ["2020-01-02", None, None]),
        ("timestamp", "(.*)", "2020-01-02 03:04:05\nx 1\n", ["2020-01-02 03:04:05.000", None]),
        ("boolean", "(.*)", "TRUE\nyes\n", ["true", "false"]),
        ("string", "^(?!#)([^ ]+)$", "#a\nb\n", [None, "b"]),
    ],
)  # fmt: skip
def test_what_is_no_value_is_null(
    athena: Athena, kind: str, pattern: str, text: str, expected: list[str | None]
) -> None:  # fmt: skip
    assert rows(athena, f"a {kind}", text, _serde(pattern)) == [[value] for value in expected]


def test_columns_and_groups_need_not_be_as_many(athena: Athena) -> None:
    assert rows(athena, "a string, b string", "x y\n", _serde("([^ ]*) .*")) == [["x", None]]
    assert rows(athena, "a string", "x y\n", _serde("([^ ]*) (.*)")) == [["x"]]


@pytest.mark.parametrize(
    ("kind", "pattern", "text"),
    [
        ("double", "(.*)", "0x1p3"), ("timestamp", "(.*)", "2020-01-02T03:04:05Z"), ("date", "(.*)", "2020-02-30"),
        ("string", "([a-z&&[^b]])", "a"), ("binary", "(.*)", "a"),
    ],
)  # fmt: skip
def test_what_java_may_read_is_refused(athena: Athena, kind: str, pattern: str, text: str) -> None:
    reason = failure(athena, f"a {kind}", text, _serde(pattern))
    assert reason.startswith("NOT_SUPPORTED: the local Athena does not translate")
    assert "Error:" not in reason
