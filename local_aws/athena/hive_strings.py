"""The strings of Hive's DDL: how they are written, what they mean, and how they are shown."""

import re

# One string of Hive may be several side by side, and both quotes make one.
# https://github.com/apache/hive/blob/0049a21f5442/ql/src/java/org/apache/hadoop/hive/ql/parse/HiveLexer.g
HIVE_STRING = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
# https://cwiki.apache.org/confluence/display/Hive/LanguageManual+Types#LanguageManualTypes-StringsstringStrings
_ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|[0-1][0-7]{2}|.)", re.DOTALL)
_ESCAPES = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a", "%": "\\%", "_": "\\_"}


def _unescaped(found: re.Match[str]) -> str:
    mark = found[1]
    if len(mark) > 1:
        return chr(int(mark[1:], 16) if mark[0] == "u" else int(mark, 8))
    return _ESCAPES.get(mark, mark)


def hive_text(written: str) -> str:
    """What Hive's strings side by side mean, as its BaseSemanticAnalyzer.unescapeSQLString has it."""
    strings = re.findall(HIVE_STRING, written, re.DOTALL)
    return "".join(_ESCAPED.sub(_unescaped, string[1:-1]) for string in strings)


def escaped(text: str) -> str:
    """As Hive shows a text between quotes."""
    shown = (
        text.replace("\\", "\\\\").replace("'", "\\'").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    )
    return re.sub(r"[\x00-\x1f]", lambda mark: f"\\u{ord(mark[0]):04x}", shown)
