"""Functions computed in Python, where DuckDB has none or answers otherwise; a ValueError's text is Athena's reason.

`FUNCTIONS` names them with the DuckDB types of their arguments (None: any) and of their result.
"""

import base64
import hashlib
import hmac
import json
import re
import unicodedata
import zlib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote_plus, unquote, unquote_plus, urlsplit

import numpy as np

from local_aws.athena.results import double_text, text


def _invalid(message: str) -> ValueError:
    return ValueError(f"INVALID_FUNCTION_ARGUMENT: {message}")


class _Refused(Exception):
    """Returned as a text that `unless_refused` fails on, since TRY swallows what a function raises."""


# -- numbers ------------------------------------------------------------------------------------------------------


def standard_text(value: float, digits: int | None = None) -> str:
    """A double CAST to varchar, which SQL's standard writes with an exponent; `digits` after the point for a real.

    >>> standard_text(1234.5), standard_text(0.0)
    ('1.2345E3', '0E0')
    """
    if value == 0 or not np.isfinite(value):
        return {"0.0": "0E0", "-0.0": "-0E0"}.get(shown := double_text(value), shown)
    mantissa, exponent = (f"{Decimal(repr(value)):e}" if digits is None else f"{value:.{digits}e}").lower().split("e")
    whole, _, fraction = mantissa.partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}E{int(exponent)}"


def real_text(value: float) -> str:
    """A 4-byte float with the digits that tell it from its neighbours.

    >>> real_text(0.10000000149011612)
    '0.1'
    """
    return double_text(float(str(np.float32(value))))


def _from_base(digits: str, radix: int) -> int:
    try:
        return int(digits, radix)
    except ValueError:
        raise _invalid(f"Not a valid base-{radix} number: {digits}") from None


def _width_bucket(x: float, low: float, high: float, buckets: int) -> int:
    if buckets <= 0 or low == high:
        raise _invalid("bucketCount must be greater than 0" if buckets <= 0 else "bounds cannot equal each other")
    position = (x - low) / (high - low) if low < high else (low - x) / (low - high)
    return 0 if position < 0 else buckets + 1 if position >= 1 else int(position * buckets) + 1


def _format_number(value: float) -> str:
    scaled, unit = abs(value), 0
    units = ("", "K", "M", "B", "T", "Q")
    while scaled >= 1000 and unit < len(units) - 1:
        scaled, unit = scaled / 1000, unit + 1
    digits = 2 if scaled < 10 else 1 if scaled < 100 else 0
    shown = f"{scaled:.{digits}f}"
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return f"{'-' if value < 0 else ''}{shown}{units[unit]}"


def _parse_data_size(size: str) -> Decimal:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kMGTPEZY]?B)\s*", size)
    if not match:
        raise _invalid(f"Invalid data size: '{size}'")
    return Decimal(int(Decimal(match[1]) * 1024 ** ("BkMGTPEZY".index(match[2][0]))))


def _human_readable_seconds(seconds: float) -> str:
    left, parts = int(abs(seconds) + 0.5), []
    for name, length in (("week", 604800), ("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, left = divmod(left, length)
        if count or (name == "second" and not parts):
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    return ", ".join(parts)


def _luhn_check(digits: str) -> bool:
    if not re.fullmatch(r"\d*", digits, re.ASCII):
        raise _invalid("Input must contain only digits")
    doubled = [int(d) * (1 + n % 2) for n, d in enumerate(reversed(digits))]
    return bool(digits) and sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


# -- text ---------------------------------------------------------------------------------------------------------

_SOUNDEX = {
    letter: code for code, letters in enumerate(("BFPV", "CGJKQSXZ", "DT", "L", "MN", "R"), 1) for letter in letters
}
_NUMBER_FORMAT = re.compile(r"%(?:(\d+)\$)?([-+ 0,(#]*)(\d*)(?:\.(\d+))?([a-zA-Z%]|$)")


def _soundex(word: str) -> str:
    letters = [letter for letter in word.upper() if letter.isalpha()]
    if any(letter > "Z" for letter in letters):
        raise _Refused("soundex of other letters than A to Z")
    if not letters:
        return ""
    result, previous = letters[0], _SOUNDEX.get(letters[0])
    for letter in letters[1:]:
        code = _SOUNDEX.get(letter)
        if code and code != previous:
            result += str(code)
        previous = previous if letter in "HW" else code
    return result[:4].ljust(4, "0")


def _change_case(change: Callable[[str], str]) -> Callable[[str], str]:
    """Letter by letter: Trino makes no two letters of one, and of İ an i."""
    special = {"İ": "i"} if change is str.lower else {}
    return lambda value: "".join(
        special.get(letter) or (new if len(new := change(letter)) == 1 else letter) for letter in value
    )


def _strpos(value: str, wanted: str, instance: int) -> int:
    if instance == 0:
        raise _invalid("'instance' must not be a positive or negative number.")
    places, at = [], value.find(wanted)
    while at >= 0:
        places.append(at + 1)
        at = value.find(wanted, at + 1)
    index = instance - 1 if instance > 0 else instance
    return places[index] if -len(places) <= index < len(places) else 0


def _split(value: str, delimiter: str, limit: int) -> list[str]:
    if not delimiter or limit <= 0:
        raise _invalid("The delimiter may not be the empty string" if not delimiter else "Limit must be positive")
    return value.split(delimiter, limit - 1)


def _split_entries(value: str, between: str, within: str) -> list[dict[str, str]]:
    """`a=1,b=2` as entries, for a map."""
    if not between or not within or between == within:
        raise _invalid("the delimiters of entries, and of keys and values, must be different texts that are not empty")
    entries = value.removesuffix(between).split(between) if value else []
    for entry in entries:
        if len(entry.split(within)) != 2:
            raise _invalid(f"Key-value delimiter must appear exactly once in each entry. Bad input: '{entry}'")
    return [dict(zip("kv", entry.split(within), strict=True)) for entry in entries]


def _regexp_group(value: str, pattern: str, group: int) -> str | None:
    """For what RE2 gives as an empty text: an empty match, or a group that took no part."""
    found = re.compile(pattern)
    if not 0 <= group <= found.groups:
        raise _invalid(f"Pattern has {found.groups} groups. Cannot access group {group}")
    match = found.search(value)
    return match[group] if match else None


def _regexp_position(value: str, pattern: str, start: int, occurrence: int) -> int:
    if start < 1 or occurrence < 1:
        raise _invalid(
            "start position cannot be smaller than 1" if start < 1 else "occurrence cannot be smaller than 1"
        )
    for number, match in enumerate(re.compile(pattern).finditer(value, start - 1), 1):
        if number == occurrence:
            return match.start() + 1
    return -1


def _format(pattern: str, *arguments: Any) -> str:
    """Java's String.format, as far as it is the same thing for these values."""
    given = iter(arguments)

    def one(match: re.Match[str]) -> str:
        number, flags, width, precision, conversion = match.groups()
        if not conversion:
            raise StopIteration
        if conversion in "%n":
            return "%" if conversion == "%" else "\n"
        value = next(given) if number is None else arguments[int(number) - 1]
        if conversion == "s" and not isinstance(value, datetime):
            shown = str(text(value, nested=True))[: int(precision) if precision else None]
        elif conversion == "b" and isinstance(value, bool):
            shown = str(text(value))
        elif conversion in "dxX" and isinstance(value, int) and not (value < 0 and conversion != "d"):
            shown = format(value, ("+" if "+" in flags else "") + ("," if "," in flags else "") + conversion)
        elif conversion == "f" and isinstance(value, (float, Decimal)):
            exact = Decimal(repr(value)) if isinstance(value, float) else value
            rounded = exact.quantize(Decimal(1).scaleb(-int(precision or 6)), "ROUND_HALF_UP")
            shown = format(rounded, ("+" if "+" in flags else "") + ("," if "," in flags else "") + "f")
        else:
            raise _Refused(f"%{conversion} of {type(value).__name__} in format()")
        if set(flags) - set("-+0,"):
            raise _Refused(f"the flags {flags!r} in format()")
        room = int(width or 0)
        if "0" in flags:
            return shown[:1] + shown[1:].zfill(room - 1) if shown[:1] in "+-" else shown.zfill(room)
        return shown.ljust(room) if "-" in flags else shown.rjust(room)

    try:
        return _NUMBER_FORMAT.sub(one, pattern)
    except (StopIteration, IndexError):
        raise _invalid(f"Invalid format string: {pattern}") from None


_ISO8601 = re.compile(
    r"(?:(?P<year>\d{1,4})(?:-(?:(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?|W(?P<week>\d{1,2})(?:-(?P<weekday>\d))?|"
    r"(?P<yearday>\d{3})))?)?(?:(?P<t>[Tt])(?:(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2}))?)?"
    r"(?P<fraction>[.,]\d+)?)?(?P<zone>[Zz]|[-+]\d\d(?::?\d\d)?)?)?"
)


def _iso8601(value: str) -> str:
    """The rarer forms that Joda's ISODateTimeFormat reads in the common form; any other text as it is."""
    found = _ISO8601.fullmatch(value)
    if found is None or not value or (found["year"] is None and found["hour"] is None):
        return value
    number = {name: int(text) for name, text in found.groupdict().items() if text and text.isdigit()}
    year = number.get("year", 1970)
    try:
        if "week" in number:
            day = date.fromisocalendar(year, number["week"], number.get("weekday", 1))
        elif "yearday" in number:
            day = date.fromordinal(date(year, 1, 1).toordinal() + number["yearday"] - 1)
        else:
            day = date(year, number.get("month", 1), number.get("day", 1))
        time = datetime(day.year, day.month, day.day, *(number.get(part, 0) for part in ("hour", "minute", "second")))  # noqa: DTZ001
    except ValueError:
        return value
    if not found["t"]:
        return day.isoformat()
    unit = 1 if "second" in number else 60 if "minute" in number else 3600
    time += timedelta(milliseconds=int(Decimal(f"0{(found['fraction'] or '.0').replace(',', '.')}") * unit * 1000))
    zone = (found["zone"] or "Z").upper()
    return f"{time.isoformat(timespec='milliseconds')}{zone if len(zone) != 3 else zone + ':00'}"


# -- URLs ---------------------------------------------------------------------------------------------------------


# A name with an underscore is none to java.net.URI, nor one whose last part begins with a digit.
_LABEL = r"(?:[a-zA-Z\d-]*[a-zA-Z\d])?"
_HOST = re.compile(rf"(?:[a-zA-Z\d]{_LABEL}\.)*[a-zA-Z]{_LABEL}\.?|\d+(?:\.\d+){{3}}|\[.*\]", re.ASCII)


def _url_part(url: str, part: str) -> str | None:
    """A part as java.net.URI takes it apart; None for what is no URI."""
    if re.search(r"""[\s<>"{}|\\^`]|%(?![0-9a-fA-F]{2})""", url):
        return None
    try:
        found = urlsplit(url)
        port = found.port
    except ValueError:
        return None
    host = found.netloc.rpartition("@")[2]
    host = host if port is None else host.rpartition(":")[0]
    if part in ("host", "port") and not _HOST.fullmatch(host):
        return None
    if part == "scheme":
        return url[: len(found.scheme)] or None  # as it is written
    if part == "port":
        return None if port is None else str(port)
    if part == "host":
        return host
    return found.scheme if part == "scheme" else unquote(getattr(found, part))


def _url_parameter(url: str, name: str) -> str | None:
    if _url_part(url, "path") is None:
        return None
    for pair in urlsplit(url).query.split("&"):
        key, _, value = pair.partition("=")
        if key == name:
            return unquote_plus(value)
    return None


def _url_decode(value: str) -> str:
    if re.search(r"%(?![0-9a-fA-F]{2})", value):
        raise _invalid("URLDecoder: Illegal hex characters in escape (%) pattern")
    return unquote_plus(value)


# -- JSON ---------------------------------------------------------------------------------------------------------


def json_text(value: Any, sort: bool) -> str:
    """A value as Trino writes JSON: no spaces, doubles as Java prints them, a map's keys sorted."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        pairs = [(str(text(key)), member) for key, member in value.items()]
        members = (
            f"{json_text(key, sort)}:{json_text(member, sort)}" for key, member in (sorted(pairs) if sort else pairs)
        )
        return "{" + ",".join(members) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(json_text(member, sort) for member in value) + "]"
    if isinstance(value, float) and not np.isfinite(value):
        return f'"{text(value)}"'
    if isinstance(value, (int, float, Decimal)):
        return str(text(value))
    if isinstance(value, date):
        return json.dumps(text(value))
    raise _Refused(f"a CAST of {type(value).__name__} to json")


def _json_parse(document: str) -> str:
    def no_constant(name: str) -> Any:
        raise ValueError(name)

    try:
        return json_text(json.loads(document, parse_constant=no_constant), sort=True)
    except ValueError:
        raise _invalid(f"Cannot convert value to JSON: '{document}'") from None


# -- binary -------------------------------------------------------------------------------------------------------


def _unbase64(value: str, decode: Callable[[str], bytes]) -> bytes:
    try:
        return decode(value + "=" * (-len(value) % 4))
    except ValueError as error:
        raise _invalid(str(error)) from None


def _from_big_endian(value: bytes, size: int) -> int:
    if len(value) != size:
        raise _invalid(f"expected {size}-byte input, but got instead: {len(value)}")
    return int.from_bytes(value, "big", signed=True)


def _hmac(algorithm: str) -> Callable[[bytes, bytes], bytes]:
    return lambda value, key: hmac.new(key, value, algorithm).digest()


FUNCTIONS: dict[str, tuple[Callable[..., Any], list[str] | None, str]] = {
    "double_text": (lambda value: standard_text(value), ["DOUBLE"], "VARCHAR"),
    "real_text": (lambda value: standard_text(value, 6), ["DOUBLE"], "VARCHAR"),
    "py_from_base": (_from_base, ["VARCHAR", "BIGINT"], "BIGINT"),
    "py_width_bucket": (_width_bucket, ["DOUBLE", "DOUBLE", "DOUBLE", "BIGINT"], "BIGINT"),
    "py_format_number": (_format_number, ["DOUBLE"], "VARCHAR"),
    "py_parse_data_size": (_parse_data_size, ["VARCHAR"], "DECIMAL(38,0)"),
    "py_human_readable_seconds": (_human_readable_seconds, ["DOUBLE"], "VARCHAR"),
    "py_luhn_check": (_luhn_check, ["VARCHAR"], "BOOLEAN"),
    "py_soundex": (_soundex, ["VARCHAR"], "VARCHAR"),
    "py_upper": (_change_case(str.upper), ["VARCHAR"], "VARCHAR"),
    "py_lower": (_change_case(str.lower), ["VARCHAR"], "VARCHAR"),
    "py_strpos": (_strpos, ["VARCHAR", "VARCHAR", "BIGINT"], "BIGINT"),
    "py_split": (_split, ["VARCHAR", "VARCHAR", "BIGINT"], "VARCHAR[]"),
    "py_split_entries": (_split_entries, ["VARCHAR", "VARCHAR", "VARCHAR"], "STRUCT(k VARCHAR, v VARCHAR)[]"),
    "py_reverse": (lambda value: value[::-1], ["VARCHAR"], "VARCHAR"),
    "py_replace": (lambda value, old, new: value.replace(old, new), ["VARCHAR", "VARCHAR", "VARCHAR"], "VARCHAR"),
    "py_normalize": (lambda value, form: unicodedata.normalize(form, value), ["VARCHAR", "VARCHAR"], "VARCHAR"),
    "py_from_utf8": (lambda value: bytes(value).decode("utf-8", "replace"), ["BLOB"], "VARCHAR"),
    "py_regexp_group": (_regexp_group, ["VARCHAR", "VARCHAR", "BIGINT"], "VARCHAR"),
    "py_regexp_position": (_regexp_position, ["VARCHAR", "VARCHAR", "BIGINT", "BIGINT"], "BIGINT"),
    "py_format": (_format, None, "VARCHAR"),
    "py_iso8601": (_iso8601, ["VARCHAR"], "VARCHAR"),
    "py_url_part": (_url_part, ["VARCHAR", "VARCHAR"], "VARCHAR"),
    "py_url_parameter": (_url_parameter, ["VARCHAR", "VARCHAR"], "VARCHAR"),
    "py_url_encode": (lambda value: quote_plus(value, safe="*").replace("~", "%7E"), ["VARCHAR"], "VARCHAR"),
    "py_url_decode": (_url_decode, ["VARCHAR"], "VARCHAR"),
    "py_json_parse": (_json_parse, ["VARCHAR"], "VARCHAR"),
    "py_json_of_map": (lambda value: json_text(value, sort=True), None, "VARCHAR"),
    "py_json_of_row": (lambda value: json_text(value, sort=False), None, "VARCHAR"),
    "py_crc32": (lambda value: zlib.crc32(value), ["BLOB"], "BIGINT"),
    "py_sha512": (lambda value: hashlib.sha512(value).digest(), ["BLOB"], "BLOB"),
    "py_hmac_md5": (_hmac("md5"), ["BLOB", "BLOB"], "BLOB"),
    "py_hmac_sha1": (_hmac("sha1"), ["BLOB", "BLOB"], "BLOB"),
    "py_hmac_sha256": (_hmac("sha256"), ["BLOB", "BLOB"], "BLOB"),
    "py_hmac_sha512": (_hmac("sha512"), ["BLOB", "BLOB"], "BLOB"),
    "py_to_base64url": (lambda value: base64.urlsafe_b64encode(value).decode(), ["BLOB"], "VARCHAR"),
    "py_from_base64url": (
        lambda value: _unbase64(value, lambda text: base64.b64decode(text, "-_", validate=True)),
        ["VARCHAR"],
        "BLOB",
    ),
    "py_from_base64": (
        lambda value: _unbase64(value, lambda text: base64.b64decode(text, validate=True)),
        ["VARCHAR"],
        "BLOB",
    ),
    "py_to_base32": (lambda value: base64.b32encode(value).decode(), ["BLOB"], "VARCHAR"),
    "py_from_base32": (lambda value: base64.b32decode(value), ["VARCHAR"], "BLOB"),
    "py_to_big_endian": (lambda value, size: value.to_bytes(size, "big", signed=True), ["BIGINT", "BIGINT"], "BLOB"),
    "py_from_big_endian": (_from_big_endian, ["BLOB", "BIGINT"], "BIGINT"),
}


def register(connection: Any) -> None:
    """Make them known to a DuckDB database."""
    for name, (function, arguments, returns) in FUNCTIONS.items():
        connection.create_function(name, _null_of_null(function), arguments, returns, null_handling="special")


def _null_of_null(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(a: Any, *rest: Any) -> Any:
        if a is None or (None in rest and function is not _format):
            return None
        try:
            return function(a, *rest)
        except _Refused as refused:
            return f"\x1e{refused}"

    if function is _format:
        return call
    # DuckDB counts a function's parameters.
    count = function.__code__.co_argcount
    return {1: lambda a: call(a), 2: lambda a, b: call(a, b), 3: lambda a, b, c: call(a, b, c)}.get(
        count, lambda a, b, c, d: call(a, b, c, d)
    )
