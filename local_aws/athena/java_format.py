"""Trino's `format`, which is Java's String.format: the signs of a format string and what they may be combined with.

https://trino.io/docs/current/functions/conversion.html#format,
https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/Formatter.html
"""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

from local_aws.athena.failures import Refused, invalid
from local_aws.athena.results import text

_LONGEST = 10_000_000  # letters of a text that a size is given for
_LARGEST = 2**31 - 1
_SPECIFIER = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(<]*)(\d+)?(?:\.(\d+))?([tT])?([a-zA-Z%])", re.ASCII)
_IN_ORDER = "-#+ 0,(<"  # as Java's messages list flags
_KINDS = {letter: kind for kind, letters in {
    "general": "bBhHsS", "character": "cC", "integer": "doxX", "float": "eEfgGaA", "text": "%n",
}.items() for letter in letters}  # fmt: skip
_OF_TIMES = set("HIklMSLNpzZsQBbhAaCYyjmdeRTrDFc")
# The flags that Java lets no conversion of a kind have, or none of a letter, in the order in which it looks for them.
_BAD_FLAGS = {
    "general": "+ 0,(", "character": "#+ 0,(", "time": "#+ 0,(", "d": "#", "o": ",", "x": ",", "a": "(,", "e": ",",
    "g": "#", "b": "#", "h": "#",
}  # fmt: skip


class _IllegalFormat(Exception):
    """One of Java's IllegalFormatExceptions: its name and message."""


@dataclass(frozen=True)
class _Specifier:
    """One `%...` of a format string."""

    number: int | None
    flags: str
    width: int | None
    precision: int | None
    time: str
    letter: str
    kind: str

    def __str__(self) -> str:
        number = f"{self.number}$" if self.number else ""
        precision = "" if self.precision is None else f".{self.precision}"
        width = "" if self.width is None else self.width
        letter = self.letter.upper() if self.time == "T" else self.letter
        return f"%{self.flags}{number}{width}{precision}{self.time}{letter}"

    def check(self) -> None:
        """Flags, width and precision, as Java checks them before it looks at any value."""
        if self.kind in ("character", "time", "text") and self.precision is not None:
            raise _IllegalFormat(f"IllegalFormatPrecision: {self.precision}")
        if self.kind == "time" and self.letter not in _OF_TIMES:
            raise _IllegalFormat(f"UnknownFormatConversion: Conversion = 't{self.letter}'")
        if self.kind == "text":
            self._check_text()
        elif self.kind in ("integer", "float"):
            self._check_number()
        elif self.kind == "general":
            self.refuse_flags(_BAD_FLAGS.get(self.letter.lower(), ""))
            self._check_width()
            self.refuse_flags(_BAD_FLAGS[self.kind])
        else:
            self.refuse_flags(_BAD_FLAGS[self.kind])
            self._check_width()

    def refuse_flags(self, flags: str) -> None:
        """Flags that the conversion does not take."""
        for flag in flags:
            if flag in self.flags:
                letter = self.letter if self.kind == "time" else self.letter.lower()
                raise _IllegalFormat(f"FormatFlagsConversionMismatch: Conversion = {letter}, Flags = {flag}")

    def _check_width(self, flags: str = "-") -> None:
        if self.width is None and set(flags) & set(self.flags):
            raise _IllegalFormat(f"MissingFormatWidth: {self}")

    def _check_number(self) -> None:
        self._check_width("-0")
        if {"+", " "} <= set(self.flags) or {"-", "0"} <= set(self.flags):
            # Java counts an upper case letter as a flag, which stands second.
            flags = self.flags.replace("-", "-^") if "-" in self.flags else f"^{self.flags}"
            raise _IllegalFormat(f"IllegalFormatFlags: Flags = '{flags if self.letter.isupper() else self.flags}'")
        if self.kind == "integer" and self.precision is not None:
            raise _IllegalFormat(f"IllegalFormatPrecision: {self.precision}")
        self.refuse_flags(_BAD_FLAGS.get(self.letter.lower(), ""))

    def _check_text(self) -> None:
        if self.letter == "n" and self.width is not None:
            raise _IllegalFormat(f"IllegalFormatWidth: {self.width}")
        if self.flags not in (("", "-") if self.letter == "%" else ("",)):
            raise _IllegalFormat(f"IllegalFormatFlags: Flags = '{self.flags}'")
        self._check_width()

    def shown(self, value: Any) -> str:
        """A value as the specifier has it printed."""
        if max(self.width or 0, self.precision or 0) > _LONGEST:
            raise Refused(f"a text of more than {_LONGEST} letters")
        if self.kind == "text":
            return "\n" if self.letter == "n" else self._padded("%")
        if self.kind == "general":
            return self._padded(self._text(value))
        if self.kind == "integer" and self.letter in "dxX" and isinstance(value, int) and not isinstance(value, bool):
            # Of a bigint Java refuses these only here, when it knows that it is none of its BigIntegers.
            self.refuse_flags("( +" if self.letter != "d" else "")
            if value < 0 and self.letter != "d":
                raise Refused(f"%{self.letter} of a negative number in format()")
            return self._padded(format(value, self._python_flags() + self.letter))
        if self.letter == "f" and isinstance(value, (float, Decimal)):
            exact = Decimal(repr(value)) if isinstance(value, float) else value
            digits = 6 if self.precision is None else self.precision
            return self._padded(format(_half_up(exact, digits), self._python_flags() + "f"))
        raise Refused(f"%{self.time}{self.letter} of {type(value).__name__} in format()")

    def _text(self, value: Any) -> str:
        plain = self.letter == "s" and not isinstance(value, (datetime, bytes, list, tuple, dict))
        if "#" in self.flags or not (plain or (self.letter == "b" and isinstance(value, bool))):
            raise Refused(f"%{self.letter} of {type(value).__name__} in format()")
        return str(text(value, nested=True))[: self.precision]

    def _python_flags(self) -> str:
        if odd := set(self.flags) - set("-+0,<"):
            raise Refused(f"the flags {min(odd)!r} in format()")
        return ("+" if "+" in self.flags else "") + ("," if "," in self.flags else "")

    def _padded(self, shown: str) -> str:
        room = self.width or 0
        if "0" in self.flags:
            return shown[:1] + shown[1:].zfill(room - 1) if shown[:1] in "+-" else shown.zfill(room)
        return shown.ljust(room) if "-" in self.flags else shown.rjust(room)


def java_format(pattern: str, *arguments: Any) -> str:
    """Java's String.format, as far as it is the same thing for these values."""
    try:
        return _formatted(_parts(pattern), arguments)
    except _IllegalFormat as illegal:
        raise invalid(f"Invalid format string: {pattern} ({illegal})") from None


def _parts(pattern: str) -> list[str | _Specifier]:
    """The texts and specifiers of a format string, which Java reads to its end before it prints anything."""
    result: list[str | _Specifier] = []
    position = 0
    while (sign := pattern.find("%", position)) >= 0:
        found = _SPECIFIER.match(pattern, sign)
        if found is None:
            unknown = pattern[sign + 1 : sign + 2] or "%"
            raise _IllegalFormat(f"UnknownFormatConversion: Conversion = '{unknown}'")
        result += [pattern[position:sign], _specifier(found)]
        position = found.end()
    return [*result, pattern[position:]]


def _specifier(found: re.Match[str]) -> _Specifier:
    number, flags, width, precision, time, letter = found.groups()
    time = time or ""
    if number and not 0 < int(number) <= _LARGEST:
        unfit = "Format argument index: (not representable as int)"
        reason = unfit if int(number) else "Illegal format argument index = 0"
        raise _IllegalFormat(f"IllegalFormatArgumentIndex: {reason}")
    if twice := next((flag for place, flag in enumerate(flags) if flag in flags[:place]), None):
        raise _IllegalFormat(f"DuplicateFormatFlags: Flags = '{twice}'")
    for size, name in ((width, "Width"), (precision, "Precision")):
        if size and int(size) > _LARGEST:
            raise _IllegalFormat(f"IllegalFormat{name}: {-_LARGEST - 1}")
    kind = "time" if time else _KINDS.get(letter, "")
    if not kind:
        raise _IllegalFormat(f"UnknownFormatConversion: Conversion = '{letter}'")
    specifier = _Specifier(
        int(number) if number and "<" not in flags and kind != "text" else None,
        "".join(sorted(flags, key=_IN_ORDER.index)),
        int(width) if width else None,
        int(precision) if precision else None,
        time,
        letter,
        kind,
    )
    specifier.check()
    return specifier


def _formatted(parts: list[str | _Specifier], arguments: tuple[Any, ...]) -> str:
    ordinary, last = 0, -1
    result = ""
    for part in parts:
        if isinstance(part, str):
            result += part
            continue
        value = None
        if part.kind != "text":
            if part.number is not None:
                last = part.number - 1
            elif "<" not in part.flags:
                last, ordinary = ordinary, ordinary + 1
            if not 0 <= last < len(arguments):
                raise _IllegalFormat(f"MissingFormatArgument: Format specifier '{part}'")
            value = arguments[last]
        result += part.shown(value)
    return result


def _half_up(value: Decimal, digits: int) -> Decimal:
    with localcontext() as context:
        context.prec = max(context.prec, len(value.as_tuple().digits) + abs(value.adjusted()) + digits + 1)
        return value.quantize(Decimal(1).scaleb(-digits), "ROUND_HALF_UP")
