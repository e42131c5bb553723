"""Delimited text: https://docs.aws.amazon.com/athena/latest/ug/lazy-simple-serde.html"""

import gzip

import pytest

from tests.local_aws.harness import Athena, Row
from tests.local_aws.made_tables import DELIMITED, OPENX, failure, make_table, rows


@pytest.mark.parametrize(
    ("null", "expected"),
    [("NA", [[None, "1"], ["", None], ["\\N", "2"]]), ("", [["NA", "1"], [None, None], ["\\N", "2"]])],
)
def test_the_null_of_the_table_properties(athena: Athena, null: str, expected: list[Row]) -> None:
    """Hive adds a table's properties to those of its SerDe."""
    more = f"TBLPROPERTIES ('serialization.null.format' = '{null}')"
    assert rows(athena, "a string, b int", "NA,1\n,NA\n\\N,2\n", DELIMITED, more) == expected


def test_properties_of_the_table_count_first(athena: Athena) -> None:
    serde = f"{DELIMITED} NULL DEFINED AS 'x'"
    more = "TBLPROPERTIES ('serialization.null.format' = 'y')"
    assert rows(athena, "a string", "x\ny\n", serde, more) == [["x"], [None]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("YWI=", "61 62"), ("YWI", "61 62"), ("-_-_", "fb ff bf"), ("", ""), ("\\N", None),
        ("$value", "24 76 61 6c 75 65"), ("abc!", "61 62 63 21"), ("1.23", "31 2e 32 33"),
    ],
)  # fmt: skip
def test_binary(athena: Athena, text: str, expected: str | None) -> None:
    """Base64 of either alphabet; what has other letters is the bytes themselves.

    https://github.com/trinodb/trino/blob/master/lib/trino-hive-formats/src/test/java/io/trino/hive/formats/line/simple
    """
    assert rows(athena, "a binary, b int", f"{text},1\n", DELIMITED) == [[expected, "1"]]


def test_broken_base64_is_refused(athena: Athena) -> None:
    assert failure(athena, "a binary", "a\n", DELIMITED).startswith(
        "NOT_SUPPORTED: the local Athena does not translate broken"
    )


@pytest.mark.parametrize("serde", [DELIMITED, OPENX], ids=["delimited", "JSON"])
@pytest.mark.parametrize(
    ("key", "body"),
    [("x", b"a\xffb\n"), ("x", gzip.compress(b"a\n")), ("x.csv.GZ", gzip.compress(b"a\n"))],
    ids=["no UTF-8", "gzip without its ending", "gzip with another ending"],
)
def test_bytes_that_are_no_utf8_are_refused(athena: Athena, serde: str, key: str, body: bytes) -> None:
    """A suffix counts as it is written: a file that ends in .GZ is read as text."""
    name = make_table(athena, "a string", {key: body}, serde)
    assert athena.fails(f"SELECT a FROM {name}") == (
        "NOT_SUPPORTED: the local Athena does not translate text that is not UTF-8, such as compressed text without "
        f"its ending (.gz, .bz2, ...): s3://{athena.bucket}/{name}/{key}"
    )


def test_the_encoding_of_skipped_lines_does_not_matter(athena: Athena) -> None:
    more = "TBLPROPERTIES ('skip.header.line.count' = '1')"
    assert rows(athena, "a string", b"caf\xe9\nx\n", DELIMITED, more) == [["x"]]
