"""A page of items as lines, byte for byte those of ``codec.encode``, column by column.

Items of a table mostly have the same attributes, and an attribute mostly has one type. So a page is taken apart into
columns of JSON texts, which Python's own C loops make, and put together by one template a group of items; what is rarer
goes value by value. ``codec`` says what a line is, and stays the only one to read it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, islice, repeat
from operator import itemgetter
from typing import Any

import orjson

from ttl_archive.codec import JSON_NUMBER, RESERVED, Item, encode, plain_value

Kinds = dict[str, dict[str, int]]  # attribute -> DynamoDB type -> items
Texts = Sequence[str]  # JSON, one a value
Trees = Sequence[Any] | None  # parts of the reserved field, one a value, None where JSON says it all

_SHORT = 16  # members of a list that are worth a column each
_FEW = 4  # so few items of a kind aren't worth taking apart
_flat = chain.from_iterable
_are_numbers = re.compile(rf"(?:{JSON_NUMBER},)*+").fullmatch
_needs_escape = re.compile(r'[\x00-\x1f"\\]').search


def encode_page(items: list[Item]) -> tuple[list[bytes], Kinds]:
    """The line of every item, in order, and how many items have each attribute as which type.

    :raises ValueError: for a type that DynamoDB doesn't have.
    """
    kinds: Kinds = {}
    if len(set(map(tuple, items))) == 1:
        return list(_encode_alike(tuple(items[0]), items, kinds)), kinds
    lines: list[Any] = [None] * len(items)
    for names, places in _by_names(items).items():
        group = [items[place] for place in places]
        encoded = _encode_alike(names, group, kinds)
        for place, line in zip(places, encoded, strict=True):
            lines[place] = line
    return lines, kinds


def count_kinds(items: Iterable[Item]) -> Kinds:
    """How many items have each attribute as which type, for items whose lines somebody else writes."""
    kinds: Kinds = {}
    for item in items:
        for name, typed in item.items():
            _count(kinds, name, dict.fromkeys(typed, 1))
    return kinds


def _by_names(items: list[Item]) -> dict[tuple[str, ...], list[int]]:
    """The places of the items that have the same attributes in the same order."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for place, names in enumerate(map(tuple, items)):
        groups.setdefault(names, []).append(place)
    return groups


def _count(kinds: Kinds, name: str, found: Mapping[str, int]) -> None:
    counted = kinds.setdefault(name, {})
    for kind, count in found.items():
        counted[kind] = counted.get(kind, 0) + count


def _encode_alike(names: tuple[str, ...], group: list[Item], kinds: Kinds) -> Sequence[bytes]:
    if len(group) < _FEW or RESERVED in names:
        for one, counts in count_kinds(group).items():
            _count(kinds, one, counts)
        return [encode(item) for item in group]
    texts, trees = _maps_of(sorted(names), group, kinds, "\n")
    if trees is None:
        return list(map(str.encode, texts))
    # The reserved field's place is among the others in their order, which only the whole line knows.
    return [encode(item) if tree else text.encode() for item, text, tree in zip(group, texts, trees, strict=True)]


def _maps_of(names: list[str], maps: list[Any], kinds: Kinds | None, end: str = "") -> tuple[Texts, Trees]:
    """Maps that all have these names, which are in their order."""
    if not names:  # a zip without a column of the maps' own would never end
        return [f"{{}}{end}"] * len(maps), None
    columns, trees, between = [], {}, "{"
    for name in names:
        quotes, texts, tree = _column(list(map(itemgetter(name), maps)), name, kinds)
        columns += [repeat(f"{between}{orjson.dumps(name).decode()}:{quotes}"), texts]
        between = f"{quotes},"
        if tree is not None:
            trees[name] = tree
    lines = list(map("".join, zip(*columns, repeat(f"{between[:-1]}}}{end}"))))
    if not trees:
        return lines, None
    return lines, [
        {name: tree[number] for name, tree in trees.items() if tree[number] is not None} or None
        for number in range(len(maps))
    ]


def _column(typed: list[Any], name: str = "", kinds: Kinds | None = None) -> tuple[str, Texts, Trees]:
    """The texts of one attribute's values, and the quotation mark that belongs around each, if there is one."""
    (kind,) = typed[0]
    try:
        values = list(map(itemgetter(kind), typed))
    except KeyError:
        if kinds is not None:
            _count(kinds, name, Counter(_flat(typed)))
        return "", *_mixed(typed)
    if kinds is not None:
        _count(kinds, name, {kind: len(values)})
    if kind == "S" and not _needs_escape("".join(values)):
        return '"', values, None
    return "", *_converted(kind, values)


def _converted(kind: str, values: list[Any]) -> tuple[Texts, Trees]:
    """Values of one type."""
    found = _WHOLE_COLUMNS[kind](values) if kind in _WHOLE_COLUMNS else None
    if found is not None:
        return found
    pairs = [plain_value(kind, value) for value in values]
    trees = [tree for _, tree in pairs]
    texts = [orjson.dumps(plain, None, orjson.OPT_SORT_KEYS).decode() for plain, _ in pairs]
    return texts, trees if any(tree is not None for tree in trees) else None


def _mixed(typed: list[Any]) -> tuple[Texts, Trees]:
    """Values of several types: those of each at once, and back to their places."""
    of_kind: dict[str, list[int]] = {}
    for place, kind in enumerate(_flat(typed)):
        of_kind.setdefault(kind, []).append(place)
    texts: list[str] = [""] * len(typed)
    trees: list[Any] = [None] * len(typed)
    odd = False
    for kind, places in of_kind.items():
        some, their_trees = _converted(kind, [typed[place][kind] for place in places])
        for place, text in zip(places, some, strict=True):
            texts[place] = text
        if their_trees is not None:
            odd = True
            for place, tree in zip(places, their_trees, strict=True):
                trees[place] = tree
    return texts, trees if odd else None


def _strings(values: list[str]) -> tuple[Texts, None]:
    if _needs_escape("".join(values)):
        return [orjson.dumps(value).decode() for value in values], None
    return list(map('"%s"'.__mod__, values)), None


def _numbers(values: list[str]) -> tuple[Texts, None] | None:
    joined = ",".join(values) + ","
    # One text that holds a comma would else pass for two numbers.
    return (values, None) if joined.count(",") == len(values) and _are_numbers(joined) else None


def _flags(values: list[bool]) -> tuple[Texts, None]:
    return ["true" if value else "false" for value in values], None


def _nulls(values: list[Any]) -> tuple[Texts, None]:
    return ["null"] * len(values), None


def _maps(values: list[Any]) -> tuple[Texts, Trees] | None:
    names = set(map(frozenset, values))
    return _maps_of(sorted(*names), values, None) if len(names) == 1 and values[0] else None


def _lists(values: list[list[Any]]) -> tuple[Texts, Trees] | None:
    """Lists of one length are columns, a place each; of lists that differ, all members are one column."""
    length = len(values[0])
    if 0 < length <= _SHORT and set(map(len, values)) == {length}:
        columns, between = [], "["
        for place in range(length):
            quotes, texts, trees = _column(list(map(itemgetter(place), values)))
            if trees is not None:
                return None
            columns += [repeat(between + quotes), texts]
            between = f"{quotes},"
        return list(map("".join, zip(*columns, repeat(f"{between[:-1]}]")))), None
    members = list(_flat(values))
    if not members:
        return ["[]"] * len(values), None
    quotes, texts, trees = _column(members)
    if trees is not None:
        return None
    coming = iter([f"{quotes}{text}{quotes}" for text in texts] if quotes else texts)
    return [f"[{','.join(islice(coming, len(value)))}]" for value in values], None


_WHOLE_COLUMNS: dict[str, Callable[[list[Any]], tuple[Texts, Trees] | None]] = {
    "S": _strings,
    "N": _numbers,
    "BOOL": _flags,
    "NULL": _nulls,
    "M": _maps,
    "L": _lists,
}
