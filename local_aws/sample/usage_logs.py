"""The sample of the archive `usage_logs`: three months of a chat service's usage, and what real tables have."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import accumulate
from random import Random
from typing import Any

from local_aws.dynamodb_json import Item
from local_aws.sample import SEED, Sample, expiry, sample_months
from ttl_archive.months import Month

ITEMS_A_MONTH = (10_800, 12_100, 13_500)
USERS = 400
_ACTIONS = {  # share in the first month, growth month on month
    "chat": (46, 1.00),
    "search": (17, 1.04),
    "summarize": (10, 1.10),
    "translate": (9, 0.92),
    "image": (7, 1.45),
    "upload": (6, 1.05),
    "export": (4, 0.90),
    "voice": (1, 2.20),
}
_TALKATIVE = {"chat": 900, "summarize": 2_400, "translate": 700, "voice": 1_500, "image": 60}  # tokens, about
_HOURS = (6, 4, 3, 2, 2, 3, 8, 18, 42, 66, 74, 70, 52, 64, 76, 74, 68, 58, 44, 36, 32, 26, 18, 11)
_WEEKDAYS = (100, 108, 110, 106, 92, 38, 31)
_CLIENTS = ("web", "web", "web", "ios", "ios", "android", "android", "api")


def usage_logs(last_month: Month, now: datetime) -> Iterator[Sample]:
    """The sample of the archive `usage_logs`: three months of a chat service's usage, and what real tables have.

    :param last_month: the last of the three months.
    :param now: an aware datetime; only its day (in UTC) matters, and only for `expiresAt`.
    """
    expires = partial(expiry, retention=timedelta(days=90), now=now)
    months = sample_months(last_month)
    for index, month in enumerate(months):
        yield from _ordinary_usage(index, month, expires)
    yield from _usage_at_the_edges(months, expires)
    yield from _awkward_usage(months, expires)


def _ordinary_usage(index: int, month: Month, expires: Callable[[datetime], int]) -> Iterator[Sample]:
    random = Random(f"{SEED} usage_logs {index}")  # noqa: S311 - sample data, the same on every machine
    users, shares = zip(*_active_users(index), strict=True)
    users_up_to = list(accumulate(shares))
    actions_up_to = list(accumulate(share * growth**index for share, growth in _ACTIONS.values()))
    first = date(month.year, month.month, 1)
    days = [first + timedelta(days=n) for n in range(31) if (first + timedelta(days=n)).month == month.month]
    days_up_to = list(accumulate(_WEEKDAYS[day.weekday()] * (1 + n / 200) for n, day in enumerate(days)))
    hours_up_to = list(accumulate(_HOURS))

    count = ITEMS_A_MONTH[index]
    moments = sorted(
        datetime.combine(
            day, time(hour, random.randrange(60), random.randrange(60), random.randrange(1000) * 1000), tzinfo=UTC
        )
        for day, hour in zip(
            random.choices(days, cum_weights=days_up_to, k=count),
            random.choices(range(24), cum_weights=hours_up_to, k=count),
            strict=True,
        )
    )
    for number, moment in enumerate(moments):
        user = random.choices(users, cum_weights=users_up_to)[0]
        action = random.choices(tuple(_ACTIONS), cum_weights=actions_up_to)[0]
        item = {
            "userId": {"S": user},
            "eventId": {"S": f"{moment:%Y%m%dT%H%M%S}-{number:05d}"},
            "action": {"S": action},
            # One client in eleven writes whole seconds.
            "timestamp": {"S": _iso(moment, "seconds" if number % 11 == 0 else "milliseconds")},
            "expiresAt": {"N": str(expires(moment))},
            "client": {"S": _CLIENTS[_hash_of(user) % len(_CLIENTS)]},
        }
        if action in _TALKATIVE:
            item["tokens"] = {"N": str(1 + int(random.expovariate(1 / _TALKATIVE[action])))}
        if number % 40 == 0:
            item["context"] = {"M": {"locale": {"S": "ja-JP"}, "retry": {"BOOL": False}, "parent": {"NULL": True}}}
        yield Sample(item, str(month))


def _active_users(index: int) -> list[tuple[str, float]]:
    """Users of the month with that index and how much each does: few do most; some come, go and return."""
    users = []
    for number in range(1, USERS + 1):
        name = f"user-{number:04d}"
        kind = _hash_of(name) % 20
        months = {0: {0, 2}, 1: {0}, 2: {0, 1}, 3: {1, 2}, 4: {1, 2}, 5: {2}, 6: {2}}.get(kind, {0, 1, 2})
        if index in months:
            users.append((name, 1000 / (number + 6)))
    return users


def _hash_of(text: str) -> int:
    """A number for a text, the same in every process (unlike `hash`)."""
    return Random(f"{SEED} {text}").randrange(1_000_000)  # noqa: S311 - sample data


def _usage_at_the_edges(months: list[Month], expires: Callable[[datetime], int]) -> Iterator[Sample]:
    """The last and the first instants around each edge of a month, in both precisions."""
    for edge in (*months, months[-1].next):
        midnight = datetime(edge.year, edge.month, 1, tzinfo=UTC)
        before = midnight - timedelta(milliseconds=1)
        for number, (moment, precision, month) in enumerate(
            [
                (before, "milliseconds", edge.previous),
                (before, "seconds", edge.previous),
                (midnight, "milliseconds", edge),
                (midnight, "seconds", edge),
            ]
        ):
            item = _usage("user-at-the-edge", f"edge-{edge}-{number}", _iso(moment, precision), expires(moment))
            yield Sample(item, str(month))


def _awkward_usage(months: list[Month], expires: Callable[[datetime], int]) -> Iterator[Sample]:
    """What real tables have: each once in every month, or in the last month, or without a month."""
    oldest, last = months[0], months[-1]
    for month in months:
        moment = datetime(month.year, month.month, 15, 12, tzinfo=UTC)
        at, expiry = _iso(moment, "milliseconds"), expires(moment)
        for name, attributes in _AWKWARD_ATTRIBUTES.items():
            yield Sample({**_usage("user-awkward", f"{name}-{month}", at, expiry), **attributes}, str(month))
        for number, text in enumerate(HOSTILE_STRINGS):
            item = _usage("user-hostile", f"hostile-{month}-{number:02d}", at, expiry)
            yield Sample({**item, "note": {"S": text}}, str(month))
        no_ttl = _usage("user-awkward", f"ttl-missing-{month}", at, expiry)
        del no_ttl["expiresAt"]
        yield Sample(no_ttl, str(month))
        yield Sample(_usage("user-awkward", f"ttl-in-milliseconds-{month}", at, expiry * 1000), str(month))
    moment = datetime(last.year, last.month, 16, 12, tzinfo=UTC)
    # DynamoDB never deletes what expired more than five years ago
    # (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html).
    long_ago = int((moment - timedelta(days=6 * 365)).timestamp())
    at = _iso(moment, "milliseconds")
    yield Sample(_usage("user-awkward", f"ttl-six-years-ago-{last}", at, long_ago), str(last))

    # In the oldest month only, so that the last month's report stays pleasant to read.
    moment = datetime(oldest.year, oldest.month, 17, 12, tzinfo=UTC)
    at, expiry = _iso(moment, "milliseconds"), expires(moment)
    for number, text in enumerate(HOSTILE_STRINGS):
        yield Sample(_usage("user-hostile", f"action-{number:02d}", at, expiry, action=text), str(oldest))
        user = text or "user-without-a-note"  # a key can't be empty
        yield Sample(_usage(user, f"user-{number:02d}", at, expiry), str(oldest))
    no_action = _usage("user-awkward", "action-missing", at, expiry)
    del no_action["action"]
    yield Sample(no_action, str(oldest))

    for name, timestamp in _BAD_TIMESTAMPS.items():
        item = {**_usage("user-awkward", f"timestamp-{name}", "", expires(moment))}
        del item["timestamp"]
        yield Sample({**item, **({"timestamp": timestamp} if timestamp else {})}, None)


def _usage(user: str, event: str, timestamp: str, expires_at: int, action: str = "chat") -> Item:
    return {
        "userId": {"S": user},
        "eventId": {"S": event},
        "action": {"S": action},
        "timestamp": {"S": timestamp},
        "expiresAt": {"N": str(expires_at)},
    }


_BAD_TIMESTAMPS: dict[str, dict[str, Any] | None] = {
    "missing": None,
    "words": {"S": "last Tuesday"},
    "empty": {"S": ""},
    "number": {"N": "1767225600"},
    "null": {"NULL": True},
    "no-such-day": {"S": "2026-02-30T10:00:00.000Z"},
}

HOSTILE_STRINGS = (
    "",
    '<script>alert("x")</script>',
    "<img src=x onerror=alert(1)> & </table>",
    "=1+1",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "'; DROP TABLE logs; --",
    "{{ 7 * 7 }} {% raw %} ${HOME} $(id)",
    'comma, "quote", tab\t, semicolon;',
    "line one\nline two\r\nline three",
    "| pipe | **bold** | `code` | [link](javascript:alert(1))",
    "\\N \\ \\\\ \\u0000",
    " leading and trailing ",
    "null",
    "👩‍👩‍👧‍👦 🏳️‍🌈 emoji",
    "日本語 العربية עברית e\u0301 \u00e9 \u202e reversed \u2028 separator \ufeff mark \x01",
)

_AWKWARD_ATTRIBUTES: dict[str, Item] = {
    "numbers": {
        "digits38": {"N": "12345678901234567890123456789012345678"},
        "negative38": {"N": "-98765432109876543210987654321098765432"},
        "fraction38": {"N": "0.12345678901234567890123456789012345678"},
        "smallest": {"N": "1E-130"},
        "largest": {"N": "9.9999999999999999999999999999999999999E+125"},
        "beyondDouble": {"N": "9007199254740993"},
        "tenth": {"N": "0.1"},
        "zero": {"N": "0"},
    },
    "sets": {
        "strings": {"SS": ["b", "a", "", "é", "🚀"]},
        "numbers": {"NS": ["2", "-1.5", "12345678901234567890123456789012345678", "1E-130"]},
        "binaries": {"BS": ["AAEC", "/////w==", ""]},
    },
    "binary": {"bytes": {"B": "AAECA/3+/w=="}, "none": {"B": ""}, "text": {"B": "eyJhIjogMX0="}},
    "nested": {
        "deep": {
            "M": {
                "list": {"L": [{"N": "1"}, {"S": ""}, {"L": []}, {"M": {}}, {"NULL": True}, {"BOOL": True}]},
                "map": {"M": {"a.b": {"M": {"set": {"SS": ["x"]}, "bytes": {"B": "AA=="}, "n": {"N": "100"}}}}},
                "": {"S": "an empty name inside a map"},
            }
        },
        "nothing": {"NULL": True},
        "yes": {"BOOL": True},
        "no": {"BOOL": False},
        "emptyList": {"L": []},
        "emptyMap": {"M": {}},
        "empty": {"S": ""},
    },
    "names": {
        "dotted.name": {"S": "1"},
        'quo"ted': {"S": "2"},
        "it's": {"S": "3"},
        "back`tick": {"S": "4"},
        "sp ace": {"S": "5"},
        "new\nline": {"S": "6"},
        "名前": {"S": "7"},
        "🙂": {"S": "8"},
        "<b>": {"S": "9"},
        "year": {"S": "like a partition"},
        "Action": {"S": "differs from action in case only"},
        "_dynamodb_types": {"S": "like the reserved field of a line"},
    },
    "big": {"text": {"S": "long " * 4_000}},
}


def _iso(moment: datetime, precision: str) -> str:
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")
