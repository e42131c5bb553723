"""Times in a zone of their own, which DuckDB has no value for: what may be asked of them."""

import re

from sqlglot import exp

from local_aws.athena.errors import CannotTranslate
from local_aws.athena.kinds import D

# What may be asked of a time in a zone of its own; DuckDB has no such value, only its local time.
ZONED_OK = {"date_trunc", "date_format", "format_datetime", "year", "quarter", "month", "week", "day", "hour", "minute",
             "second", "day_of_week", "dow", "day_of_month", "day_of_year", "doy", "week_of_year", "year_of_week", "yow",  # noqa: E501
             "date", "last_day_of_month"}  # fmt: skip
_INSTANT_OK = {"to_unixtime", "at_timezone", "count", "to_milliseconds"}
_PASSING_ON = ("try", "coalesce", "min", "max")  # whose answer is one of the times, with its zone


_ZONED = ("at_timezone", "with_timezone", "from_unixtime")  # of a time and a zone
# Zones that Trino prints as they are written; of `utc` and `Etc/UTC` it makes UTC.
_PRINTED = re.compile(r"UTC|[-+]\d\d:\d\d|(?!Etc/)[A-Z][A-Za-z]+(/[A-Z][A-Za-z_]+)+")
_OFFSET = re.compile(r"([-+])(\d\d):(\d\d)")


def name_offset(node: exp.Expr) -> None:
    """The zone `'+09:00'` of a call or of AT TIME ZONE by a name that DuckDB knows too."""
    if isinstance(node, exp.AtTimeZone):
        zone = node.args["zone"]
    elif node.name.lower() in _ZONED and len(node.expressions) == 2:
        zone = node.expressions[1]
    else:
        return
    if zone.is_string and (offset := _OFFSET.fullmatch(zone.name)):
        named = exp.Literal.string(f"GMT{offset[1]}{int(offset[2])}:{offset[3]}")
        named.meta["written"] = zone.name
        zone.replace(named)


def zones_shown(tree: exp.Expr) -> dict[int, str]:
    """The zones that a statement's columns are printed in, by their places; what is printed only is used up by that."""
    if not isinstance(tree, exp.Select) or tree.args.get("distinct"):
        return {}
    order = tree.args.get("order")
    keys = {each.this.sql() for each in order.expressions} if order else set()
    found = {}
    for number, item in enumerate(tree.expressions):
        value, zone = item.unalias(), None
        if isinstance(value, exp.AtTimeZone):
            zone = value.args["zone"]
        elif isinstance(value, exp.Anonymous) and value.name.lower() in _ZONED:
            zone = value.expressions[1] if len(value.expressions) == 2 else None
        name = str(zone.meta.get("written", zone.name)) if zone is not None and zone.is_string else ""
        if _PRINTED.fullmatch(name) and not keys & {item.alias, value.sql()}:
            value.meta["shown"] = True
            found[number] = name
    return found


def _climb(node: exp.Expr) -> exp.Expr | None:
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    return parent


def keeps_instant(node: exp.Expr) -> bool:
    """Whether only the instant of a timestamp matters where it is used, not its zone."""
    parent = _climb(node)
    while isinstance(parent, exp.Anonymous) and parent.name.lower() in _PASSING_ON:
        parent = _climb(parent)
    if isinstance(parent, exp.Anonymous):
        if parent.name.lower() == "date_diff":
            # Days begin at midnight of the zone.
            return parent.expressions[0].name.lower() in ("millisecond", "second", "minute", "hour")
        return parent.name.lower() in _INSTANT_OK
    return isinstance(parent, (exp.AtTimeZone, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.Is))


def check_zone_is_used_up(node: exp.Expr) -> None:
    if "shown" in node.meta:
        return None
    parent = _climb(node)
    if isinstance(parent, exp.Anonymous) and parent.name.lower() == "date_trunc":
        return check_zone_is_used_up(parent)
    if (isinstance(parent, exp.Anonymous) and parent.name.lower() in ZONED_OK) or isinstance(parent, exp.Extract):
        return None
    if isinstance(parent, exp.Cast) and parent.to.this in (D.DATE, D.TIMESTAMP):
        return None
    raise CannotTranslate("a time in a zone of its own here; CAST it AS timestamp or date")
