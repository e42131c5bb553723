"""The properties of the OpenX JSON SerDe, at every level of the data, and lines with more than one object.

https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
https://github.com/trinodb/trino/tree/master/lib/trino-hive-formats/src/main/java/io/trino/hive/formats/line/openxjson
"""

from decimal import Context, Decimal

import pytest

from tests.local_aws.harness import Athena, Row
from tests.local_aws.made_tables import OPENX, failure, properties, rows

# https://aws.amazon.com/blogs/big-data/analyzing-amazon-ses-events-at-scale/
_SES = ("mail struct<tags:struct<ses_configurationset:string>>", {"mapping__ses_configurationset": "ses:configuration-set"})  # fmt: skip  # noqa: E501


@pytest.mark.parametrize(
    ("columns", "given", "text", "expected"),
    [
        (*_SES, '{"mail": {"tags": {"ses:configuration-set": "q"}}}', "{tags={ses_configurationset=q}}"),
        (*_SES, '{"mail": {"tags": {"ses_configurationset": "q"}}}', "{tags={ses_configurationset=null}}"),
        ("a array<struct<t:string>>", {"mapping__t": "timestamp"}, '{"a": [{"Timestamp": "q"}, {"x": 1}]}',
         "[{t=q}, {t=null}]"),
        ("a struct<b:int,c:int>", {"mapping__b": "c", "mapping__c": "b"}, '{"a": {"b": 1, "c": 2}}', "{b=2, c=1}"),
        ("a struct<b_c:string>", {"dots__in__keys": "true"}, '{"a": {"b.c": "x"}}', "{b_c=x}"),
        ("a struct<b_c:string>", {}, '{"a": {"b.c": "x"}}', "{b_c=null}"),
        ("a struct<uv:int>", {"case__insensitive": "FALSE"}, '{"a": {"UV": 2}}', "{uv=null}"),
        ("a struct<uv:int>", {}, '{"a": {"UV": 2}}', "{uv=2}"),
        ("a_b string", {"dots__in__keys": "true", "mapping__a_b": "q"}, '{"a.b": "x"}', "x"),
    ],
)  # fmt: skip
def test_which_key_is_a_member(
    athena: Athena, columns: str, given: dict[str, str], text: str, expected: str
) -> None:  # fmt: skip
    assert rows(athena, columns, text, properties(**given) if given else OPENX) == [[expected]]


def test_several_keys_of_one_member_are_refused(athena: Athena) -> None:
    text = '{"a": {"b.c": "x"}}\n{"a": {"b_c": "y"}}\n'
    assert failure(athena, "a struct<b_c:string>", text, properties(dots__in__keys="true")).startswith("NOT_SUPPORTED")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": "x"}{"a": "y"}', [["x"]]),
        ('{"a": "}"} , anything\n{"a": 3}\n\n', [["}"], ["3"], [None]]),
        ('{"a": {"b": [1, "{"]}}{', [['{"b":[1,"{"]}']]),
    ],
)
def test_what_follows_the_object_on_a_line_is_ignored(athena: Athena, text: str, expected: list[Row]) -> None:
    assert rows(athena, "a string", text) == expected


@pytest.mark.parametrize(
    ("columns", "text", "expected"),
    [
        ("a int, b bigint, c int, d int", '{"a": "0x1F", "b": "017", "c": "089", "d": "0"}', ["31", "15", "89", "0"]),
        ("a smallint, b int, c int", '{"a": "0X7f", "b": "-017", "c": "00"}', ["127", "-17", "0"]),
        ("a struct<n:int>, l array<int>", '{"a": {"n": "010"}, "l": ["0x10", "11", 12]}', ["{n=8}", "[16, 11, 12]"]),
        ("a string, b double, c decimal(5,1)", '{"a": "010", "b": "010", "c": "010"}', ["010", "10.0", "10.0"]),
    ],
)
def test_integers_in_quotes_may_be_hexadecimal_or_octal(
    athena: Athena, columns: str, text: str, expected: Row
) -> None:  # fmt: skip
    """As `parseDecimalHexOctalLong` of Trino's reader takes them; so does github.com/rcongiu/Hive-JSON-Serde."""
    assert rows(athena, columns, text, OPENX) == [expected]


@pytest.mark.parametrize(
    "number",
    ["0.123456789012345", "0.1234567890123456", "123456789012345.6", "12345678901234.5", "9007199254740993.5", "1.5e-7",
     "-0.0", "2.5E3", "4.35", "-1.0000000000000000001", "999999999999999", "1000000000000000.1", "0.000000123456789"],
)  # fmt: skip
def test_a_decimal_keeps_every_digit(athena: Athena, number: str) -> None:
    exact = Decimal(number).quantize(Decimal(1).scaleb(-19), context=Context(prec=50))
    shown = f"{exact:f}".removeprefix("-") if not exact else f"{exact:f}"
    assert rows(athena, "a decimal(38,19), b string", f'{{"a": {number}, "b": {number}}}', OPENX) == [[shown, number]]


def test_a_first_object_that_is_broken_is_malformed(athena: Athena) -> None:
    assert failure(athena, "a string", '{"a": {"a": "x"}').startswith("HIVE_CURSOR_ERROR")


@pytest.mark.parametrize("more", ["", "TBLPROPERTIES ('use.null.for.invalid.data' = 'true')"])
def test_null_for_invalid_data(athena: Athena, more: str) -> None:
    columns = "a int, b double, c date, d timestamp, e decimal(5,2), f tinyint, g string, h array<int>"
    text = (
        '{"a": "x", "b": "z", "c": "1", "d": "y", "e": 99999, "f": 300, "g": "kept", "h": [1]}\n'
        '{"a": 1, "b": 1.5, "c": "2020-01-02", "d": "2020-01-02 03:04:05", "e": 1.25, "f": 3, "g": 1}\n'
    )
    serde = OPENX if more else properties(use__null__for__invalid__data="TRUE")
    assert rows(athena, columns, text, serde, more) == [
        [None, None, None, None, None, None, "kept", "[1]"],
        ["1", "1.5", "2020-01-02", "2020-01-02 03:04:05.000", "1.25", "3", "1", None],
    ]


def test_invalid_data_inside_a_nested_value_is_refused(athena: Athena) -> None:
    serde = properties(use__null__for__invalid__data="true")
    assert failure(athena, "a array<int>", '{"a": ["x"]}', serde).startswith("NOT_SUPPORTED")
