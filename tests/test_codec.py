"""The codec, both ways: what DynamoDB can hold, line for line."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttl_archive.codec import RESERVED, decode, encode


def test_a_line_is_plain_json_with_sorted_keys_and_sets() -> None:
    item = {
        "userId": {"S": "Zoë 😀"},
        "count": {"N": "12345678901234567890123456789012345678"},
        "tiny": {"N": "1E-130"},
        "tags": {"SS": ["b", "a"]},
        "photo": {"B": "AAH/"},
        "profile": {
            "M": {
                "empty": {"S": ""},
                "none": {"NULL": True},
                "list": {"L": [{"BOOL": False}, {"NS": ["2", "1"]}]},
            }
        },
    }
    assert (
        encode(item)
        == (
            '{"_dynamodb_types":{"photo":"B","profile":{"list":{"1":"NS"}},"tags":"SS"},'
            '"count":12345678901234567890123456789012345678,"photo":"AAH/",'
            '"profile":{"empty":"","list":[false,[1,2]],"none":null},"tags":["a","b"],"tiny":1E-130,'
            '"userId":"Zoë 😀"}\n'
        ).encode()
    )


def test_an_item_that_needs_no_help_has_no_reserved_field() -> None:
    assert encode({"a": {"S": "x"}, "n": {"N": "1"}}) == b'{"a":"x","n":1}\n'


def test_an_attribute_of_the_reserved_name_survives() -> None:
    item = {RESERVED: {"M": {"a": {"B": "AA=="}}}, "b": {"B": "AA=="}}
    assert decode(encode(item)) == item


@pytest.mark.parametrize(
    "text", ["-0", "0.10", "1E+125", "9.9999999999999999999999999999999999999E+125", "007", "+5", ".5"]
)
def test_numbers_keep_their_text(text: str) -> None:
    item = {"n": {"N": text}, "l": {"L": [{"N": text}]}, "s": {"NS": [text]}}
    assert decode(encode(item)) == item


def test_nesting_as_deep_as_dynamodb_allows() -> None:
    value: dict[str, Any] = {"B": "AA=="}
    for _ in range(16):
        value = {"L": [{"M": {"a.b": value}}]}
    assert decode(encode({"deep": value})) == {"deep": value}


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown DynamoDB type 'X'"):
        encode({"a": {"X": "1"}})


def test_a_line_that_is_no_object_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON object"):
        decode(b"[1]\n")


_text = st.text(st.characters(exclude_categories=["Cs"]))
_name = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20) | st.sampled_from(
    [RESERVED, "a.b", 'say "hi"', "select", "it's", "0", "Id", "id", "new\nline"]
)
_number = st.from_regex(r"-?(0|[1-9][0-9]{0,37})(\.[0-9]{1,20})?([eE][+-]?(1[0-2][0-9]|[1-9]?[0-9]))?", fullmatch=True)
_binary = st.binary(max_size=40).map(lambda data: base64.b64encode(data).decode())


def _set_of(kind: str, members: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.lists(members, min_size=1, max_size=5, unique=True).map(lambda found: {kind: sorted(found)})


_scalar = st.one_of(
    _text.map(lambda text: {"S": text}),
    _number.map(lambda text: {"N": text}),
    _binary.map(lambda text: {"B": text}),
    st.booleans().map(lambda flag: {"BOOL": flag}),
    st.just({"NULL": True}),
    _set_of("SS", _text),
    _set_of("NS", _number),
    _set_of("BS", _binary),
)
_value = st.recursive(
    _scalar,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda members: {"L": members}),
        st.dictionaries(_name, inner, max_size=4).map(lambda entries: {"M": entries}),
    ),
    max_leaves=12,
)
_item = st.dictionaries(_name, _value, min_size=1, max_size=8)


@settings(max_examples=400, deadline=None)
@given(_item)
def test_every_item_comes_back_from_its_line(item: dict[str, Any]) -> None:
    line = encode(item)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert isinstance(json.loads(line), dict)
    assert decode(line) == item


@settings(max_examples=100, deadline=None)
@given(_item, st.randoms())
def test_the_order_of_attributes_does_not_show(item: dict[str, Any], random: Any) -> None:
    shuffled = list(item.items())
    random.shuffle(shuffled)
    assert encode(dict(shuffled)) == encode(item)


def test_an_item_of_400_kilobytes() -> None:
    item = {"big": {"S": "é" * 200_000}, "bytes": {"B": base64.b64encode(bytes(range(256)) * 100).decode()}}
    assert decode(encode(item)) == item
