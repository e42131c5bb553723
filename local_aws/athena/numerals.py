"""Numbers as texts and texts as numbers, where Java writes or reads them otherwise than DuckDB."""

import re
from decimal import Decimal
from math import isfinite, isnan

import numpy as np

from local_aws.athena.failures import invalid
from local_aws.athena.results import double_text


def standard_text(value: float, digits: int | None = None) -> str:
    """A double CAST to varchar, which SQL's standard writes with an exponent; `digits` after the point for a real.

    >>> standard_text(1234.5), standard_text(0.0)
    ('1.2345E3', '0E0')
    >>> standard_text(5e-324)
    '4.9E-324'
    """
    if value == 0 or not np.isfinite(value):
        return {"0.0": "0E0", "-0.0": "-0E0"}.get(shown := double_text(value), shown)
    # As `double_text` of results.py: where one digit would do, the second is the nearest.
    exact = next(shown for shown in (f"{value:.1e}", repr(value)) if float(shown) == value)
    mantissa, exponent = (f"{Decimal(exact):e}" if digits is None else f"{value:.{digits}e}").lower().split("e")
    whole, _, fraction = mantissa.partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}E{int(exponent)}"


def real_text(value: float) -> str:
    """A 4-byte float with the digits that tell it from its neighbours.

    >>> real_text(0.10000000149011612)
    '0.1'
    >>> real_text(1.401298464324817e-45)
    '1.4E-45'
    """
    # Java's Float.toString has two digits at least, the second being the nearest where one would do.
    shortest = str(np.float32(value))
    two_digits = f"{value:.1e}"
    return double_text(float(two_digits if np.float32(two_digits) == np.float32(value) else shortest))


def from_base(digits: str, radix: int) -> int:
    """Java's Long.parseLong, which takes no blanks, prefixes or underscores."""
    if not 2 <= radix <= 36:
        raise invalid("Radix must be between 2 and 36")
    if re.fullmatch("[-+]?[0-9A-Za-z]+", digits) and all(int(digit, 36) < radix for digit in digits.lstrip("-+")):
        value = sum(int(digit, 36) * radix**place for place, digit in enumerate(reversed(digits.lstrip("-+"))))
        value = -value if digits.startswith("-") else value
        if -(2**63) <= value < 2**63:
            return value
    raise invalid(f"Not a valid base-{radix} number: {digits}")


def width_bucket(x: float, first: float, second: float, buckets: int) -> int:
    """The bucket, of equal ones, that a number is in; counted backwards from a higher first bound."""
    wrong = {
        "bucketCount must be greater than 0": buckets <= 0,
        "operand must not be NaN": isnan(x),
        "first bound must be finite": not isfinite(first),
        "second bound must be finite": not isfinite(second),
        "bounds cannot equal each other": first == second,
    }
    for reason in (reason for reason, applies in wrong.items() if applies):
        raise invalid(reason)
    low, high = min(first, second), max(first, second)
    bucket = 0 if x < low else buckets + 1 if x >= high else int(float(buckets) * (x - low) / (high - low) + 1)
    return buckets - bucket + 1 if first > second else bucket


def bucket_among(x: float, bins: list[float | None]) -> int:
    """How many bins begin at or below a number; as Trino's binary search notices what is wrong with them."""
    if not bins or isnan(x):
        raise invalid("Operand cannot be NaN" if bins else "Bins cannot be an empty array")
    edges = [0.0 if edge is None else edge for edge in bins]  # what Trino reads of a NULL
    low, high = 0, len(edges)
    while low < high:
        if edges[low] > edges[high - 1]:
            raise invalid("Bin values are not sorted in ascending order")
        middle = (low + high) // 2
        if not isfinite(edges[middle]):
            raise invalid(f"Bin value must be finite, got {double_text(edges[middle])}")
        low, high = (low, middle) if x < edges[middle] else (middle + 1, high)
    return low


def format_number(value: float) -> str:
    scaled, unit = abs(value), 0
    units = ("", "K", "M", "B", "T", "Q")
    while scaled >= 1000 and unit < len(units) - 1:
        scaled, unit = scaled / 1000, unit + 1
    digits = 2 if scaled < 10 else 1 if scaled < 100 else 0
    shown = f"{scaled:.{digits}f}"
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return f"{'-' if value < 0 else ''}{shown}{units[unit]}"


def parse_data_size(size: str) -> Decimal:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kMGTPEZY]?B)\s*", size)
    if not match:
        raise invalid(f"Invalid data size: '{size}'")
    return Decimal(int(Decimal(match[1]) * 1024 ** ("BkMGTPEZY".index(match[2][0]))))


def human_readable_seconds(seconds: float) -> str:
    left, parts = int(abs(seconds) + 0.5), []
    for name, length in (("week", 604800), ("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, left = divmod(left, length)
        if count or (name == "second" and not parts):
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    return ", ".join(parts)


def luhn_check(digits: str) -> bool:
    if not re.fullmatch(r"\d*", digits, re.ASCII):
        raise invalid("Input must contain only digits")
    doubled = [int(d) * (1 + n % 2) for n, d in enumerate(reversed(digits))]
    return bool(digits) and sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0
