"""The shapes that most items of a table share, and how to write their lines without taking the items apart.

A *shape* is a run of attributes in their order, each of one type. Items of one shape differ in their texts only, so one
regular expression finds those texts in the wire's JSON, and one template puts them into a line. The template isn't
written by hand: ``codec.encode`` makes it, of an item whose texts are marks. So a line is the codec's, byte for byte.

An expression matches only what is exact: a string without an escape that orjson would write in another way, a number
whose text is JSON's, no set (its members would have to be sorted). Whatever doesn't match is somebody else's.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import repeat
from operator import itemgetter
from typing import Any

import orjson

from ttl_archive.codec import JSON_NUMBER, RESERVED, Item, encode

Row = tuple[str, ...]  # the texts that one item gave to the groups of a pattern

_MOST_TEXTS = 100  # of an item that is worth an expression
# The escapes that orjson writes too; with others the same text would have two spellings.
_STRING = r'[^"\\\x00-\x1f]*+(?:\\["\\bfnrt][^"\\\x00-\x1f]*+)*+'
_TEXTS = {"S": f'"({_STRING})"', "N": f'"({JSON_NUMBER})"', "BOOL": "(true|false)", "B": '"([A-Za-z0-9+/=]*+)"'}
_QUOTED = ("S", "B")
_NESTING = 12  # of the braces of an item without a shape; deeper ones leave the page to orjson
_LAYOUTS = ((",", ":"), (", ", ": "))  # separators: DynamoDB's, and those of Python's json
_MARK = re.compile("\0([0-9]+)\0")


class NoShape(ValueError):
    """An item that no expression can describe exactly."""


class Shape:
    """One shape.

    :ivar kinds: attribute -> DynamoDB type, in the order of the wire.
    :ivar texts: attribute of type S, N, BOOL or B -> the number of its text among the shape's texts.
    :ivar pattern: the expression of an item, a group a text; the first group is the opening brace.
    :ivar size: the number of groups.
    """

    def __init__(self, item: Item, layout: tuple[str, str] = _LAYOUTS[0]) -> None:
        """:raises NoShape: for an item that no expression can describe exactly."""
        if RESERVED in item:
            raise NoShape(f"{RESERVED} is an attribute of its own")
        self._comma, self._colon = layout
        self.size = 1
        self.kinds = {name: next(iter(typed)) for name, typed in item.items()}
        self.texts: dict[str, int] = {}
        self._marked: Item = {}
        patterns = []
        for name, typed in item.items():
            if self.kinds[name] in _TEXTS:
                self.texts[name] = self.size
            pattern, self._marked[name] = self._value(typed)
            patterns.append(self._named(name, pattern))
        self.pattern = rf"(\{{){self._comma.join(patterns)}\}}"
        self.template = cache(self._template)

    def _named(self, name: str, pattern: str) -> str:
        return f"{re.escape(orjson.dumps(name).decode())}{self._colon}{pattern}"

    def _value(self, typed: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The expression of a value, and the value with marks for texts."""
        ((kind, value),) = typed.items()
        if kind in _TEXTS:
            if self.size > _MOST_TEXTS:
                raise NoShape(f"more than {_MOST_TEXTS} texts")
            mark = f'"\0{self.size}\0"' if kind in _QUOTED else f"\0{self.size}\0"
            self.size += 1
            # encode writes a BOOL as it is, and so a number that is JSON's.
            marked = {"BOOL" if kind == "N" else kind: orjson.Fragment(mark)}
            return self._typed(kind, _TEXTS[kind]), marked
        match kind:
            case "NULL":
                return self._typed(kind, "true"), typed
            case "M":
                members = {name: self._value(member) for name, member in value.items()}
                patterns = [self._named(name, pattern) for name, (pattern, _) in members.items()]
                inner = rf"\{{{self._comma.join(patterns)}\}}"
                return self._typed(kind, inner), {"M": {name: marked for name, (_, marked) in members.items()}}
            case "L":
                listed = [self._value(member) for member in value]
                inner = rf"\[{self._comma.join(pattern for pattern, _ in listed)}\]"
                return self._typed(kind, inner), {"L": [marked for _, marked in listed]}
        raise NoShape(f"type {kind}")

    def _typed(self, kind: str, pattern: str) -> str:
        return rf'\{{"{kind}"{self._colon}{pattern}\}}'

    def _template(self, names: tuple[str, ...] | None) -> list[str]:
        """A line's fixed and variable pieces by turns: fixed ones as they are, variable ones as numbers of texts."""
        marked = self._marked if names is None else {name: self._marked[name] for name in names}
        return _MARK.split(encode(marked).decode())

    def lines(self, rows: Sequence[Row], first: int, names: tuple[str, ...] | None = None) -> list[str]:
        """The lines of items, or of no more than some attributes of them.

        :param first: the place in a row of the shape's first group.
        """
        columns: list[Iterable[str]] = list(zip(*rows, strict=True))
        pieces = self.template(names)
        woven = [columns[first + int(piece)] if number % 2 else repeat(piece) for number, piece in enumerate(pieces)]
        # A template without a text is endless; the rows' own column ends it.
        return list(map("".join, zip(*woven, *([] if len(pieces) > 1 else [repeat("", len(rows))]), strict=False)))


def _nested(depth: int) -> str:
    string = r'"(?:[^"\\]++|\\.)*+"'
    inner = rf'(?:[^{{}}"]++|{string})*+'
    for _ in range(depth):
        inner = rf'(?:[^{{}}"]++|{string}|\{{{inner}\}})*+'
    return rf"\{{{inner}\}}"


class Pattern:
    """Several shapes as one expression that covers the text between the brackets of a page.

    :ivar places: each shape, and the place in a row of its first group; an item of another shape is the last text.
    """

    def __init__(self, shapes: Sequence[Shape] = ()) -> None:
        self.shapes = tuple(shapes)
        self.places: list[tuple[Shape, int]] = []
        place = 0
        for shape in shapes:
            self.places.append((shape, place))
            place += shape.size
        items = "|".join([*(shape.pattern for shape in shapes), f"({_nested(_NESTING)})"])
        # What is no item is found character by character: then the text isn't a page's, or nested too deeply.
        self._find: Callable[[str], list[Row]] = re.compile(rf"(?:{items})(?:, ?|\Z)|(.)", re.DOTALL).findall

    def rows(self, text: str) -> list[Row] | None:
        """The texts of every item, in order; None unless the text is items and commas through and through."""
        if not text.endswith("}"):
            return None
        rows = self._find(text)
        return None if "".join(map(itemgetter(-1), rows)) else rows


def common_shapes(texts: Iterable[str]) -> list[Shape]:
    """The shapes of items, given as the wire's JSON, the commonest first; items without one are passed over."""
    found: dict[str, Shape] = {}
    counted: Counter[str] = Counter()
    for text in texts:
        item = orjson.loads(text)
        for layout in _LAYOUTS:
            if json.dumps(item, ensure_ascii=False, separators=layout) == text:
                try:
                    shape = Shape(item, layout)
                except NoShape:
                    break
                found.setdefault(shape.pattern, shape)
                counted[shape.pattern] += 1
    return [found[pattern] for pattern, _ in counted.most_common()]
