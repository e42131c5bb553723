"""Lines on which something follows the JSON object that is read, as Firehose's objects without delimiter.

"Any text after the close of the JSON object or array is ignored":
https://github.com/trinodb/trino/tree/master/lib/trino-hive-formats/src/main/java/io/trino/hive/formats/line/openxjson
"""

import json
from pathlib import Path
from typing import Any


def keep_first_values(connection: Any, lines: str) -> bool:
    """Rewrite the copies that have such lines, and say whether there were any; `lines` is a query of line and file."""
    found = connection.execute(
        f"SELECT DISTINCT file FROM ({lines}) WHERE is_json_line(line) AND NOT json_valid(line)"
    ).fetchall()
    return sum(_rewrite(Path(file)) for (file,) in found) > 0


def _rewrite(path: Path) -> bool:
    target, changed = path.with_suffix(".first"), False
    with path.open(encoding="utf-8", newline="\n") as given, target.open("w", encoding="utf-8", newline="") as kept:
        for line in given:
            value = _first_value(line.rstrip("\n"))
            changed = changed or f"{value}\n" != line
            kept.write(f"{value}\n")
    target.replace(path)
    return changed


def _first_value(line: str) -> str:
    """The object or array at the start of a line; the line itself if there is none.

    >>> _first_value('{"a": "}"} {"a": 2}'), _first_value('{"a": 1'), _first_value("x {}")
    ('{"a": "}"}', '{"a": 1', 'x {}')
    """
    text = line.lstrip(" \t")
    if not text.startswith(("{", "[")):
        return line
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return line
    return line if not text[end:].strip() else text[:end]
