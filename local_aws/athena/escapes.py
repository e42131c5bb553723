"""The escapes in `U&'\\0061'`, held against Trino's rules: https://trino.io/docs/current/language/types.html#varchar"""

import re
from itertools import takewhile
from string import hexdigits

from local_aws.athena.errors import InvalidRequest

# In code whose texts are masked.
_LITERAL = re.compile(r"(?<![\w$])u&'(?P<text>[^']*)'(?:\s*uescape\s*'(?P<escape>[^'])')?", re.IGNORECASE)


def check_escapes(sql: str, code: str) -> None:
    """InvalidRequest for a text with an escape that Trino cannot read; `code` is `sql` with its texts masked."""
    for found in _LITERAL.finditer(code):
        text = sql[slice(*found.span("text"))]
        escape = sql[found.start("escape")] if found["escape"] else "\\"
        if wrong := _wrong_escape(text, escape):
            line = sql.count("\n", 0, found.start()) + 1
            raise InvalidRequest(f"line {line}:{found.start() - sql.rfind(chr(10), 0, found.start())}: {wrong}")


def _wrong_escape(text: str, escape: str) -> str:
    """What Trino says of the first escape that is none."""
    position = text.find(escape)
    while position >= 0:
        after = text[position + 1 :]
        if after.startswith(escape):
            position = text.find(escape, position + 2)
            continue
        needed, digits = (6, after[1:]) if after.startswith("+") else (4, after)
        code = "".join(takewhile(hexdigits.__contains__, digits[:needed]))
        if after and needed == 4 and not code:
            return f"Invalid hexadecimal digit: {after[0]}"
        if len(code) < needed:
            return f"Incomplete escape sequence: {code}"
        if int(code, 16) > 0x10FFFF:
            return f"Invalid escaped character: {code}"
        if 0xD800 <= int(code, 16) < 0xE000:
            return f"Invalid escaped character: {code}. Escaped character is a surrogate. Use '\\+123456' instead."
        position = text.find(escape, position + 1)
    return ""
