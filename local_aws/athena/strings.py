"""Functions of texts that count or compare otherwise than DuckDB's, and Java's String.format."""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

from local_aws.athena.failures import Refused, invalid
from local_aws.athena.results import text

_SOUNDEX = {
    letter: code for code, letters in enumerate(("BFPV", "CGJKQSXZ", "DT", "L", "MN", "R"), 1) for letter in letters
}
_LONGEST = 10_000_000  # letters of a text that a size is given for
_NUMBER_FORMAT = re.compile(r"%(?:(\d+)\$)?([-+ 0,(#]*)(\d*)(?:\.(\d+))?([a-zA-Z%]|$)")


def soundex(word: str) -> str:
    letters = [letter for letter in word.upper() if letter.isalpha()]
    if any(letter > "Z" for letter in letters):
        raise Refused("soundex of other letters than A to Z")
    if not letters:
        return ""
    result, previous = letters[0], _SOUNDEX.get(letters[0])
    for letter in letters[1:]:
        code = _SOUNDEX.get(letter)
        if code and code != previous:
            result += str(code)
        previous = previous if letter in "HW" else code
    return result[:4].ljust(4, "0")


def change_case(change: Callable[[str], str]) -> Callable[[str], str]:
    """Letter by letter: Trino makes no two letters of one, and of İ an i."""
    special = {"İ": "i"} if change is str.lower else {}
    return lambda value: "".join(
        special.get(letter) or (new if len(new := change(letter)) == 1 else letter) for letter in value
    )


def strpos(value: str, wanted: str, instance: int) -> int:
    if instance == 0:
        raise invalid("'instance' must not be a positive or negative number.")
    places, at = [], value.find(wanted)
    while at >= 0:
        places.append(at + 1)
        at = value.find(wanted, at + 1)
    index = instance - 1 if instance > 0 else instance
    return places[index] if -len(places) <= index < len(places) else 0


def split(value: str, delimiter: str, limit: int) -> list[str]:
    if not delimiter or limit <= 0:
        raise invalid("The delimiter may not be the empty string" if not delimiter else "Limit must be positive")
    return value.split(delimiter, limit - 1)


def split_entries(value: str, between: str, within: str, unique: bool) -> list[dict[str, str]]:
    """`a=1,b=2` as entries, for a map."""
    if not between or not within or between == within:
        raise invalid("the delimiters of entries, and of keys and values, must be different texts that are not empty")
    entries = value.removesuffix(between).split(between) if value else []
    for entry in entries:
        if len(entry.split(within)) != 2:
            raise invalid(f"Key-value delimiter must appear exactly once in each entry. Bad input: '{entry}'")
    pairs = [entry.split(within) for entry in entries]
    keys = [key for key, _ in pairs]
    if unique and (twice := next((key for number, key in enumerate(keys) if key in keys[:number]), None)) is not None:
        raise invalid(f"Duplicate keys ({twice}) are not allowed")
    return [{"k": key, "v": value} for key, value in pairs]


def levenshtein(left: str, right: str) -> int:
    """How many letters must change, where they have more than one byte."""
    row = list(range(len(right) + 1))
    for number, letter in enumerate(left, 1):
        before, row[0] = row[0], number
        for place, other in enumerate(right, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (letter != other))
    return row[-1]


def hamming(left: str, right: str) -> int:
    """How many letters differ."""
    if len(left) != len(right):
        raise invalid("The input strings to hamming_distance function must have the same length")
    return sum(one != other for one, other in zip(left, right, strict=True))


def _half_up(value: Decimal, digits: int) -> Decimal:
    with localcontext() as context:
        context.prec = max(context.prec, len(value.as_tuple().digits) + abs(value.adjusted()) + digits + 1)
        return value.quantize(Decimal(1).scaleb(-digits), "ROUND_HALF_UP")


def java_format(pattern: str, *arguments: Any) -> str:
    """Java's String.format, as far as it is the same thing for these values."""
    given = iter(arguments)

    def one(match: re.Match[str]) -> str:
        number, flags, width, precision, conversion = match.groups()
        if not conversion:
            raise StopIteration
        if conversion in "%n":
            return "%" if conversion == "%" else "\n"
        value = next(given) if number is None else arguments[int(number) - 1]
        if int(width or 0) > _LONGEST or int(precision or 0) > _LONGEST:
            raise Refused(f"a text of more than {_LONGEST} letters")
        if conversion == "s" and not isinstance(value, (datetime, bytes, list, tuple, dict)):
            shown = str(text(value, nested=True))[: int(precision) if precision else None]
        elif conversion == "b" and isinstance(value, bool):
            shown = str(text(value))
        elif conversion in "dxX" and isinstance(value, int) and not (value < 0 and conversion != "d"):
            shown = format(value, ("+" if "+" in flags else "") + ("," if "," in flags else "") + conversion)
        elif conversion == "f" and isinstance(value, (float, Decimal)):
            exact = Decimal(repr(value)) if isinstance(value, float) else value
            rounded = _half_up(exact, int(precision or 6))
            shown = format(rounded, ("+" if "+" in flags else "") + ("," if "," in flags else "") + "f")
        else:
            raise Refused(f"%{conversion} of {type(value).__name__} in format()")
        if set(flags) - set("-+0,"):
            raise Refused(f"the flags {flags!r} in format()")
        room = int(width or 0)
        if "0" in flags:
            return shown[:1] + shown[1:].zfill(room - 1) if shown[:1] in "+-" else shown.zfill(room)
        return shown.ljust(room) if "-" in flags else shown.rjust(room)

    try:
        return _NUMBER_FORMAT.sub(one, pattern)
    except (StopIteration, IndexError):
        raise invalid(f"Invalid format string: {pattern}") from None
