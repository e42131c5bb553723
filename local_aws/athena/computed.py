"""The functions that Python computes, where DuckDB has none or answers otherwise.

`FUNCTIONS` names them with the DuckDB types of their arguments (None: any) and of their result. A ValueError's text is
Athena's reason.
"""

import base64
import hashlib
import hmac
import re
import unicodedata
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from local_aws.athena import iso8601, joni, json_text, numerals, strings, urls
from local_aws.athena.failures import Refused, invalid
from local_aws.athena.java_format import java_format
from local_aws.athena.numerals import real_text

__all__ = ["FUNCTIONS", "real_text", "register"]


def _unbase64(value: str, signs: str) -> bytes:
    """https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/Base64.Decoder.html"""
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), signs, validate=True)
    except ValueError:
        illegal = re.search(rf"[^A-Za-z0-9={re.escape(signs)}]", value)
        reason = f"Illegal base64 character {ord(illegal[0]):x}" if illegal else ""
        raise invalid(reason or "Last unit does not have enough valid bits") from None


def _unbase32(value: str) -> bytes:
    try:
        return base64.b32decode(value)
    except ValueError:
        raise invalid(f"Cannot decode base32: '{value}'") from None


def _from_big_endian(value: bytes, size: int) -> int:
    if len(value) != size:
        raise invalid(f"expected {size}-byte input, but got instead: {len(value)}")
    return int.from_bytes(value, "big", signed=True)


def _from_utf8(value: bytes) -> str:
    if re.search(rb"\xed[\xa0-\xbf]", value):
        raise Refused("from_utf8 of surrogates")
    return bytes(value).decode("utf-8", "replace")


def _hmac(algorithm: str) -> Callable[[bytes, bytes], bytes]:
    return lambda value, key: hmac.new(key, value, algorithm).digest()


FUNCTIONS: dict[str, tuple[Callable[..., Any], list[str] | None, str]] = {
    "double_text": (lambda value: numerals.standard_text(value), ["DOUBLE"], "VARCHAR"),
    "real_text": (lambda value: numerals.standard_text(value, 6), ["DOUBLE"], "VARCHAR"),
    "py_from_base": (numerals.from_base, ["VARCHAR", "BIGINT"], "BIGINT"),
    "py_bucket_among": (numerals.bucket_among, ["DOUBLE", "DOUBLE[]"], "BIGINT"),
    "py_width_bucket": (numerals.width_bucket, ["DOUBLE", "DOUBLE", "DOUBLE", "BIGINT"], "BIGINT"),
    "py_format_number": (numerals.format_number, ["DOUBLE"], "VARCHAR"),
    "py_parse_data_size": (numerals.parse_data_size, ["VARCHAR"], "DECIMAL(38,0)"),
    "py_human_readable_seconds": (numerals.human_readable_seconds, ["DOUBLE"], "VARCHAR"),
    "py_luhn_check": (numerals.luhn_check, ["VARCHAR"], "BOOLEAN"),
    "py_soundex": (strings.soundex, ["VARCHAR"], "VARCHAR"),
    "py_upper": (strings.change_case(str.upper), ["VARCHAR"], "VARCHAR"),
    "py_lower": (strings.change_case(str.lower), ["VARCHAR"], "VARCHAR"),
    "py_strpos": (strings.strpos, ["VARCHAR", "VARCHAR", "BIGINT"], "BIGINT"),
    "py_split": (strings.split, ["VARCHAR", "VARCHAR", "BIGINT"], "VARCHAR[]"),
    "py_split_entries": (
        strings.split_entries,
        ["VARCHAR", "VARCHAR", "VARCHAR", "BOOLEAN"],
        "STRUCT(k VARCHAR, v VARCHAR)[]",
    ),
    "py_reverse": (lambda value: value[::-1], ["VARCHAR"], "VARCHAR"),
    "py_replace": (lambda value, old, new: value.replace(old, new), ["VARCHAR", "VARCHAR", "VARCHAR"], "VARCHAR"),
    "py_normalize": (lambda value, form: unicodedata.normalize(form, value), ["VARCHAR", "VARCHAR"], "VARCHAR"),
    "py_levenshtein": (strings.levenshtein, ["VARCHAR", "VARCHAR"], "BIGINT"),
    "py_hamming": (strings.hamming, ["VARCHAR", "VARCHAR"], "BIGINT"),
    "py_from_utf8": (_from_utf8, ["BLOB"], "VARCHAR"),
    "py_pattern": (lambda pattern: joni.odd_pattern(pattern) or "", ["VARCHAR"], "VARCHAR"),
    "py_regexp_group": (joni.regexp_group, ["VARCHAR", "VARCHAR", "BIGINT"], "VARCHAR"),
    "py_regexp_position": (joni.regexp_position, ["VARCHAR", "VARCHAR", "BIGINT", "BIGINT"], "BIGINT"),
    "py_format": (java_format, None, "VARCHAR"),
    "py_iso8601": (iso8601.iso8601, ["VARCHAR"], "VARCHAR"),
    "py_url_part": (urls.url_part, ["VARCHAR", "VARCHAR"], "VARCHAR"),
    "py_url_parameter": (urls.url_parameter, ["VARCHAR", "VARCHAR"], "VARCHAR"),
    "py_url_encode": (lambda value: quote_plus(value, safe="*").replace("~", "%7E"), ["VARCHAR"], "VARCHAR"),
    "py_url_decode": (urls.url_decode, ["VARCHAR"], "VARCHAR"),
    "py_java_fractions": (json_text.java_fractions, ["VARCHAR"], "VARCHAR"),
    "py_json_parse": (json_text.json_parse, ["VARCHAR"], "VARCHAR"),
    # Of a pair in a list, so that both have one type.
    "py_equal": (lambda pair: pair[0] == pair[1], None, "BOOLEAN"),
    "py_json_of_map": (lambda value: json_text.json_text(value, sort=True), None, "VARCHAR"),
    "py_json_of_row": (lambda value: json_text.json_text(value, sort=False), None, "VARCHAR"),
    "py_crc32": (lambda value: zlib.crc32(value), ["BLOB"], "BIGINT"),
    "py_sha512": (lambda value: hashlib.sha512(value).digest(), ["BLOB"], "BLOB"),
    "py_hmac_md5": (_hmac("md5"), ["BLOB", "BLOB"], "BLOB"),
    "py_hmac_sha1": (_hmac("sha1"), ["BLOB", "BLOB"], "BLOB"),
    "py_hmac_sha256": (_hmac("sha256"), ["BLOB", "BLOB"], "BLOB"),
    "py_hmac_sha512": (_hmac("sha512"), ["BLOB", "BLOB"], "BLOB"),
    "py_to_base64url": (lambda value: base64.urlsafe_b64encode(value).decode(), ["BLOB"], "VARCHAR"),
    "py_from_base64url": (lambda value: _unbase64(value, "-_"), ["VARCHAR"], "BLOB"),
    "py_from_base64": (lambda value: _unbase64(value, "+/"), ["VARCHAR"], "BLOB"),
    "py_to_base32": (lambda value: base64.b32encode(value).decode(), ["BLOB"], "VARCHAR"),
    "py_from_base32": (_unbase32, ["VARCHAR"], "BLOB"),
    "py_to_big_endian": (lambda value, size: value.to_bytes(size, "big", signed=True), ["BIGINT", "BIGINT"], "BLOB"),
    "py_from_big_endian": (_from_big_endian, ["BLOB", "BIGINT"], "BIGINT"),
}


def register(connection: Any) -> None:
    """Make them known to a DuckDB database."""
    for name, (function, arguments, returns) in FUNCTIONS.items():
        connection.create_function(name, _null_of_null(function), arguments, returns, null_handling="special")


def _null_of_null(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(a: Any, *rest: Any) -> Any:
        if a is None or (None in rest and function is not java_format):
            return None
        try:
            return function(a, *rest)
        except Refused as refused:
            return f"\x1e{refused}"

    if function is java_format:
        return call
    # DuckDB counts a function's parameters.
    count = function.__code__.co_argcount
    return {1: lambda a: call(a), 2: lambda a, b: call(a, b), 3: lambda a, b, c: call(a, b, c)}.get(
        count, lambda a, b, c, d: call(a, b, c, d)
    )
