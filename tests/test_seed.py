"""Seeding: what is refused before anything is written, and how items reach the table."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from local_aws import seed
from local_aws.dynamodb_json import MAX_ITEM_BYTES, parse_item
from local_aws.seed import KeySchema, SeedError
from ttl_archive.config import Archive, load_archive

NAMES = {
    f"TTL_ARCHIVE_{name}": f"the-{name.lower()}".replace("_", "-") for name in ("BUCKET", "RESULTS_BUCKET", "WORKGROUP")
}
ENVIRONMENT = {**NAMES, "TTL_ARCHIVE_TABLE_PREFIX": "dev-", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
ARCHIVES = Path(__file__).resolve().parents[1] / "include" / "archives"


class NotFound(Exception):
    pass


class FakeDynamoDB:
    """Tables as dictionaries, with DynamoDB's rule that a batch holds no key twice."""

    class exceptions:  # noqa: N801 - as boto3 names it
        ResourceNotFoundException = NotFound

    def __init__(self) -> None:
        self.schema: dict[str, Any] | None = None
        self.ttl: dict[str, Any] | None = None
        self.items: dict[tuple[object, ...], Any] = {}
        self.unprocessed = 0

    def describe_table(self, TableName: str) -> dict[str, Any]:  # noqa: N803
        if self.schema is None:
            raise NotFound
        return {"Table": self.schema}

    def create_table(self, **table: Any) -> None:
        self.schema = {**table, "ItemCount": 0}

    def get_waiter(self, name: str) -> Any:
        return self

    def wait(self, **_: Any) -> None:
        pass

    def update_time_to_live(self, **request: Any) -> None:
        self.ttl = request["TimeToLiveSpecification"]

    def batch_write_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        ((table, requests),) = RequestItems.items()
        assert len(requests) <= 25
        keys = KeySchema.of_table(self.schema or {})
        written = requests
        if self.unprocessed:
            self.unprocessed -= 1
            written = requests[:1]
        named = [keys.key_of(each["PutRequest"]["Item"]) for each in requests]
        assert len(set(named)) == len(named), "Provided list of item keys contains duplicates"
        for each in written:
            self.items[keys.key_of(each["PutRequest"]["Item"])] = each["PutRequest"]["Item"]
        return {"UnprocessedItems": {table: requests[len(written) :]} if len(written) < len(requests) else {}}


@pytest.fixture
def dynamodb() -> FakeDynamoDB:
    return FakeDynamoDB()


@pytest.fixture
def archive() -> Archive:
    return load_archive(ARCHIVES / "usage_logs.yaml", ENVIRONMENT)


def write(path: Path, *items: Any) -> Path:
    path.write_text("".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in items))
    return path


def item(number: int, **more: Any) -> dict[str, Any]:
    return {"id": {"S": f"item-{number}"}, "n": {"N": str(number)}, **more}


ID = KeySchema.parse("id")


def test_a_file_fills_a_new_table_with_its_ttl_on(dynamodb: FakeDynamoDB, archive: Archive, tmp_path: Path) -> None:
    path = write(tmp_path / "items.jsonl", *(item(number) for number in range(130)))
    assert seed.seed(dynamodb, archive, path, ID) == 130
    assert set(dynamodb.items) == {(f"item-{number}",) for number in range(130)}
    assert dynamodb.schema
    assert dynamodb.schema["BillingMode"] == "PAY_PER_REQUEST"
    assert dynamodb.ttl == {"Enabled": True, "AttributeName": "expiresAt"}


def test_gzip_is_recognised_whatever_the_name(dynamodb: FakeDynamoDB, archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "items.txt"
    path.write_bytes(gzip.compress(json.dumps(item(1, b={"B": "AAE="})).encode() + b"\n\n"))
    assert seed.seed(dynamodb, archive, path, ID) == 1
    assert dynamodb.items[("item-1",)]["b"] == {"B": b"\x00\x01"}


def test_of_two_lines_with_one_key_the_later_wins(dynamodb: FakeDynamoDB, archive: Archive, tmp_path: Path) -> None:
    numbers = [
        {"k": {"N": text}, "line": {"N": str(line)}} for line, text in enumerate(["1", "1.0", "2", "1e0", "2.00"])
    ]
    seed.seed(dynamodb, archive, write(tmp_path / "items.jsonl", *numbers), KeySchema.parse("k:N"))
    assert sorted(each["line"]["N"] for each in dynamodb.items.values()) == ["3", "4"]


def test_keys_of_38_digits_stay_apart(dynamodb: FakeDynamoDB, archive: Archive, tmp_path: Path) -> None:
    numbers = [{"k": {"N": f"1234567890123456789012345678901234567{last}"}} for last in range(3)]
    seed.seed(dynamodb, archive, write(tmp_path / "items.jsonl", *numbers), KeySchema.parse("k:N"))
    assert len(dynamodb.items) == 3


def test_unprocessed_items_are_written_again(dynamodb: FakeDynamoDB, archive: Archive, tmp_path: Path) -> None:
    dynamodb.unprocessed = 3
    seed.seed(dynamodb, archive, write(tmp_path / "items.jsonl", *(item(number) for number in range(60))), ID)
    assert len(dynamodb.items) == 60


def test_a_table_that_never_takes_everything_is_an_error(
    dynamodb: FakeDynamoDB, archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_aws.seed.time.sleep", lambda _: None)
    dynamodb.unprocessed = 1_000
    with pytest.raises(SeedError, match="still unprocessed"):
        seed.seed(dynamodb, archive, write(tmp_path / "items.jsonl", *(item(number) for number in range(60))), ID)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON"),
        ("[]", "not a DynamoDB-JSON item"),
        ("{}", "not a DynamoDB-JSON item"),
        ('{"id": "plain"}', "id: not a DynamoDB-JSON value"),
        ('{"id": {"S": "a", "N": "1"}}', "id: not a DynamoDB-JSON value"),
        ('{"id": {"X": "a"}}', "id: 'X' is no DynamoDB type"),
        ('{"id": {"S": 1}}', "id: S holds 1"),
        ('{"id": {"S": "a"}, "n": {"N": 1}}', "n: N holds 1: expected a string"),
        ('{"id": {"S": "a"}, "n": {"N": "one"}}', "n: N holds 'one'"),
        ('{"id": {"S": "a"}, "n": {"N": "NaN"}}', "n: N holds 'NaN'"),
        ('{"id": {"S": "a"}, "n": {"N": "123456789012345678901234567890123456789"}}', "at most 38 digits"),
        ('{"id": {"S": "a"}, "n": {"N": "1E-131"}}', "n: N holds '1E-131'"),
        ('{"id": {"S": "a"}, "n": {"N": "1E+126"}}', "n: N holds '1E.126'"),
        ('{"id": {"S": "a"}, "b": {"B": "not base64!"}}', "b: B holds 'not base64!': expected base64"),
        ('{"id": {"S": "a"}, "x": {"NULL": false}}', "x: NULL holds False"),
        ('{"id": {"S": "a"}, "x": {"BOOL": "true"}}', "x: BOOL holds 'true'"),
        ('{"id": {"S": "a"}, "x": {"SS": []}}', "a set has at least one member"),
        ('{"id": {"S": "a"}, "x": {"NS": ["1", "1.0"]}}', "none twice"),
        ('{"id": {"S": "a"}, "x": {"M": {"y": {"L": [{"S": "a"}, {"N": "z"}]}}}}', r"x\.y\[1\]: N holds 'z'"),
        ('{"other": {"S": "a"}}', "no key attribute 'id'"),
        ('{"id": {"N": "1"}}', "key attribute 'id' has type N, the table's is S"),
        ('{"id": {"S": ""}}', "key attribute 'id' is empty"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_written(
    dynamodb: FakeDynamoDB, archive: Archive, tmp_path: Path, line: str, message: str
) -> None:
    path = write(tmp_path / "items.jsonl", *(item(number) for number in range(99)), "", line)
    with pytest.raises(SeedError, match=rf"items\.jsonl:101: .*{message}"):
        seed.seed(dynamodb, archive, path, ID)
    assert dynamodb.schema is None
    assert dynamodb.items == {}


@pytest.mark.parametrize(
    "number", ["0", "-0.5", "1E-130", "9.9999999999999999999999999999999999999E+125", "1" * 38, ".5"]
)
def test_every_number_dynamodb_has_is_taken_as_it_is(number: str) -> None:
    assert parse_item(json.dumps({"n": {"N": number}}).encode()) == {"n": {"N": number}}


def test_an_item_larger_than_dynamodb_takes_is_refused() -> None:
    big = {"id": {"S": "a"}, "list": {"L": [{"S": "x" * 1000}] * 420}}
    with pytest.raises(ValueError, match=f"DynamoDB takes {MAX_ITEM_BYTES:,}"):
        parse_item(json.dumps(big).encode())
    fits = {"id": {"S": "a"}, "bytes": {"B": base64.b64encode(b"x" * 400_000).decode()}}  # 533,000 characters of JSON
    assert parse_item(json.dumps(fits).encode())["bytes"]["B"] == b"x" * 400_000


def test_a_file_that_is_cut_short_is_refused(dynamodb: FakeDynamoDB, archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(item(1)).encode() * 50)[:-12])
    with pytest.raises(SeedError, match=r"items\.jsonl\.gz: not readable"):
        seed.seed(dynamodb, archive, path, ID)
    assert dynamodb.schema is None


def test_a_missing_table_needs_its_keys(dynamodb: FakeDynamoDB, archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(SeedError, match=r"dev-usage-logs doesn't exist yet: say its keys, KEYS=pk"):
        seed.seed(dynamodb, archive, write(tmp_path / "items.jsonl", item(1)), None)


def test_an_existing_table_keeps_its_keys(dynamodb: FakeDynamoDB, archive: Archive, tmp_path: Path) -> None:
    path = write(tmp_path / "items.jsonl", item(1))
    seed.seed(dynamodb, archive, path, KeySchema.parse("n:N,id"))
    assert seed.seed(dynamodb, archive, path, None) == 1
    with pytest.raises(SeedError, match="exists with the keys n:N,id, not id"):
        seed.seed(dynamodb, archive, path, ID)


@pytest.mark.parametrize("text", [",", "a,b,c", "a,a", "a:X", "a:", ":N"])
def test_what_is_no_key_schema(text: str) -> None:
    if text == "a:":
        assert KeySchema.parse(text) == KeySchema.parse("a")
    else:
        with pytest.raises(SeedError, match="is no key schema"):
            KeySchema.parse(text)


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A shell that points at an embedded AWS where nobody listens."""
    for name, value in {
        **ENVIRONMENT,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "r",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.parametrize("url", ["", "https://dynamodb.eu-central-1.amazonaws.com", "http://10.0.0.1:4566"])
def test_only_the_embedded_aws_is_seeded(
    shell: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    shell.setenv("AWS_ENDPOINT_URL", url)
    assert seed.main(["--archive", "usage_logs", "--items", "x"]) == 2
    assert f"AWS_ENDPOINT_URL is {url or 'not set'}" in capsys.readouterr().err


def test_the_endpoint_outranks_one_for_the_service(shell: pytest.MonkeyPatch) -> None:
    shell.setenv("AWS_ENDPOINT_URL_DYNAMODB", "https://dynamodb.eu-central-1.amazonaws.com")
    shell.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert seed.embedded_dynamodb(ENVIRONMENT).meta.endpoint_url == "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--archive", "usage_logs", "--items", ""], "no file was named: ITEMS=file.jsonl"),
        (["--archive", "nope", "--items", "x"], "unknown archive 'nope'"),
        (["--archive", "usage_logs", "--items", "x", "--keys", "a,b,c"], "KEYS=a,b,c is no key schema"),
        (
            ["--archive", "usage_logs", "--items", "no-such-file.jsonl"],
            "no-such-file.jsonl: not readable: No such file",
        ),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    shell: pytest.MonkeyPatch,
    dynamodb: FakeDynamoDB,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    shell.setattr("local_aws.seed.embedded_dynamodb", lambda _: dynamodb)
    assert seed.main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("seed: ")
    assert message in error
    assert error.count("\n") == 1
    assert dynamodb.schema is None


def test_a_shipped_archive_needs_no_keys(
    shell: pytest.MonkeyPatch, dynamodb: FakeDynamoDB, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shell.setattr("local_aws.seed.embedded_dynamodb", lambda _: dynamodb)
    path = write(tmp_path / "items.jsonl", {"userId": {"S": "u"}, "eventId": {"S": "e"}})
    assert seed.main(["--archive", "usage_logs", "--items", str(path), "--keys", ""]) == 0
    assert set(dynamodb.items) == {("u", "e")}
    assert "1 items are in table dev-usage-logs" in capsys.readouterr().err
