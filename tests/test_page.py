"""What is read of a page's text, without taking the items apart, is what orjson and the codec make of it."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_codec import _item, _name
from tests.test_page_codec import _COMMON
from ttl_archive.codec import RESERVED, encode
from ttl_archive.page import PageReader, ShapedItems, TypedItems
from ttl_archive.page_codec import count_kinds

_HOSTILE = st.sampled_from(
    [
        '{"S":"x"}',
        '},{"id":{"S":"y"}}',
        '"Items":[',
        '}],"LastEvaluatedKey":{',
        "}]",
        "\\",
        '\\"',
        "\n\r\t\b\f",
        "\0\x01\x1f\x7f",
        "\u2028é😀",
        "{0}%s\\1",
        "1,2",
        "",
    ]
).map(lambda text: {"S": text})


@st.composite
def _table(draw: Any) -> list[dict[str, Any]]:
    """Items of a few shapes, mixed: the same attributes for most, some missing, some of another type."""
    columns = draw(st.dictionaries(_name, st.sampled_from([*_COMMON, _HOSTILE]), min_size=1, max_size=5))
    always, sometimes = {}, {}
    for name, values in columns.items():
        (always if draw(st.booleans()) else sometimes)[name] = values
    alike = st.fixed_dictionaries(always, optional=sometimes)
    items = draw(st.lists(alike, max_size=8))
    return [*items, draw(_item)] if draw(st.integers(0, 4)) == 0 else list(items)


def _body(items: list[dict[str, Any]], spaces: bool = False, ascii_only: bool = False, **envelope: Any) -> bytes:
    """An answer of Scan, in DynamoDB's layout or in that of Python's json."""
    answer = {
        "ConsumedCapacity": {"CapacityUnits": 0.5, "TableName": "t"},
        "Count": len(items),
        "Items": items,
        "LastEvaluatedKey": {"id": {"S": '}],"Items":['}},
        "ScannedCount": len(items),
        **envelope,
    }
    return json.dumps(answer, ensure_ascii=ascii_only, separators=(", ", ": ") if spaces else (",", ":")).encode()


@settings(max_examples=80, deadline=None)
@given(st.lists(_table(), min_size=1, max_size=2), st.booleans(), st.booleans())
def test_items_are_the_ones_that_orjson_reads(
    pages: list[list[dict[str, Any]]], spaces: bool, ascii_only: bool
) -> None:
    reader = PageReader()
    for page in pages:
        body = _body(page, spaces, ascii_only, LastEvaluatedKey={"id": {"S": "7"}})
        answer = reader.read(body)
        items = answer.pop("Items")
        expected = orjson.loads(body)
        assert expected.pop("Items") == page
        assert answer == expected
        assert len(items) == len(page)
        _assert_same(items, page)
        for start, step in ((0, 2), (1, 3), (len(page), 1)):
            chosen = [place >= start and (place - start) % step == 0 for place in range(len(page))]
            _assert_same(items.where(chosen), page[start::step])


def _assert_same(items: Any, page: list[dict[str, Any]]) -> None:
    typed = TypedItems(page)
    lines, kinds = items.encode()
    assert lines == b"".join(encode(item) for item in page)
    assert kinds == count_kinds(page)
    assert [encode(item) for item in items.typed()] == [encode(item) for item in page]
    for name in {name for item in page for name in item} | {"absent"}:
        assert [_sorted(value) for value in items.values(name)] == [_sorted(item.get(name)) for item in page]
        for kind in ("S", "N"):
            assert _texts(items, name, kind) == _texts(typed, name, kind)
    always = tuple(sorted(set.intersection(*(set(item) for item in page)))) if page else ()
    for names in (always, always[:1]):
        if names:
            assert items.encode(names) == typed.encode(names)


def _sorted(value: Any) -> Any:
    """A value with its sets in order, the way a line keeps them."""
    return None if value is None else orjson.loads(encode({"a": value}))


def _texts(items: Any, name: str, kind: str) -> list[str] | None:
    try:
        return list(items.texts(name, kind))
    except KeyError:
        return None


def _usage(number: int) -> dict[str, Any]:
    return {
        "id": {"S": f"{number:04d}"},
        "n": {"N": f"{number}.50"},
        "ok": {"BOOL": number % 2 == 0},
        "none": {"NULL": True},
        "photo": {"B": "AAH/"},
        "client": {"M": {"name": {"S": 'a "web"\n'}, "tags": {"L": [{"S": "a"}, {"N": "7"}, {"M": {}}, {"L": []}]}}},
    }


@pytest.mark.parametrize("spaces", [False, True])
def test_most_items_need_no_objects(spaces: bool) -> None:
    """Else the other tests would show nothing."""
    page = [_usage(number) for number in range(200)]
    page[7] = {**page[7], "tags": {"SS": ["b", "a"]}}
    page[8] = {name: page[8][name] for name in ("n", "id")}
    items = PageReader().read(_body(page, spaces, LastEvaluatedKey={"id": {"N": "1"}}))["Items"]
    assert isinstance(items, ShapedItems)
    assert len(items.unshaped()) <= 2
    _assert_same(items, page)


def test_a_second_shape_is_learned() -> None:
    page = [_usage(n) if n % 3 else {"id": {"S": str(n)}, "other": {"S": "x"}} for n in range(200)]
    reader = PageReader()
    reader.read(_body(page[:1], LastEvaluatedKey={"id": {"N": "1"}}))
    items = reader.read(_body(page, LastEvaluatedKey={"id": {"N": "1"}}))["Items"]
    assert items.unshaped() == []
    _assert_same(items, page)


def test_a_table_without_a_common_shape_is_left_to_orjson() -> None:
    page = [{"id": {"S": str(n)}, "tags": {"SS": ["b", "a"]}} for n in range(50)]
    reader = PageReader()
    kinds = [type(reader.read(_body(page, LastEvaluatedKey={"id": {"N": "1"}}))["Items"]) for _ in range(3)]
    assert kinds == [ShapedItems, TypedItems, TypedItems]


@pytest.mark.parametrize(
    "text",
    [
        '{"id":{"S":"a"}},',
        '{"id":{"S":"a"}}{"id":{"S":"b"}}',
        '{"id":{"S":"a"}},,{"id":{"S":"b"}}',
        '{"id":{"S":"a"}}],"x":[{"id":{"S":"b"}}',
        '{"id":{"S":"a\tb"}}',
        '{"id":{"S":"a"}',
        '{"id":{"S":"\ud800"}}',
        '7,{"id":{"S":"b"}}',
    ],
)
def test_what_is_no_page_is_left_to_orjson(text: str) -> None:
    """Which refuses it, or reads what JSON says."""
    body = f'{{"Count":2,"Items":[{text}],"ScannedCount":2}}'.encode("utf-8", "surrogatepass")
    try:
        expected = orjson.loads(body)["Items"]
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            PageReader().read(body)["Items"].encode()
    else:
        assert PageReader().read(body)["Items"] == expected


@pytest.mark.parametrize("count", [0, 1, 30])
def test_a_key_that_looks_like_the_end_of_the_items(count: int) -> None:
    page = [{"id": {"S": '}],"Items":['}} for _ in range(count)]
    answer = PageReader().read(_body(page))
    assert answer["LastEvaluatedKey"] == {"id": {"S": '}],"Items":['}}
    assert answer["Items"].typed() == page


def test_nesting_as_deep_as_dynamodb_allows() -> None:
    value: dict[str, Any] = {"SS": ["b", "a"]}
    for _ in range(15):
        value = {"L": [{"M": {"a": value}}]}
    page = [{"id": {"S": "a"}, "deep": value}] * 3
    assert PageReader().read(_body(page, LastEvaluatedKey={}))["Items"].encode()[0] == encode(page[0]) * 3


def test_an_attribute_of_the_reserved_name_has_no_shape() -> None:
    page = [{RESERVED: {"N": "1"}, "b": {"B": "AA=="}}] * 9
    assert PageReader().read(_body(page))["Items"].encode()[0] == encode(page[0]) * 9


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown DynamoDB type 'X'"):
        PageReader().read(_body([{"a": {"X": "1"}}] * 9))["Items"].encode()


def test_an_answer_without_items() -> None:
    answer = PageReader().read(b'{"Count":3,"ScannedCount":3}')
    assert (answer["Count"], len(answer["Items"])) == (3, 0)
