"""Which keys of JSON objects are a table's columns, and the members of its structs.

https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html: `mapping`, `case.insensitive` and `dots.in.keys`,
which hold at every level.
https://github.com/trinodb/trino/tree/master/lib/trino-hive-formats/src/main/java/io/trino/hive/formats/line/openxjson
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from local_aws.athena.errors import CannotTranslate
from local_aws.athena.types import Type


@dataclass(frozen=True)
class Keys:
    """How keys are compared with the names of columns and members."""

    insensitive: bool = True
    dots: bool = False
    mapped: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, parameters: dict[str, str]) -> "Keys":
        """As the SerDe's properties say."""
        prefix = "mapping."
        return cls(
            parameters.get("case.insensitive", "true").lower() == "true",
            parameters.get("dots.in.keys", "false").lower() == "true",
            {name[len(prefix) :]: key for name, key in parameters.items() if name.startswith(prefix)},
        )

    def fold(self, text: str) -> str:
        return text.lower() if self.insensitive else text

    def matching(self, name: str, keys: Iterable[str]) -> list[str]:
        """The keys that stand for a name: first those it is mapped to, then those it is with `_` for the dots."""
        listed, wanted = sorted(keys), self.fold(self.mapped.get(name, name))
        found = [key for key in listed if self.fold(key) == wanted]
        dotted = [key for key in listed if self.dots and "." in key and self.fold(key.replace(".", "_")) == name]
        return found + [key for key in dotted if key not in found]

    def stored(self, kind: Type, samples: list[Any]) -> Type:
        """A type with the names that the members of its structs have in the data, of which `samples` are structures.

        Structures are what DuckDB's json_structure gives: objects as dictionaries, arrays as lists of one.
        """
        if kind.name == "array":
            inner = [each[0] for each in samples if isinstance(each, list) and each]
            return replace(kind, fields=(("", self.stored(kind.fields[0][1], inner)),))
        if kind.name == "map" and kind.fields[1][1].nested:
            raise CannotTranslate(f"{kind.hive()} in JSON: maps of nested values")
        if kind.name != "struct":
            return kind
        objects = [each for each in samples if isinstance(each, dict)]
        spelled = {key for each in objects for key in each}
        members = []
        for name, member in kind.fields:
            keys = self.matching(name, spelled) or [self.mapped.get(name, name)]
            if len(keys) > 1:
                raise CannotTranslate(f"several keys of JSON for one member of a struct: {', '.join(keys)}")
            members.append((keys[0], self.stored(member, [each[keys[0]] for each in objects if keys[0] in each])))
        distinct = {key for key, _ in members}
        if len({key.lower() for key in distinct}) < len(distinct):
            raise CannotTranslate(f"keys of one struct that differ in case only: {', '.join(sorted(distinct))}")
        return replace(kind, fields=tuple(members))


def refuse_numbered_keys(keys: Iterable[str], names: set[str]) -> None:
    """Refuse `_col1`, by which Hive's JSON SerDe means the second column, unless one has this name.

    https://github.com/trinodb/trino/tree/master/lib/trino-hive-formats/src/main/java/io/trino/hive/formats/line/json
    """
    for key in keys:
        if re.fullmatch("_col[0-9]+", key) and key not in names:
            raise CannotTranslate(f"the key {key} in Hive's JSON, which stands for a column by its number")


def structure_of(stored: Type) -> Any:
    """What json_transform takes out for a type: texts at the leaves."""
    if stored.name == "array":
        return [structure_of(stored.fields[0][1])]
    if stored.name == "map":
        return "MAP(VARCHAR, VARCHAR)"
    if stored.name == "struct":
        return {key: structure_of(member) for key, member in stored.fields}
    return "VARCHAR"
