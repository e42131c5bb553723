"""Patterns written as literals: MySQL's and Joda's date formats as strftime's, JSONPath as DuckDB's."""

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


def regexp_rewrite(node: exp.Expr) -> str:
    """Java's replacement `$1 \\$` as RE2's literal `\\1 $`."""

    def convert(match: re.Match[str]) -> str:
        if match[1]:
            return "\\\\" if match[1] == "\\" else match[1]
        if not match[2].isdigit():
            raise CannotTranslate("a named group in a replacement")
        return f"\\{match[2]}"

    return _quoted(re.sub(r"\\(.)|\$(\d|\{)", convert, _text(node, "a replacement")))


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
