"""The order in which Athena prints a map: that of a Java HashMap, into which Trino puts its entries.

https://docs.aws.amazon.com/athena/latest/ug/creating-maps.html, whose example prints its last key first
https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/lang/String.html#hashCode()
"""

import struct
from collections.abc import Iterable
from datetime import date
from typing import Any

_EPOCH = date(1970, 1, 1).toordinal()


def in_printed_order(value: Any, kind: Any) -> Any:
    """A value of a DuckDB type with the entries of every map in it in the order in which Athena prints them."""
    if value is None or kind.id not in ("list", "array", "map", "struct"):
        return value
    members = [child for _, child in kind.children if not isinstance(child, int)]
    if kind.id == "struct":
        return {name: in_printed_order(value[name], child) for name, child in kind.children}
    if kind.id != "map":
        return [in_printed_order(each, members[0]) for each in value]
    key, of = members
    return {each: in_printed_order(value[each], of) for each in _hash_map_order(value, key.id == "bigint")}


def _hash_map_order(keys: Iterable[Any], long_keys: bool) -> list[Any]:
    keys = list(keys)
    capacity = 16
    while len(keys) > capacity * 3 // 4:
        capacity *= 2
    return sorted(keys, key=lambda key: _spread(_hash_code(key, long_keys)) & (capacity - 1))


def _spread(code: int) -> int:
    code &= 0xFFFFFFFF
    return code ^ (code >> 16)


def _hash_code(key: Any, long_keys: bool) -> int:
    """Java's hashCode of a key as Trino's client sees it; 0 for all keys of other types, which keep their order."""
    if isinstance(key, str):
        code = 0
        for unit in struct.iter_unpack("<H", key.encode("utf-16-le", "surrogatepass")):
            code = (31 * code + unit[0]) & 0xFFFFFFFF
        return code
    if isinstance(key, bool):
        return 1231 if key else 1237
    if isinstance(key, int):
        return _of_long(key) if long_keys else key
    if isinstance(key, float):
        return _of_long(int.from_bytes(struct.pack(">d", key), "big"))
    if type(key) is date:
        return key.toordinal() - _EPOCH
    return 0


def _of_long(value: int) -> int:
    bits = value & 0xFFFFFFFFFFFFFFFF
    return bits ^ (bits >> 32)
