"""A page of Scan's items, whatever form they are held in: texts found by an expression, or trees of objects."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from itertools import compress
from operator import itemgetter
from typing import Any, Protocol, Self

import orjson

from ttl_archive.codec import Item, decode
from ttl_archive.page_codec import Kinds, encode_page
from ttl_archive.shapes import Pattern, Row, Shape, common_shapes


class Items(Protocol):
    """Some items of a page, in their order."""

    def __len__(self) -> int:
        """How many."""

    def texts(self, attribute: str, kind: str) -> list[str]:
        """The texts of an attribute of type S or N.

        :raises KeyError: unless every item has it as that type.
        """

    def values(self, attribute: str) -> list[dict[str, Any] | None]:
        """The values of an attribute as DynamoDB JSON, None where an item lacks it."""

    def where(self, chosen: Sequence[bool]) -> Self:
        """Those that are chosen."""

    def encode(self, names: tuple[str, ...] | None = None) -> tuple[bytes, Kinds]:
        """Their lines as ``codec.encode`` writes them, and how many have each attribute as which type.

        :param names: write no more than these attributes, which every item has.
        :raises ValueError: for a type that DynamoDB doesn't have.
        """

    def typed(self) -> list[Item]:
        """Them as DynamoDB JSON."""


class TypedItems(list[Item]):
    """Items as DynamoDB JSON."""

    def texts(self, attribute: str, kind: str) -> list[str]:
        """See ``Items``."""
        return list(map(itemgetter(kind), map(itemgetter(attribute), self)))

    def values(self, attribute: str) -> list[dict[str, Any] | None]:
        """See ``Items``."""
        return [item.get(attribute) for item in self]

    def where(self, chosen: Sequence[bool]) -> TypedItems:
        """See ``Items``."""
        return self if all(chosen) else TypedItems(compress(self, chosen))

    def encode(self, names: tuple[str, ...] | None = None) -> tuple[bytes, Kinds]:
        """See ``Items``."""
        lines, kinds = _encoded(self, names)
        return b"".join(lines), kinds

    def typed(self) -> list[Item]:
        """See ``Items``."""
        return self


def _encoded(items: list[Item], names: tuple[str, ...] | None) -> tuple[list[bytes], Kinds]:
    return encode_page(items if names is None else [{name: item[name] for name in names} for item in items])


class ShapedItems:
    """Items as the texts that a pattern found."""

    def __init__(self, pattern: Pattern, rows: list[Row]) -> None:
        self._pattern, self._rows = pattern, rows

    def __len__(self) -> int:
        return len(self._rows)

    @cached_property
    def _groups(self) -> list[tuple[Sequence[int], list[Row], tuple[Shape, int] | None]]:
        """The items of each shape, with their places on the page; None is for those without one."""
        groups: list[tuple[Sequence[int], list[Row], tuple[Shape, int] | None]] = []
        if not self._rows:
            return groups
        for shape, first in self._pattern.places:
            braces = list(map(itemgetter(first), self._rows))
            found = len("".join(braces))
            if found == len(self._rows):
                return [(range(found), self._rows, (shape, first))]
            if found:
                groups.append(self._group(braces, (shape, first)))
        others = list(map(itemgetter(-2), self._rows))
        if any(others):
            groups.append(self._group(others, None))
        return groups

    def _group(
        self, marks: list[str], shape: tuple[Shape, int] | None
    ) -> tuple[Sequence[int], list[Row], tuple[Shape, int] | None]:
        return list(compress(range(len(marks)), marks)), list(compress(self._rows, marks)), shape

    def unshaped(self) -> list[str]:
        """The wire's JSON of the items without a shape."""
        return [row[-2] for _, rows, shape in self._groups if shape is None for row in rows]

    def texts(self, attribute: str, kind: str) -> list[str]:
        """See ``Items``."""
        return self._in_place([self._group_texts(rows, shape, attribute, kind) for _, rows, shape in self._groups])

    def values(self, attribute: str) -> list[dict[str, Any] | None]:
        """See ``Items``."""
        return self._in_place([self._group_values(rows, shape, attribute) for _, rows, shape in self._groups])

    def where(self, chosen: Sequence[bool]) -> ShapedItems:
        """See ``Items``."""
        return self if all(chosen) else ShapedItems(self._pattern, list(compress(self._rows, chosen)))

    def encode(self, names: tuple[str, ...] | None = None) -> tuple[bytes, Kinds]:
        """See ``Items``."""
        kinds: Kinds = {}
        lines = []
        for _, rows, shape in self._groups:
            if shape is None:
                encoded, counted = _encoded(_typed(rows), names)
                lines.append(list(map(bytes.decode, encoded)))
            else:
                lines.append(shape[0].lines(rows, shape[1], names))
                counted = {name: {shape[0].kinds[name]: len(rows)} for name in names or shape[0].kinds}
            for name, found in counted.items():
                total = kinds.setdefault(name, {})
                for kind, count in found.items():
                    total[kind] = total.get(kind, 0) + count
        return "".join(self._in_place(lines)).encode(), kinds

    def typed(self) -> list[Item]:
        """See ``Items``."""
        return [decode(line) for line in self.encode()[0].splitlines()]

    def _in_place(self, of_groups: list[list[Any]]) -> list[Any]:
        """What was made of each group's items, in the order of the page."""
        if len(of_groups) == 1:
            return of_groups[0]
        made: list[Any] = [None] * len(self)
        for (places, _, _), ones in zip(self._groups, of_groups, strict=True):
            for place, one in zip(places, ones, strict=True):
                made[place] = one
        return made

    @staticmethod
    def _group_texts(rows: list[Row], shape: tuple[Shape, int] | None, attribute: str, kind: str) -> list[str]:
        if shape is None:
            return _typed(rows).texts(attribute, kind)
        if shape[0].kinds[attribute] != kind:
            raise KeyError(kind)
        texts = list(map(itemgetter(shape[1] + shape[0].texts[attribute]), rows))
        return [orjson.loads(f'"{text}"') for text in texts] if "\\" in "".join(texts) else texts

    def _group_values(
        self, rows: list[Row], shape: tuple[Shape, int] | None, attribute: str
    ) -> list[dict[str, Any] | None]:
        if shape is None:
            return _typed(rows).values(attribute)
        kind = shape[0].kinds.get(attribute)
        if kind is None:
            return [None] * len(rows)
        if kind in ("S", "N"):
            return [{kind: text} for text in self._group_texts(rows, shape, attribute, kind)]
        return [decode(line.encode())[attribute] for line in shape[0].lines(rows, shape[1], (attribute,))]


def _typed(rows: list[Row]) -> TypedItems:
    """Items without a shape."""
    return TypedItems(orjson.loads(row[-2]) for row in rows)


class PageReader:
    """Reads the pages of one scan, and learns from them which shapes are common."""

    _MOST_SHAPES = 8
    _LESSONS = 8  # pages that it learns from
    _LOOKED_AT = 24  # items of such a page
    _FEW = 16  # one item in so many may have no shape
    _PASSED_OVER = 64  # pages that are left to orjson after one whose items mostly have no shape
    _start_of_items = re.compile(rb'(?<=[{,]) ?"Items": ?\[').search

    def __init__(self) -> None:
        self._pattern = Pattern()
        self._lessons = self._LESSONS
        self._pass_over = 0

    def read(self, body: bytes) -> dict[str, Any]:
        """Scan's answer, with ``Items`` for its items.

        :raises ValueError: if the body isn't JSON.
        """
        if self._pass_over:
            self._pass_over -= 1
        else:
            answer = self._shaped(body)
            if answer is not None:
                return answer
        answer = dict(orjson.loads(body))
        answer["Items"] = TypedItems(answer.get("Items", ()))
        return answer

    def _shaped(self, body: bytes) -> dict[str, Any] | None:
        """The answer, if the body is an envelope around items that the pattern covers.

        Behind a ``{`` or a comma, the quotation mark before Items can't be inside a string: it would end that string,
        and the envelope would be no JSON. And no attribute's value is an array, so the Items are the envelope's own.
        """
        found, end = self._start_of_items(body), body.rfind(b"}]") + 1
        if not found or end <= found.end():
            return None
        try:
            answer = dict(orjson.loads(body[: found.end()] + body[end:]))
            items = self._items(body[found.end() : end].decode())
        except ValueError:
            return None
        if items is None or answer.get("Items") != []:
            return None
        answer["Items"] = items
        return answer

    def _items(self, text: str) -> ShapedItems | None:
        rows = self._pattern.rows(text)
        if rows is None:
            return None
        items = ShapedItems(self._pattern, rows)
        unshaped = items.unshaped()
        if len(unshaped) * self._FEW > len(rows) and self._lessons:
            self._lessons -= 1
            if self._learn(unshaped):
                return self._items(text)
        if len(unshaped) * 2 > len(rows):
            self._pass_over = self._PASSED_OVER
        return items

    def _learn(self, texts: list[str]) -> bool:
        """Whether there is a new shape to look for."""
        known = self._pattern.shapes
        step = max(1, len(texts) // self._LOOKED_AT)
        new = common_shapes(texts[::step][: self._LOOKED_AT])[: self._MOST_SHAPES - len(known)]
        if new:
            self._pattern = Pattern([*known, *new])
        return bool(new)
