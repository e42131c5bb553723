"""Patterns written as literals: MySQL's and Joda's date formats as strftime's; JSONPath, replacements as DuckDB's."""

import re

from sqlglot import exp

from local_aws.athena.errors import CannotTranslate, QueryFailed

# https://trino.io/docs/current/functions/datetime.html#mysql-date-functions
_MYSQL = {
    "a": "%a", "b": "%b", "c": "%-m", "d": "%d", "e": "%-d", "f": "%f", "H": "%H", "h": "%I", "I": "%I", "i": "%M",
    "j": "%j", "k": "%-H", "l": "%-I", "M": "%B", "m": "%m", "p": "%p", "r": "%I:%M:%S %p", "S": "%S", "s": "%S",
    "T": "%H:%M:%S", "v": "%V", "W": "%A", "x": "%G", "Y": "%Y", "y": "%y", "%": "%%",
}  # fmt: skip
# https://www.joda.org/joda-time/apidocs/org/joda/time/format/DateTimeFormat.html
_JODA = {
    "yyyy": "%Y", "YYYY": "%Y", "y": "%Y", "yy": "%y", "xxxx": "%G", "MM": "%m", "M": "%-m", "MMM": "%b", "MMMM": "%B",
    "dd": "%d", "d": "%-d", "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M", "m": "%-M", "ss": "%S",
    "s": "%-S", "SSS": "%g", "SSSSSS": "%f", "a": "%p", "E": "%a", "EE": "%a", "EEE": "%a", "EEEE": "%A", "ww": "%V",
    "e": "%u", "DDD": "%j",
}  # fmt: skip
# What Joda and DuckDB read alike for a field of a date, and what Joda may read too: fewer digits, a sign, other names.
_MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
]  # fmt: skip
_ANY_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS)
_FIELDS = {
    "Y": (r"[1-9]\d{3}", r"[-+]?\d{1,9}"), "y": (r"\d{2}", r"\d{2}"), "S": (r"[0-5]?\d", r"[0-5]?\d"),
    "f": (r"\d{1,6}", r"\d*"), "g": (r"\d{3}", r"\d*"), "p": ("AM|PM|am|pm", "[APap][Mm]"), "%": ("%", "%"),
    # Trino's zones end at 14 hours from UTC.
    "z": (r"[-+](?:0\d|1[0-3]):?[0-5]\d", r"z|[-+](?:[01]\d|2[0-3]).*"),
    "b": ("|".join(name[:3] for name in _MONTHS), _ANY_MONTH), "B": ("|".join(_MONTHS), _ANY_MONTH),
    **dict.fromkeys("mdHIM", (r"\d{1,2}", r"\d{1,2}")),
}  # fmt: skip
# Trino's steps: a name, or anything in brackets and double quotes.
_STEP = re.compile(r'\.([\w:]+)|\[(\w+)\]|\["((?:[^"\\]|\\["\\])*)"\]')


def _text(node: exp.Expr, what: str) -> str:
    if not (isinstance(node, exp.Literal) and node.is_string):
        raise CannotTranslate(f"{what} that is not a literal")
    return node.name


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def mysql_format(node: exp.Expr) -> str:
    """`%Y-%m-%d %H:%i` as a strftime literal."""

    def convert(match: re.Match[str]) -> str:
        if match[1] in "DUuVwX":
            raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: %{match[1]} not supported in date format string")
        return _MYSQL.get(match[1], match[1])

    return _quoted(re.sub(r"%(.)", convert, _text(node, "a date format")))


def joda_format(node: exp.Expr) -> str:
    """`yyyy-MM-dd''T''HH:mm` as a strftime literal."""
    result = ""
    for match in re.finditer(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|([^A-Za-z'])", _text(node, "a date format")):
        quoted, letters, other = match[1], match[2], match[4]
        if letters:
            if letters not in _JODA:
                raise CannotTranslate(f"{letters} in a date format")
            result += _JODA[letters]
        else:
            plain = other if other else (quoted.replace("''", "'") if quoted else "'")
            result += plain.replace("%", "%%")
    return _quoted(result)


def readable(strftime: str) -> tuple[str, str]:
    """Literals of two regular expressions for dates in a format: those that are read here, and all that Joda may read.

    >>> readable("'%Y-%m'")
    ("'(?:[1-9]\\\\d{3})\\\\-(?:\\\\d{1,2})'", "'(?i)(?:[-+]?\\\\d{1,9})\\\\-(?:\\\\d{1,2})'")
    """
    parts = re.findall(r"%-?([A-Za-z%])|(.)", strftime[1:-1].replace("''", "'"), re.DOTALL)
    if odd := {field for field, _ in parts if field} - _FIELDS.keys():
        raise CannotTranslate(f"the reading of dates with %{min(odd)}")
    if {"H", "p"} <= {field for field, _ in parts}:
        raise CannotTranslate("the reading of dates with both 24 hours and AM or PM")
    here, joda = ("".join(f"(?:{_FIELDS[f][n]})" if f else re.escape(c) for f, c in parts) for n in (0, 1))
    return _quoted(here), _quoted(f"(?i){joda}")


def regexp_rewrite(node: exp.Expr, groups: int) -> str | None:
    """Java's replacement `$1 \\$` as RE2's literal `\\1 $`; None for one that fails where it replaces something."""
    text = _text(node, "a replacement")
    references = [int(group) for group in re.findall(rf"\$({_reference(groups)})", re.sub(r"\\.", "", text))]
    if not re.fullmatch(r"(?:[^\\$]|\\.|\$[\d{])*", text, re.DOTALL) or max(references, default=0) > groups:
        return None
    if groups > 9 and references:
        raise CannotTranslate("a replacement for a regular expression of more than nine groups")

    def convert(match: re.Match[str]) -> str:
        if match[1]:
            return "\\\\" if match[1] == "\\" else match[1]
        if not match[2].isdigit():
            raise CannotTranslate("a named group in a replacement")
        return f"\\{int(match[2])}"

    return _quoted(re.sub(rf"\\(.)|\$({_reference(groups)}|\{{)", convert, text, flags=re.DOTALL))


def _reference(groups: int) -> str:
    """A group's number in a replacement; a zero before it belongs to it if there is such a group."""
    return rf"0[1-{min(groups, 9)}]|\d" if groups else r"\d"


def json_path(node: exp.Expr) -> str:
    """`$.a["b c"][0]` as DuckDB's pointer `'/a/b c/0'`, which too takes a number as an index or as a key."""
    path = _text(node, "a JSON path")
    position, result = 1, ""
    while position < len(path) or not path.startswith("$"):
        step = _STEP.match(path, position) if path.startswith("$") else None
        if step is None and re.search(r"[*?]|\.\.", path):
            raise CannotTranslate(f"the JSON path {path}")
        if step is None:
            raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: Invalid JSON path: '{path}'")
        key = step[1] or step[2] or re.sub(r"\\(.)", r"\1", step[3] or "")
        if re.fullmatch(r"[-+]\d+|0\d+", key):
            raise CannotTranslate(f"the JSON path {path}")  # Java reads an index in it
        result += "/" + key.replace("~", "~0").replace("/", "~1")
        position = step.end()
    return _quoted(result or "$")
