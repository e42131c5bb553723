"""The OpenX JSON SerDe, and Hive's, which takes less: a value of another type than its column's is refused.

https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
https://docs.aws.amazon.com/athena/latest/ug/hive-json-serde.html
"""

import json
from collections.abc import Callable
from typing import Any

from local_aws.athena.conversion import convert, convert_or_null, convert_or_refuse, identifier, literal, rebuild
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.first_values import keep_first_values
from local_aws.athena.json_keys import Keys, refuse_numbered_keys, structure_of
from local_aws.athena.types import Type


def json_columns(
    connection: Any,
    lines: str,
    columns: list[tuple[str, Type]],
    parameters: dict[str, str],
    hive_names: set[str] | None,
) -> tuple[list[str], str]:
    """(an expression for each column, the query they are taken from); `lines` gives `line` and `file`.

    `hive_names` are the names of all columns of the table if it is one of Hive's SerDe.
    """
    strict = hive_names is not None
    if strict:
        _refuse_of_hive(columns, parameters)
        parameters = {}
    names = Keys.of(parameters)
    keys, irregular = _top_level_keys(connection, lines, names.fold, parameters, strict)
    if hive_names is not None:
        refuse_numbered_keys(keys, hive_names)
    lenient = parameters.get("use.null.for.invalid.data", "false").lower() == "true"
    sources = {"line": "line", "quoted": "CASE WHEN has_fraction(line) THEN quote_numbers(line) ELSE line END"}
    if irregular:
        sources = {
            name: f"CASE WHEN is_json_line(line) AND json_valid(line) THEN {text} END" for name, text in sources.items()
        }
    documents = _Documents()
    expressions = []
    for name, kind in columns:
        parts = []
        for key in names.matching(name, keys):
            spellings = _key_spellings(connection, lines, key) if strict or kind.contains("struct") else []
            for each in spellings if strict else ():
                if not (kind.nested and each == "JSON"):  # an empty object
                    _need_type(kind, each, name)
            stored = names.stored(kind, spellings)
            value = documents.take("quoted" if kind.nested else "line", key, structure_of(stored))
            parts.append(
                _nested(value, key, kind, name, stored, lenient)
                if kind.nested
                else _scalar(value, key, kind, name, strict, lenient)
            )
        expressions.append(f"coalesce({', '.join(parts)})" if parts else "NULL")
    used = sorted(documents.sources | {"line"})
    inner = ", ".join(f"{sources[name]} AS {name}" for name in used)
    return (
        expressions,
        f"SELECT file, {', '.join([*used, *documents.calls()])} FROM (SELECT file, {inner} FROM ({lines}))",
    )


def _refuse_of_hive(columns: list[tuple[str, Type]], parameters: dict[str, str]) -> None:
    """Refuse properties that are not done, and binary, which is the text's bytes to Hive and base64 to OpenX."""
    for name in {"ignore.malformed.json", "timestamp.formats"} & set(parameters):
        raise CannotTranslate(f"{name} of Hive's JSON SerDe")
    for name, kind in columns:
        if kind.contains("binary"):
            raise CannotTranslate(f"{kind.hive()} in Hive's JSON SerDe (column '{name}')")


class _Documents:
    """The json_transform calls that take the members out, each parsing a line once."""

    def __init__(self) -> None:
        self._structures: list[tuple[str, dict[str, Any]]] = []

    @property
    def sources(self) -> set[str]:
        return {source for source, _ in self._structures}

    def take(self, source: str, key: str, shape: Any) -> str:
        """Where a member will be. `Id` and `id` are taken apart: members of a DuckDB struct differ in more than case."""  # noqa: E501
        for number, (known, structure) in enumerate(self._structures):
            if known == source and key.lower() not in map(str.lower, structure):
                structure[key] = shape
                return f"json{number}.{identifier(key)}"
        self._structures.append((source, {key: shape}))
        return f"json{len(self._structures) - 1}.{identifier(key)}"

    def calls(self) -> list[str]:
        return [
            f"json_transform({source}, {literal(json.dumps(structure))}) AS json{number}"
            for number, (source, structure) in enumerate(self._structures)
        ]


def _top_level_keys(
    connection: Any, lines: str, fold: Callable[[str], str], parameters: dict[str, str], strict: bool
) -> tuple[set[str], bool]:
    """(every key of every line, whether some lines are no JSON); a malformed line or a duplicate key fails here."""
    found: set[str] = set()
    irregular = False
    for (keys,) in connection.execute(f"SELECT DISTINCT try(json_keys(line)) FROM ({lines})").fetchall():
        if not keys:
            irregular = True
            continue
        folded = [fold(key) for key in keys]
        if len(set(folded)) < len(folded):
            twice = next(key for index, key in enumerate(folded) if key in folded[:index])
            raise QueryFailed(
                f'HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: Duplicate key "{twice}"'
            )
        found.update(keys)
    if irregular and keep_first_values(connection, lines):
        return _top_level_keys(connection, lines, fold, parameters, strict)
    if (
        irregular
        and connection.execute(
            f"SELECT 1 FROM ({lines}) WHERE json_type(CASE WHEN json_valid(line) THEN line END) = 'ARRAY' LIMIT 1"
        ).fetchone()
    ):
        raise CannotTranslate("a line that is a JSON array, whose members are the columns by position")
    if irregular and parameters.get("ignore.malformed.json", "false").lower() != "true":
        bad = "NOT json_valid(line)" if strict else "is_json_line(line) AND NOT json_valid(line)"
        malformed = connection.execute(f"SELECT left(line, 200) FROM ({lines}) WHERE {bad} LIMIT 1").fetchone()
        if malformed:
            raise QueryFailed(f"HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: {malformed[0]}")
    if strict:
        _refuse_lenient_json(connection, lines)
    return found, irregular


# What DuckDB takes for JSON and Jackson, as Hive uses it, does not; so it may stand in a text too.
_LENIENT = r"(?i)[:\[,]\s*-?(nan|inf)|,\s*[}\]]"


def _refuse_lenient_json(connection: Any, lines: str) -> None:
    """A number that is none, or a comma after the last member, ends the query."""
    without_texts = r"""regexp_replace(line, '"(?:[^"\\]|\\.)*"', '""', 'g')"""
    matches = f"regexp_matches(line, {literal(_LENIENT)}) AND regexp_matches({without_texts}, {literal(_LENIENT)})"
    found = connection.execute(f"SELECT left(line, 200) FROM ({lines}) WHERE {matches} LIMIT 1").fetchone()
    if found:
        raise QueryFailed(f"HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: {found[0]}")


def _path(key: str) -> str:
    return literal("$." + json.dumps(key, ensure_ascii=False))


# The types of json_structure that are taken as a column's type; as any other, text.
_HIVE_SCALARS: dict[str, tuple[str, ...]] = {"boolean": ("BOOLEAN",)}
_INTEGERS = ("tinyint", "smallint", "int", "bigint")
_HIVE_SCALARS |= dict.fromkeys(_INTEGERS, ("UBIGINT", "BIGINT"))
_HIVE_SCALARS |= dict.fromkeys(("float", "double", "decimal"), ("UBIGINT", "BIGINT", "DOUBLE"))
_HIVE_TIMES = {"date": "[0-9]{4}-[0-9]{2}-[0-9]{2}"}
_HIVE_TIMES["timestamp"] = _HIVE_TIMES["date"] + r" [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"


def _need_type(kind: Type, found: Any, column: str) -> None:
    """Refuse what is of another type in a line than in the table; `found` is a json_structure."""
    if found == "NULL":
        return
    if kind.name == "array" and isinstance(found, list):
        inner = [(kind.fields[0][1], found[0])]
    elif kind.name in ("struct", "map") and isinstance(found, dict):
        members = dict(kind.fields)
        if kind.name == "struct":
            refuse_numbered_keys(found, set(members))
        inner = [(members.get(key.lower()) or kind.fields[-1][1], each) for key, each in found.items()
                 if kind.name == "map" or key.lower() in members]  # fmt: skip
    elif kind.nested or found not in _HIVE_SCALARS.get(kind.name, ("VARCHAR",)):
        raise CannotTranslate(f"a value of another type than {kind.hive()} in JSON (column '{column}')")
    else:
        return
    for member, each in inner:
        if member.name in _HIVE_TIMES:
            raise CannotTranslate(f"{kind.hive()} in Hive's JSON SerDe")
        _need_type(member, each, column)


def _scalar(value: str, key: str, kind: Type, name: str, strict: bool, lenient: bool) -> str:
    """Where the text counts, a number that DuckDB would print anew is taken from the line with its digits."""
    if kind.name in ("string", "varchar", "char", "decimal"):
        value = f"{'exact_decimal' if kind.name == 'decimal' else 'exact_text'}({value}, line, {_path(key)})"
    if kind.name in _INTEGERS and not strict:
        value = f"openx_integer({value})"
    if strict and kind.name in _HIVE_TIMES:
        refusal = f"refuse('the {kind.name} in JSON: ' || {value})"
        value = f"CASE WHEN {value} IS NULL OR regexp_full_match({value}, {literal(_HIVE_TIMES[kind.name])}) THEN {value} ELSE CAST({refusal} AS VARCHAR) END"  # noqa: E501
        if kind.name == "timestamp":
            return f"must_fit({value}, TRY_CAST({value} AS TIMESTAMP), {literal(name)})"
    return convert_or_null(value, kind, name) if lenient else convert(value, kind, name)


def _nested(value: str, key: str, kind: Type, name: str, stored: Type, lenient: bool) -> str:
    """`lenient` makes NULL of what is no value of its type: here it isn't known whether of a member or of all."""
    of_type = f"json_type(quoted, {_path(key)})"
    expected = "'ARRAY'" if kind.name == "array" else "'OBJECT'"
    refused = literal(f"a value of another type than {kind.hive()} in JSON (column '{name}'): ")

    def leaf(text: str, member: Type) -> str:
        text = f"json_text({text})"
        if member.name in _INTEGERS:
            text = f"openx_integer({text})"
        return convert_or_refuse(text, member, refused) if lenient else convert(text, member, name)

    # A map with one key twice is NULL in DuckDB.
    return (
        f"CASE WHEN {of_type} IS NULL OR {of_type} = 'NULL' THEN NULL WHEN {of_type} = {expected} AND {value} IS NOT NULL THEN "  # noqa: E501
        f"{rebuild(value, kind, leaf, stored)} "
        f"ELSE refuse({refused} || json_text(json_extract_string(quoted, {_path(key)}))) END"
    )


def _key_spellings(connection: Any, lines: str, key: str) -> list[Any]:
    """The structures a member takes, to find the case of keys inside it."""
    path = literal("$." + json.dumps(key, ensure_ascii=False))
    rows = connection.execute(
        f"SELECT DISTINCT json_structure(json_extract(line, {path})) FROM ({lines}) WHERE is_json_line(line) AND json_valid(line)"  # noqa: E501
    )
    return [json.loads(row) for (row,) in rows.fetchall() if row is not None]
