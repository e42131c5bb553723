"""A page's lines are the codec's, whatever the page is made of."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_codec import _item, _name, _value
from ttl_archive.codec import RESERVED, encode
from ttl_archive.page_codec import count_kinds, encode_page

_COMMON = [
    st.text(st.characters(exclude_categories=["Cs"])).map(lambda text: {"S": text}),
    st.integers().map(lambda number: {"N": str(number)}),
    st.sampled_from(["1.50", "-0", "1E+125", "007", "+5", ".5", "", "1,2"]).map(lambda text: {"N": text}),
    st.booleans().map(lambda flag: {"BOOL": flag}),
    st.just({"NULL": True}),
    st.lists(st.sampled_from([{"S": "a"}, {"S": 'b"'}, {"N": "7"}]), max_size=3).map(lambda members: {"L": members}),
    st.fixed_dictionaries(
        {"b": st.just({"S": "%s"}), "a": st.sampled_from([{"N": "1"}, {"S": "x"}, {"B": "AA=="}])}
    ).map(lambda entries: {"M": entries}),
    _value,
]


@st.composite
def _alike(draw: Any) -> list[dict[str, Any]]:
    """Items as a table mostly has them: the same attributes, each of one type or of a few."""
    columns = draw(st.dictionaries(_name, st.sampled_from(_COMMON), min_size=1, max_size=5))
    return list(draw(st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=12)))


def _kinds(items: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    counted: dict[str, Counter[str]] = {}
    for item in items:
        for name, typed in item.items():
            counted.setdefault(name, Counter()).update(list(typed))
    return {name: dict(found) for name, found in counted.items()}


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(_alike(), st.lists(_item, max_size=8), st.tuples(_alike(), _alike()).map(lambda two: [*two[0], *two[1]]))
)
def test_a_page_gives_the_lines_of_its_items(items: list[dict[str, Any]]) -> None:
    lines, kinds = encode_page(items)
    assert lines == [encode(item) for item in items]
    assert kinds == count_kinds(items) == _kinds(items)


def test_items_of_two_shapes_keep_their_order() -> None:
    items = [{"n": {"N": str(number)}} if number % 3 else {"s": {"S": "x"}, "n": {"N": "1"}} for number in range(20)]
    assert encode_page(items)[0] == [encode(item) for item in items]


def test_an_attribute_of_the_reserved_name_survives() -> None:
    items = [{RESERVED: {"S": "mine"}, "b": {"B": "AA=="}}] * 9
    assert encode_page(items)[0] == [encode(item) for item in items]


@pytest.mark.parametrize("count", [1, 9])
def test_an_unknown_type_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="unknown DynamoDB type 'X'"):
        encode_page([{"a": {"X": "1"}}] * count)


@pytest.mark.parametrize("count", [1, 9])
def test_items_without_an_attribute_end(count: int) -> None:
    """As a projection of attributes that no item has gives them."""
    assert encode_page([{}] * count) == ([b"{}\n"] * count, {})


def test_no_items_no_lines() -> None:
    assert encode_page([]) == ([], {})


def test_one_text_is_not_taken_for_two_numbers() -> None:
    items = [{"n": {"N": "1,2"}}] * 9
    assert encode_page(items)[0] == [encode(item) for item in items]
