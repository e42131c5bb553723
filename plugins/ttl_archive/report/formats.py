"""Numbers, dates and months for people, in the archive's locale and time zone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation, localcontext
from functools import cached_property
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime, format_skeleton
from babel.numbers import (
    format_decimal,
    format_percent,
    format_scientific,
    get_minus_sign_symbol,
    get_plus_sign_symbol,
)
from babel.units import format_unit

from ttl_archive.months import Quarter
from ttl_archive.report.content import Value

NULL = "–"
EMPTY = "(empty)"  # a text without a character
FLOAT_DIGITS = 3
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)?( .+)?")
_LARGE = 1e15  # where a double's text would show digits that it doesn't have
_LONGEST = 16  # characters of a number beside a bar
_EXACT = 400  # digits; DynamoDB has numbers of 38, with exponents to 125, and a double has exponents to 308


@dataclass(frozen=True)
class Formats:
    """Formatters of one report."""

    locale: str = "en"
    timezone: str = "UTC"

    @cached_property
    def _locale(self) -> Locale:
        return Locale.parse(self.locale)

    def number(self, value: float | Decimal) -> str:
        """``1,234.5``: at most three digits after the point; a Decimal keeps all of its own, zeros too."""
        if isinstance(value, Decimal):
            return self._fixed(value, max(0, -int(value.as_tuple().exponent)))
        with localcontext(prec=_EXACT):
            return format_decimal(round(Decimal(str(value)), FLOAT_DIGITS), locale=self._locale)

    def short_number(self, value: float) -> str:
        """As ``number``, but ``1.5E30`` in the place of a text that fits beside no bar."""
        text = self.number(value)
        return text if len(text) <= _LONGEST else format_scientific(value, format="0.###E0", locale=self._locale)

    def _fixed(self, value: Decimal, digits: int, currency: str | None = None) -> str:
        formats = self._locale.currency_formats if currency else self._locale.decimal_formats
        pattern = copy(formats["standard" if currency else None])
        pattern.frac_prec = (digits, digits)
        with localcontext(prec=_EXACT):  # babel computes in the current context, which rounds to 28 digits
            return str(pattern.apply(value, self._locale, currency=currency, currency_digits=False))

    def change(self, value: float) -> str:
        """``+1,234`` or ``-12``."""
        return self._sign(value) + self.short_number(abs(value))

    def percent(self, ratio: float) -> str:
        """``12.5%`` for 0.125."""
        with localcontext(prec=_EXACT):
            rounded = round(Decimal(str(ratio)), 3).normalize()
            return format_percent(rounded, locale=self._locale, decimal_quantization=False)

    def percent_change(self, ratio: float) -> str:
        """``+12.5%``."""
        return self._sign(ratio) + self.percent(abs(ratio))

    def _sign(self, value: float) -> str:
        if value < 0:
            return get_minus_sign_symbol(self._locale)
        return get_plus_sign_symbol(self._locale) if value else "±"

    def size(self, count: int) -> str:
        """``1.2 MB``, in powers of 1,000."""
        amount, names = Decimal(count), ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte"]
        while amount >= 1000 and len(names) > 1:
            amount, names = amount / 1000, names[1:]
        rounded = round(amount, 0 if amount >= 100 else 1).normalize()
        return str(format_unit(rounded, f"digital-{names[0]}", length="short", locale=self._locale))

    def seconds(self, seconds: float) -> str:
        """``1.2 sec``."""
        return str(format_unit(round(Decimal(str(seconds)), 1), "duration-second", length="short", locale=self._locale))

    def usd(self, amount: float) -> str:
        """``$1.25``; small amounts with the digits that show what they are, such as ``$0.000382``."""
        digits = 2 if amount >= 0.1 or amount == 0 else 4 if amount >= 0.001 else 6
        return self._fixed(round(Decimal(str(amount)), digits), digits, "USD")

    def month(self, month: str) -> str:
        """``March 2025`` for ``2025-03``, ``Q1 2025`` for ``2025-Q1``."""
        if "Q" in month:
            first = Quarter.parse(month).first
            return format_skeleton("yQQQ", datetime(first.year, first.month, 1), locale=self._locale)  # noqa: DTZ001
        return format_skeleton("yMMMM", datetime.fromisoformat(f"{month}-01"), locale=self._locale)

    def day(self, day: date) -> str:
        """``Sat, Mar 1, 2025``."""
        return format_skeleton("yMMMEd", datetime(day.year, day.month, day.day), locale=self._locale)  # noqa: DTZ001

    def short_day(self, day: date) -> str:
        """``Mar 1``."""
        return format_skeleton("MMMd", datetime(day.year, day.month, day.day), locale=self._locale)  # noqa: DTZ001

    def instant(self, at: datetime) -> str:
        """``Mar 31, 2025, 9:00 AM UTC``, in the archive's time zone."""
        local = at.astimezone(ZoneInfo(self.timezone))
        return format_datetime(local, format="medium", locale=self._locale) + f" {local.tzname()}"

    def date_of(self, at: datetime) -> str:
        """``Sat, Mar 29, 2025``: the day of an instant, in the archive's time zone."""
        return self.day(at.astimezone(ZoneInfo(self.timezone)).date())

    def column(self, values: Sequence[Value], athena_type: str) -> list[str]:
        """The cells of a column; floating-point numbers get as many digits as the one that needs most, up to three."""
        floats = [value for value in values if isinstance(value, float)]
        digits = max((len(f"{value:.{FLOAT_DIGITS}f}".rstrip("0").partition(".")[2]) for value in floats), default=0)
        return [
            self._float(value, digits) if isinstance(value, float) else self.value(value, athena_type)
            for value in values
        ]

    def _float(self, value: float, digits: int) -> str:
        if abs(value) >= _LARGE:
            return self.short_number(value)
        with localcontext(prec=_EXACT):
            return self._fixed(round(Decimal(str(value)), digits), digits)

    def _moment(self, text: str) -> str:
        """``Mar 1, 2025, 9:00:00 AM UTC`` for Athena's ``2025-03-01 09:00:00.000 UTC``: the zone is not changed."""
        found = _MOMENT.fullmatch(text)
        if found is None:
            return text
        moment = datetime.fromisoformat(found[1])  # naive, as it is only written
        return format_datetime(moment, format="medium", locale=self._locale) + (found[2] or "")

    def value(self, value: Value, athena_type: str) -> str:
        """One cell of a result; NULL is a dash."""
        if value is None:
            return NULL
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, int | float):
            return self.number(value)
        try:
            if athena_type.startswith("decimal"):
                return self.number(Decimal(value))
            if athena_type == "date":
                return self.day(date.fromisoformat(value))
            if athena_type.startswith("timestamp"):
                return self._moment(value)
        except (InvalidOperation, ValueError):
            return value
        return value


def is_number(athena_type: str) -> bool:
    """Whether a column of that type holds numbers, which are set flush right."""
    return athena_type.startswith(("tinyint", "smallint", "int", "bigint", "real", "float", "double", "decimal"))
