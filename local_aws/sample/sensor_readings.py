"""The sample of the archive `sensor_readings`: epoch milliseconds, Tokyo's months, decimals, sets."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from random import Random

from local_aws.dynamodb_json import Item
from local_aws.sample import SEED, Sample, expiry, sample_months
from ttl_archive.months import Month

SENSORS = 24
READINGS_A_MONTH = 84  # of each sensor
# Japan has had no daylight saving since 1951: the oracle needs no time zone data.
_TOKYO = timezone(timedelta(hours=9))


def sensor_readings(last_month: Month, now: datetime) -> Iterator[Sample]:
    """The sample of the archive `sensor_readings`: three months in Tokyo time, epoch milliseconds, no bad timestamps.

    :param last_month: the last of the three months.
    :param now: an aware datetime; only its day (in UTC) matters, and only for `deleteAfter`.
    """
    expires = partial(expiry, retention=timedelta(days=120), now=now)
    months = sample_months(last_month)
    for index, month in enumerate(months):
        random = Random(f"{SEED} sensor_readings {index}")  # noqa: S311 - sample data, the same on every machine
        start, end = _tokyo_midnight(month), _tokyo_midnight(month.next)
        step = (end - start) / READINGS_A_MONTH
        for sensor in range(SENSORS):
            for number in range(READINGS_A_MONTH):
                moment = start + number * step + timedelta(milliseconds=random.randrange(1, 3_600_000))
                daily = 4 * (1 - abs(moment.astimezone(_TOKYO).hour - 14) / 12)
                celsius = f"{random.gauss(18 + sensor + daily, 1.5):.3f}".rstrip("0").rstrip(".")  # DynamoDB does
                tags = ["calibrated"] if number % 50 == 0 else [f"line-{sensor // 6 + 1}", "press"][: number % 3]
                yield Sample(_reading(f"press-{sensor + 1:02d}", moment, celsius, tags, expires), str(month))
    for edge in (*months, months[-1].next):
        midnight = _tokyo_midnight(edge)
        for moment, celsius, month in (
            (midnight - timedelta(milliseconds=1), "-0.001", edge.previous),
            (midnight, "0", edge),
            (midnight + timedelta(milliseconds=1), "999999.999", edge),
        ):
            yield Sample(_reading("edge", moment, celsius, ["境界", "edge"], expires), str(month))


def _reading(sensor: str, moment: datetime, celsius: str, tags: list[str], expires: Callable[[datetime], int]) -> Item:
    item = {
        "sensor": {"S": sensor},
        "measuredAt": {"N": str((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1))},
        "celsius": {"N": celsius},
        "deleteAfter": {"N": str(expires(moment))},
    }
    # A set in DynamoDB can't be empty.
    return {**item, "tags": {"SS": tags}} if tags else item


def _tokyo_midnight(month: Month) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=_TOKYO)
