"""URLs as java.net.URI takes them apart."""

import re
from urllib.parse import unquote, unquote_plus

from local_aws.athena.failures import invalid

_URI = re.compile(
    r"(?:(?P<protocol>[a-zA-Z][a-zA-Z\d+.-]*):)?(?P<opaque>(?<=:)[^/#][^#]*)?"
    r"(?://(?P<authority>[^/?#]*))?(?P<path>[^?#\[\]]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>[^#]*))?",
    re.DOTALL,
)
_NOT_ALLOWED = re.compile(r"""[\s\x00-\x1f\x7f-\x9f<>"{}|\\^`]|%(?![0-9a-fA-F]{2})""")
# A name with an underscore is none to java.net.URI, nor one whose last part begins with a digit.
_LABEL = r"(?:[a-zA-Z\d-]*[a-zA-Z\d])?"
_SERVER = re.compile(
    rf"(?:[^@]*@)?(?P<host>(?:[a-zA-Z\d]{_LABEL}\.)*[a-zA-Z]{_LABEL}\.?|\d+(?:\.\d+){{3}}|\[.*\])(?::(?P<port>\d{{0,9}}))?",
    re.ASCII,
)


def _parts(url: str) -> dict[str, str | None] | None:
    """What it consists of; None for what is no URI."""
    found = None if _NOT_ALLOWED.search(url) else _URI.fullmatch(url)
    if found is None or re.match(r"[^/?#]*:", found["path"]):
        return None  # such as "1a:b", whose protocol is none
    empty = not (found["opaque"] or found["authority"] or found["path"])
    if empty and (found["protocol"] or found["authority"] == ""):
        return None  # such as "foo:" and "http://"
    server = _SERVER.fullmatch(found["authority"] or "")
    if server is None and "[" in (found["authority"] or ""):
        return None
    return {**found.groupdict(), "host": server and server["host"], "port": server and server["port"]}


def url_part(url: str, part: str) -> str | None:
    """One part; an empty text where the URL has none, except for the port."""
    parts = _parts(url)
    if parts is None or (part == "port" and not parts["port"]):
        return None
    found = parts[part] or ""
    return found if part in ("protocol", "host", "port") else unquote(found)


def url_parameter(url: str, name: str) -> str | None:
    """The first value of a parameter."""
    for pair in ((_parts(url) or {}).get("query") or "").split("&"):
        key, _, value = pair.partition("=")
        if key == name:
            return unquote_plus(value)
    return None


def url_decode(value: str) -> str:
    if re.search(r"%(?![0-9a-fA-F]{2})", value):
        raise invalid("URLDecoder: Illegal hex characters in escape (%) pattern")
    return unquote_plus(value)
