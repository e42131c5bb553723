"""The patterns by which Glue's API chooses tables and functions."""

import re

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
