"""Patterns that choose databases, tables and functions by their names."""

import re

from local_aws.athena.errors import CannotTranslate, ddl_failed
from local_aws.athena.joni import odd_pattern
from local_aws.athena.statements import Tokens

# The parts of a regular expression: an escape, a quotation, a class of characters, or one character.
_PART = re.compile(r"\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)


def regular_expression(pattern: str) -> str:
    """A pattern with each of Hive's `*`, which stands for any characters, as `.*`.

    Glue's API takes regular expressions, and awswrangler, among others, sends it `logs*` and `*logs*`, and is answered.
    A `*` repeats only what it could repeat on purpose: `.`, a class, a group or an escape.
    https://docs.aws.amazon.com/glue/latest/webapi/API_GetTables.html

    >>> regular_expression("logs*"), regular_expression("logs_.*|[a-z]*")
    ('logs.*', 'logs_.*|[a-z]*')
    """
    parts, before = [], ""
    for part in _PART.findall(pattern):
        repeats = before in (".", ")") or len(before) > 1
        if part.startswith("\\Q"):  # Java's quotation, which Python doesn't have
            parts.append(re.escape(part[2:].removesuffix("\\E")))
        else:
            parts.append(".*" if part == "*" and not repeats else part)
        before = part
    return "".join(parts)


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern describes the whole of a name; a ValueError if it is none."""
    try:
        return re.fullmatch(regular_expression(pattern), name) is not None
    except re.error as error:
        raise ValueError(f"{pattern} is not a regular expression") from error


def like(tokens: Tokens, names: list[str]) -> list[str]:
    """The names that `[LIKE] 'pattern'`, in which `*` stands for any characters and `|` for a choice, leaves.

    https://docs.aws.amazon.com/athena/latest/ug/show-tables.html
    """
    if tokens.ended:
        return names
    tokens.accept("LIKE")
    pattern = tokens.string()
    try:
        wanted = re.compile(pattern.replace(".*", "*").replace("*", ".*"))
    except re.error as error:
        raise CannotTranslate(f"the pattern '{pattern}'") from error
    return [name for name in names if wanted.fullmatch(name)]


def like_in_java(tokens: Tokens, names: list[str]) -> list[str]:
    """The names that `LIKE 'pattern'`, a regular expression of Java's, leaves; `*` alone leaves all.

    https://docs.aws.amazon.com/athena/latest/ug/show-databases.html
    """
    if tokens.ended:
        return names
    tokens.accept("LIKE")
    pattern = tokens.string()
    if pattern == "*":
        return names
    if problem := _javas_problem(pattern):
        exception = f"java.util.regex.PatternSyntaxException: {problem}\n{pattern}"
        raise ddl_failed(f"MetaException(message:Unable to get databases: {exception})")
    if odd := odd_pattern(pattern):
        raise CannotTranslate(f"{odd} in a pattern of databases")
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        raise CannotTranslate(f"the pattern '{pattern}'") from error
    return [name for name in names if wanted.fullmatch(name)]


def _javas_problem(pattern: str) -> str | None:
    """What Java says of two kinds of patterns that are none."""
    if pattern[:1] in ("*", "+", "?"):
        return f"Dangling meta character '{pattern[0]}' near index 0"
    try:
        re.compile(pattern)
    except re.error as error:
        if error.msg.startswith("missing ), unterminated subpattern"):
            return f"Unclosed group near index {len(pattern)}"
    return None
