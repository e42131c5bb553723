"""What Java makes of a text that a SerDe reads as a number, a time or JSON.

https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html, .../hive-json-serde.html, .../csv-serde.html
https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/lang/Double.html#valueOf(java.lang.String)
https://github.com/trinodb/trino/tree/master/lib/trino-hive-formats/src/main/java/io/trino/hive/formats/line
"""

import pytest

from tests.local_aws.harness import Athena
from tests.local_aws.made_tables import OPENX, failure, make_table, rows

HIVE = "ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'"
CSV = "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", '"1_000"'), ("int", '" 1"'), ("bigint", '" 1 "'), ("int", '"1e_1"'), ("double", '"1_0"'),
        ("decimal(5,2)", '" 1"'), ("decimal(5,2)", '"1_0"'), ("double", '"inf"'), ("double", '"nan"'),
        ("double", '"infinity"'), ("float", '"1dd"'), ("float", '"Infinityd"'), ("double", '"1_0d"'),
        ("array<int>", '[" 1"]'), ("array<double>", '["inf"]'), ("struct<x:decimal(5,2)>", '{"x": " 1"}'),
    ],
)  # fmt: skip
def test_what_only_duckdb_takes_for_a_number(athena: Athena, kind: str, value: str) -> None:
    assert failure(athena, f"a {kind}", f'{{"a": {value}}}').startswith("HIVE_BAD_DATA")


@pytest.mark.parametrize("kind", ["int", "double", "decimal(5,2)", "timestamp"])
def test_invalid_values_may_be_null(athena: Athena, kind: str) -> None:
    more = "TBLPROPERTIES ('use.null.for.invalid.data' = 'true')"
    assert rows(athena, f"a {kind}", '{"a": "1_0"}', OPENX, more) == [[None]]


@pytest.mark.parametrize("kind", ["float", "double"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1d", "1.0"), ("1D", "1.0"), ("1.5f", "1.5"), ("2e1F", "20.0"), (" 1.5", "1.5"), ("1.5 ", "1.5"),
        ("NaN", "NaN"), ("-NaN", "NaN"), ("Infinity", "Infinity"), ("+Infinity", "Infinity"),
        ("-Infinity", "-Infinity"), (".5", "0.5"), ("5.", "5.0"), ("1e400", "Infinity"), ("-1e400", "-Infinity"),
    ],
)  # fmt: skip
def test_what_java_takes_for_a_double(athena: Athena, kind: str, text: str, expected: str) -> None:
    assert rows(athena, f"a {kind}", f'{{"a": "{text}"}}') == [[expected]]
    assert rows(athena, f"a {kind}", f'"{text}"\n', CSV) == [[expected]]


def test_hexadecimal_doubles_are_refused(athena: Athena) -> None:
    assert failure(athena, "a double", '{"a": "0x1.8p1"}').startswith("NOT_SUPPORTED")


@pytest.mark.parametrize(
    ("columns", "text", "serde", "expected"),
    [
        ("a float", '{"a": 1e40}', OPENX, "Infinity"), ("a float", '{"a": "3.4028236e38"}', OPENX, "Infinity"),
        ("a float", '{"a": -1e40}', HIVE, "-Infinity"),
        ("a float", "1e40", CSV, "Infinity"), ("a float", '{"a": "3.4028235e38"}', OPENX, "3.4028235E38"),
        ("a float", "1e40", "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','", "Infinity"),
    ],
)  # fmt: skip
def test_a_float_that_is_too_large_is_infinite(
    athena: Athena, columns: str, text: str, serde: str, expected: str
) -> None:
    assert rows(athena, columns, text, serde) == [[expected]]


def test_floats_in_arrays_are_infinite_too(athena: Athena) -> None:
    table = make_table(athena, "a array<float>", {"x": '{"a": [1e40, "-1e40", "1f"]}'})
    assert athena.run(f"SELECT a[1], a[2], a[3] FROM {table}").rows == [["Infinity", "-Infinity", "1.0"]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2024-01-02T03:04:05+02", "HIVE_BAD_DATA"), ("2024-01-02 03:04", "HIVE_BAD_DATA"),
        ("2024-01-02 03:04:05 UTC", "HIVE_BAD_DATA"), ("2024-01-02 03:04:05Z", "HIVE_BAD_DATA"),
        ("2024-01-02 03:04:05+02:00", "HIVE_BAD_DATA"), ("2024-01-02T03:04:05 Z", "HIVE_BAD_DATA"),
        ("1.2.3", "HIVE_BAD_DATA"), ("2024-01-02 24:00:00", "NOT_SUPPORTED"), ("2024-01-02T24:00:00Z", "NOT_SUPPORTED"),
        ("2024-02-30 00:00:00", "NOT_SUPPORTED"),
    ],
)  # fmt: skip
def test_other_timestamps(athena: Athena, text: str, reason: str) -> None:
    """Trino's parser is lenient: it carries hours and days over, which the guide does not say."""
    assert failure(athena, "a timestamp", f'{{"a": "{text}"}}').startswith(reason)
    assert failure(athena, "a array<timestamp>", f'{{"a": ["{text}"]}}').startswith(reason)
    assert failure(athena, "a struct<t:timestamp>", f'{{"a": {{"t": "{text}"}}}}').startswith(reason)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"2024-01-02 03:04:05"', "03:04:05.000"), ('"2024-01-02 03:04:05.5"', "03:04:05.500"),
        ('"2024-01-02T03:04:05"', "03:04:05.000"), ('"2024-01-02T03:04:05.25"', "03:04:05.250"),
        ('"2024-01-02T03:04:05Z"', "03:04:05.000"), ('"2024-01-02T03:04:05+0200"', "01:04:05.000"),
        ('"2024-01-02T03:04:05.5-02:00"', "05:04:05.500"), ('"2024-01-02T03:04"', "03:04:00.000"),
        ('"2024-1-2 3:4:5"', "03:04:05.000"), ("1704164645", "03:04:05.000"), ("1704164645123", "03:04:05.123"),
        ('"1704164645.5"', "03:04:05.500"), ("1704164645.5", "03:04:05.500"),
    ],
)  # fmt: skip
def test_timestamps(athena: Athena, value: str, expected: str) -> None:
    assert rows(athena, "a timestamp, l array<timestamp>", f'{{"a": {value}, "l": [{value}]}}') == [
        [f"2024-01-02 {expected}", f"[2024-01-02 {expected}]"]
    ]


@pytest.mark.parametrize("kind", ["binary", "array<binary>"])
def test_binary_in_hives_json_is_refused(athena: Athena, kind: str) -> None:
    value = '"YQ=="' if kind == "binary" else '["YQ=="]'
    assert failure(athena, f"a {kind}", f'{{"a": {value}}}', HIVE).startswith("NOT_SUPPORTED")


@pytest.mark.parametrize(
    "line", ['{"a": NaN}', '{"a": Infinity}', '{"a": -Infinity}', '{"a": 1,}', '{"b": [1, ], "a": 1}', '{"b":nan}']
)
def test_what_is_no_json_to_hive(athena: Athena, line: str) -> None:
    assert failure(athena, "a double", line, HIVE).startswith("HIVE_CURSOR_ERROR")


def test_texts_that_look_so_are_json(athena: Athena) -> None:
    lines = '{"a": ":NaN"}\n{"a": "[1,] \\",}", "b": 1}\n{"a": ": -Infinity,]"}\n'
    assert rows(athena, "a string", lines, HIVE) == [[":NaN"], ['[1,] ",}'], [": -Infinity,]"]]


@pytest.mark.parametrize("line", ['{"a": 1} trailing', '{"a": 1}{"a": 2}', '{"a": 1}, NaN,}'])
def test_hives_json_is_read_up_to_the_end_of_the_object(athena: Athena, line: str) -> None:
    assert rows(athena, "a int", f"{line}\n", HIVE) == [["1"]]


def test_keys_that_stand_for_columns_by_number(athena: Athena) -> None:
    assert failure(athena, "a int, b int", '{"_col1": 1}', HIVE).startswith("NOT_SUPPORTED")
    assert failure(athena, "s struct<x:int>", '{"s": {"_col0": 1}}', HIVE).startswith("NOT_SUPPORTED")
    assert rows(athena, "`_col1` int, m map<string,string>", '{"_col1": 1, "m": {"_col2": "x"}}', HIVE) == [
        ["1", "{_col2=x}"]
    ]
    assert rows(athena, "a int, b int", '{"_col1": 1}') == [[None, None]]


@pytest.mark.parametrize(
    ("kind", "keys"), [("int", ("1", "01")), ("varchar(1)", ("ab", "ac")), ("double", ("1", "1.0"))]
)
def test_keys_of_a_map_that_become_equal_are_refused(athena: Athena, kind: str, keys: tuple[str, str]) -> None:
    text = f'{{"a": {{"{keys[0]}": "x", "{keys[1]}": "y"}}}}'
    assert failure(athena, f"a map<{kind},string>", text).startswith("NOT_SUPPORTED")
    assert rows(athena, "a map<int,string>", '{"a": {"1": "x", "2": "y"}}\n{}\n{"a": {}}') == [
        ["{1=x, 2=y}"], [None], ["{}"],
    ]  # fmt: skip


def test_a_key_of_a_map_that_stands_there_twice_is_refused(athena: Athena) -> None:
    assert failure(athena, "a map<string,string>", '{"a": {"k": "x", "k": "y"}}').startswith("NOT_SUPPORTED")
