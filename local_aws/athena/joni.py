"""Where Trino's regular expressions (Joni, Java's syntax) and DuckDB's (RE2) may differ.

https://trino.io/docs/current/functions/regexp.html, https://github.com/google/re2/wiki/Syntax
"""

import re

from local_aws.athena.failures import Refused, invalid

# One letter, however it is written: an escape or a class.
_LETTER = re.compile(r"\\[pP]\{\^?\w+\}|\\x\w\w|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:[dDsSwWbBAztnrfa_\W]|x[0-7][0-9a-fA-F]|[pP]\{[A-Z][a-z]?\})", re.DOTALL)
_GROUP = re.compile(r"\((?!\?)|\(\?<[A-Za-z]")


def odd_pattern(pattern: str) -> str | None:
    """What in a pattern is refused, None if both read it alike.

    >>> odd_pattern("[a-d&&[^b]]"), odd_pattern("(?i)[a-z]+")
    ('a class in a class', None)
    """
    letters, rest = _LETTER.findall(pattern), _LETTER.sub("x", pattern)
    classes = [letter for letter in letters if letter.startswith("[")]
    if any("&&" in each or re.search(r"(?<!\\)\[", each[1:]) for each in classes):
        return "a class in a class"
    escapes = re.findall(r"\\(?:[pP]\{\^?\w+\}|x\w\w|.)", "".join(letters), re.DOTALL)
    if not all(map(_ESCAPE.match, escapes)):
        return "an escape"
    if re.search(r"\(\?(?!(?:[is]*(?:-[is]+)?[:)]|<[A-Za-z]))", rest):
        return "what begins with (?"
    if {len(each) > 1 for each in _GROUP.findall(rest)} == {True, False}:
        return "groups with and without a name"
    if re.search(r"\{(?!\d+(?:,\d*)?\})", rest):
        return "a brace that is no count"
    if not pattern.isascii() and re.search(r"\(\?s*i", rest):
        return "a comparison without case of such letters"
    return None


def is_unicode(pattern: str) -> bool:
    """Whether it means more to Joni than to RE2 in texts that are not ASCII."""
    return bool(re.search(r"\\[wWdDsSbB]|\(\?s*i", pattern.replace(r"\\", "")))


def groups(pattern: str) -> int:
    """How many groups a pattern has.

    >>> groups(r"(a)(?:b)\\([(]")
    1
    """
    return len(_GROUP.findall(_LETTER.sub("x", pattern)))


def may_be_empty(pattern: str) -> bool:
    """Whether a pattern may match the empty text; Joni finds empty matches that DuckDB passes over.

    >>> [may_be_empty(each) for each in ("a*", "([0-9]{2})$", r"a|\\b", "(x*)+y?", "a(b?)*")]
    [True, False, True, True, False]
    """
    rest = _LETTER.sub(lambda letter: "" if letter[0] in (r"\A", r"\b", r"\B", r"\z") else "x", pattern)
    rest = re.sub(r"[\^$]", "", rest)
    group = re.compile(r"\((?:\?[-a-z]*:|\?<\w+>|\?[-a-z]+(?=\)))?([^()]*)\)((?:[*?]|\{0*(?:,\d*)?\})[?+]?)?")
    while found := group.search(rest):
        solid = _is_solid(found[1]) and not found[2]
        rest = rest[: found.start()] + "x" * solid + rest[found.end() :]
    return not _is_solid(rest)


def _is_solid(alternatives: str) -> bool:
    """Whether a letter must stand in each alternative."""
    optional = r"[^*+?{}](?:[*?]|\{0*(?:,\d*)?\})[?+]?"
    return all(re.sub(rf"{optional}|[*+?]|\{{[\d,]*\}}", "", each) for each in alternatives.split("|"))


def compiles(pattern: str) -> bool:
    """Whether Python reads a pattern too."""
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def regexp_group(value: str, pattern: str, group: int) -> str | None:
    """For what RE2 gives as an empty text: an empty match, or a group that took no part."""
    if not compiles(pattern):
        raise Refused("a group of this regular expression")
    found = re.compile(pattern, re.ASCII)
    if not 0 <= group <= found.groups:
        raise invalid(f"Pattern has {found.groups} groups. Cannot access group {group}")
    match = found.search(value)
    return match[group] if match else None


def regexp_position(value: str, pattern: str, start: int, occurrence: int) -> int:
    """Where the n-th match begins, -1 for nowhere."""
    if start < 1 or occurrence < 1:
        raise invalid("start position cannot be smaller than 1" if start < 1 else "occurrence cannot be smaller than 1")
    for number, match in enumerate(re.compile(pattern, re.ASCII).finditer(value, start - 1), 1):
        if number == occurrence:
            return match.start() + 1
    return -1
