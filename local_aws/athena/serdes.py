"""From a format to rows: the DuckDB query that reads copied objects the way a SerDe would.

Text formats are read as whole lines first and taken apart by expressions over `line`, so that what a column holds, and
what is an error, is decided here and not by a reader's guess.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from local_aws.athena.catalog import Descriptor
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.storage import EMPTY_LINE, S3Object, Scratch
from local_aws.athena.types import Type

OPENX = "org.openx.data.jsonserde.JsonSerDe"
JSON_SERDES = {OPENX, "org.apache.hive.hcatalog.data.JsonSerDe", "org.apache.hadoop.hive.serde2.JsonSerDe"}
LAZY_SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
REGEX_SERDES = {"org.apache.hadoop.hive.serde2.RegexSerDe", "org.apache.hadoop.hive.contrib.serde2.RegexSerDe"}
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


def literal(text: str) -> str:
    """A DuckDB string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A DuckDB quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def read(
    connection: Any, scratch: Scratch, descriptor: Descriptor, objects: list[S3Object], needed: set[str]
) -> tuple[str, list[str], int]:
    """(a query with the `needed` columns and `file`, the copies in the order of `objects`, the bytes read)."""
    columns = [(name, kind) for name, kind in descriptor.columns if name in needed]
    parameters = dict(descriptor.parameters)
    if descriptor.serde == PARQUET:
        return _parquet(connection, scratch, columns, objects)
    files = [str(path) for path in scratch.copy_lines(objects, descriptor.skip_lines)]
    lines = _lines(files, scratch.delimiter())
    if descriptor.serde in JSON_SERDES:
        expressions, source = _json(connection, lines, columns, parameters)
    elif descriptor.serde in REGEX_SERDES:
        expressions, source = _regex(descriptor, columns, parameters), lines
    elif descriptor.serde == LAZY_SIMPLE:
        expressions, source = _lazy_simple(descriptor, columns, parameters), lines
    elif descriptor.serde == OPEN_CSV:
        expressions, source = _open_csv(descriptor, columns, parameters, files)
    else:
        raise CannotTranslate(f"the SerDe {descriptor.serde or '(none)'}")
    selected = [
        f"{expression} AS {identifier(name)}" for (name, _), expression in zip(columns, expressions, strict=True)
    ]
    return f"SELECT {', '.join([*selected, 'file'])} FROM ({source})", files, sum(item.size for item in objects)


def _lines(files: list[str], delimiter: str) -> str:
    listed = ", ".join(map(literal, files))
    return (
        f"SELECT coalesce(line, '') AS line, filename AS file FROM read_csv([{listed}], delim={literal(delimiter)}, "
        f"columns={{'line': 'VARCHAR'}}, nullstr={literal(EMPTY_LINE)}, header=false, auto_detect=false, quote='', "
        f"escape='', strict_mode=false, new_line='\\n', max_line_size=268435456, filename=true)"
    )


def _json(
    connection: Any, lines: str, columns: list[tuple[str, Type]], parameters: dict[str, str]
) -> tuple[list[str], str]:
    """The OpenX JSON SerDe: https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html"""
    insensitive = parameters.get("case.insensitive", "true").lower() == "true"
    dots = parameters.get("dots.in.keys", "false").lower() == "true"
    fold: Callable[[str], str] = str.lower if insensitive else str
    keys, irregular = _top_level_keys(connection, lines, fold, parameters)
    document = "CASE WHEN has_fraction(line) THEN quote_numbers(line) ELSE line END"
    if irregular:
        document = f"CASE WHEN is_json_line(line) AND json_valid(line) THEN {document} END"
    structures: list[dict[str, Any]] = [{}]
    expressions = []
    for name, kind in columns:
        wanted = fold(parameters.get(f"mapping.{name}", name))
        parts = []
        for key in sorted(key for key in keys if wanted in (fold(key), fold(key.replace(".", "_") if dots else key))):
            shape = (
                _shape(kind, _key_spellings(connection, lines, key)) if kind.contains("struct") else _shape(kind, None)
            )
            # Members of a DuckDB struct differ in more than case, so `Id` and `id` are taken out separately.
            number = next(
                (n for n, known in enumerate(structures) if key.lower() not in map(str.lower, known)), len(structures)
            )
            structures[number : number + 1] = [{**(structures[number] if number < len(structures) else {}), key: shape}]
            parts.append(_json_column(f"json{number}.{identifier(key)}", key, kind, name))
        expressions.append(f"coalesce({', '.join(parts)})" if parts else "NULL")
    documents = "".join(
        f", json_transform(document, {literal(json.dumps(structure))}) AS json{number}"
        for number, structure in enumerate(structures)
        if structure
    )
    return expressions, f"SELECT file, document{documents} FROM (SELECT file, {document} AS document FROM ({lines}))"


def _top_level_keys(
    connection: Any, lines: str, fold: Callable[[str], str], parameters: dict[str, str]
) -> tuple[set[str], bool]:
    """(every key of every line, whether some lines are no JSON); a malformed line or a duplicate key fails here."""
    ignore_malformed = parameters.get("ignore.malformed.json", "false").lower() == "true"
    found: set[str] = set()
    irregular = False
    for keys, sample in connection.execute(
        "SELECT keys, any_value(sample) FROM (SELECT CASE WHEN NOT is_json_line(line) THEN NULL "
        "WHEN json_valid(line) THEN json_keys(line) END AS keys, "
        f"CASE WHEN is_json_line(line) AND NOT json_valid(line) THEN left(line, 200) END AS sample FROM ({lines})) GROUP BY keys"
    ).fetchall():
        if keys is None:
            irregular = True
            if sample is not None and not ignore_malformed:
                raise QueryFailed(f"HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: {sample}")
            continue
        folded = [fold(key) for key in keys]
        if len(set(folded)) < len(folded):
            twice = next(key for index, key in enumerate(folded) if key in folded[:index])
            raise QueryFailed(
                f'HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: Duplicate key "{twice}"'
            )
        found.update(keys)
    return found, irregular


def _json_column(value: str, key: str, kind: Type, name: str) -> str:
    if not kind.nested:
        return convert(f"json_text({value})", kind, name)
    of_type = f"json_type(document, {literal('$.' + json.dumps(key, ensure_ascii=False))})"
    expected = "'ARRAY'" if kind.name == "array" else "'OBJECT'"
    return (
        f"CASE WHEN {of_type} IS NULL OR {of_type} = 'NULL' THEN NULL WHEN {of_type} = {expected} THEN "
        f"{convert(value, kind, name, leaf='json_text({})')} "
        f"ELSE bad_value(json_text(json_extract_string(document, {literal('$.' + json.dumps(key, ensure_ascii=False))})), {literal(name)}) END"
    )


def _key_spellings(connection: Any, lines: str, key: str) -> list[Any]:
    """The structures a member takes, to find the case of keys inside it."""
    path = literal("$." + json.dumps(key, ensure_ascii=False))
    rows = connection.execute(
        f"SELECT DISTINCT json_structure(json_extract(line, {path})) FROM ({lines}) WHERE is_json_line(line) AND json_valid(line)"
    )
    return [json.loads(row) for (row,) in rows.fetchall() if row is not None]


def _shape(kind: Type, samples: list[Any] | None) -> Any:
    """What json_transform takes out for a type: texts at the leaves; struct members as the data spells them."""
    samples = samples or []
    if kind.name == "array":
        return [_shape(kind.fields[0][1], [each[0] for each in samples if isinstance(each, list) and each])]
    if kind.name == "map":
        if kind.fields[1][1].nested:
            raise CannotTranslate(f"{kind.hive()} in JSON: maps of nested values")
        return "MAP(VARCHAR, VARCHAR)"
    if kind.name == "struct":
        shape = {}
        spelled = {key for each in samples if isinstance(each, dict) for key in each}
        for name, member in kind.fields:
            variants = sorted(key for key in spelled if key.lower() == name) or [name]
            if len(variants) > 1:
                raise CannotTranslate(f"keys of one struct that differ in case: {', '.join(variants)}")
            inner = [each[variants[0]] for each in samples if isinstance(each, dict) and variants[0] in each]
            shape[variants[0]] = _shape(member, inner)
        return shape
    return "VARCHAR"


def convert(text: str, kind: Type, column: str, depth: int = 0, leaf: str = "{}") -> str:
    """An expression of text (nested as `kind` is) as the column's type; what does not fit is HIVE_BAD_DATA."""
    value = f"v{depth}"
    if kind.name == "array":
        return f"list_transform({text}, lambda {value}: {convert(value, kind.fields[0][1], column, depth + 1, leaf)})"
    if kind.name == "map":
        key = convert(f"{value}.key", kind.fields[0][1], column, depth + 1, leaf)
        inner = convert(f"{value}.value", kind.fields[1][1], column, depth + 1, leaf)
        return f"map_from_entries(list_transform(map_entries({text}), lambda {value}: struct_pack(k := {key}, v := {inner})))"
    if kind.name == "struct":
        members = ", ".join(
            f"{identifier(name)} := {convert(f'({text}).{identifier(name)}', member, column, depth + 1, leaf)}"
            for name, member in kind.fields
        )
        return f"CASE WHEN {text} IS NOT NULL THEN struct_pack({members}) END"
    text = leaf.format(text) if depth else text
    if kind.name in ("string", "varchar", "char"):
        limit = f"[1:{kind.size[0]}]" if kind.size and kind.name != "string" else ""
        return f"CAST({text} AS VARCHAR){limit}"
    target = kind.duckdb()
    reader = {"boolean": "text_boolean", "date": "text_date", "timestamp": "text_timestamp", "binary": "text_binary"}
    if kind.name in reader:
        return f"{reader[kind.name]}({text}, {literal(column)})"
    if kind.name in ("float", "real", "double"):
        return f"CAST(text_double({text}, {literal(column)}) AS {target})"
    if kind.name == "decimal":
        return f"must_fit({text}, TRY_CAST({text} AS {target}), {literal(column)})"
    return f"must_fit({text}, TRY_CAST(text_integer({text}) AS {target}), {literal(column)})"


def _regex(descriptor: Descriptor, columns: list[tuple[str, Type]], parameters: dict[str, str]) -> list[str]:
    """RegexSerDe: a line that does not match in full gives NULLs."""
    pattern = parameters.get("input.regex")
    if not pattern:
        raise QueryFailed('HIVE_CURSOR_ERROR: This table does not have serde property "input.regex"!')
    if parameters.get("input.regex.case.insensitive", "false") == "true":
        pattern = f"(?i){pattern}"
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise CannotTranslate(f"the regular expression {pattern!r} ({error})") from error
    names = [name for name, _ in descriptor.columns]
    if groups != len(names):
        raise QueryFailed(f"HIVE_CURSOR_ERROR: Number of matching groups doesn't match the number of columns")
    whole = f"regexp_full_match(line, {literal(pattern)}, 's')"
    return [
        convert(
            f"CASE WHEN {whole} THEN regexp_extract(line, {literal('^(?:' + pattern + ')$')}, {names.index(name) + 1}, 's') END",
            kind, name,
        )
        for name, kind in columns
    ]  # fmt: skip


def _lazy_simple(descriptor: Descriptor, columns: list[tuple[str, Type]], parameters: dict[str, str]) -> list[str]:
    """Delimited text without quotes; the last column does not take the rest of the line."""
    delimiter = _character(parameters.get("field.delim") or parameters.get("serialization.format") or "\x01")
    null = parameters.get("serialization.null.format", "\\N")
    if "escape.delim" in parameters:
        raise CannotTranslate("ESCAPED BY in delimited text")
    expressions = []
    for name, kind in columns:
        if kind.nested:
            raise CannotTranslate(f"the type {kind.hive()} in delimited text")
        position = [column for column, _ in descriptor.columns].index(name) + 1
        # A line without its delimiter is one field whatever the delimiter is: the audit's `line string`.
        field = f"string_split(line, {literal(delimiter)})[{position}]"
        field = f"nullif({field}, {literal(null)})"
        text = kind.name in ("string", "varchar", "char")
        expressions.append(convert(field if text else f"nullif(trim({field}), '')", kind, name))
    return expressions


def _open_csv(
    descriptor: Descriptor, columns: list[tuple[str, Type]], parameters: dict[str, str], files: list[str]
) -> tuple[list[str], str]:
    """OpenCSVSerDe: quoted text; every value is a string before it is anything else."""
    options = {
        "delim": parameters.get("separatorChar", ","),
        "quote": parameters.get("quoteChar", '"'),
        "escape": parameters.get("escapeChar", '"'),
    }
    options["escape"] = options["quote"] if options["escape"] in ("\\", "\\\\") else options["escape"]
    names = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(descriptor.columns)))
    listed = ", ".join(map(literal, files))
    settings = ", ".join(f"{name}={literal(value)}" for name, value in options.items())
    source = (
        f"SELECT * EXCLUDE (filename), filename AS file FROM read_csv([{listed}], {settings}, columns={{{names}}}, "
        "header=false, auto_detect=false, null_padding=true, nullstr='\x1d', filename=true)"
    )
    order = [name for name, _ in descriptor.columns]
    expressions = []
    for name, kind in columns:
        field = f"c{order.index(name)}"
        expressions.append(convert(field if kind.name == "string" else f"nullif({field}, '')", kind, name))
    return expressions, source


def _parquet(
    connection: Any, scratch: Scratch, columns: list[tuple[str, Type]], objects: list[S3Object]
) -> tuple[str, list[str], int]:
    """Parquet, columns by name; a column the files do not have is NULL. Read are the needed columns' chunks."""
    files = [str(path) for path in scratch.copy(objects)]
    listed = f"[{', '.join(map(literal, files))}]"
    reader = f"read_parquet({listed}, union_by_name=true, filename=true)"
    have = {row[0].lower(): row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()}
    selected = [
        f"CAST({identifier(have[name]) if name in have else 'NULL'} AS {kind.duckdb()}) AS {identifier(name)}"
        for name, kind in columns
    ]
    wanted = ", ".join(literal(name) for name, _ in columns) or "''"
    (read_bytes,) = connection.execute(
        f"SELECT CAST(coalesce(sum(total_compressed_size), 0) AS BIGINT) FROM parquet_metadata({listed}) "
        f"WHERE lower(split_part(path_in_schema, ', ', 1)) IN ({wanted})"
    ).fetchone()
    return f"SELECT {', '.join([*selected, 'filename AS file'])} FROM {reader}", files, read_bytes


def _character(text: str) -> str:
    """`\\t`, `1` and `\\u0001` as Hive reads a delimiter."""
    if text.isdigit() and len(text) <= 3:
        return chr(int(text))
    return text.encode().decode("unicode_escape") if text.startswith("\\") else text


MACROS = [
    "CREATE MACRO is_json_line(line) AS regexp_matches(line, '^[ \\t]*[{\\[]')",
    # DuckDB prints a fraction or an exponent from a double.
    r"CREATE MACRO has_fraction(line) AS regexp_matches(line, '[:,\[][ \t]*-?([0-9]+[.eE]|0[^.0-9])')",
    "CREATE MACRO bad_value(value, name) AS fail('HIVE_BAD_DATA: Error parsing field value ''' || value || ''' for field ' "
    "|| name || ': For input string: \"' || value || '\"')",
    "CREATE MACRO must_fit(value, result, name) AS CASE WHEN value IS NULL THEN NULL "
    "WHEN result IS NULL THEN bad_value(value, name) ELSE result END",
    # TRY_CAST would round '1.5' to 2.
    "CREATE MACRO text_integer(value) AS CASE WHEN regexp_matches(value, '^[-+]?[0-9]+$') THEN value "
    "WHEN TRY_CAST(value AS DOUBLE) = trunc(TRY_CAST(value AS DOUBLE)) AND abs(TRY_CAST(value AS DOUBLE)) < 9e15 "
    "THEN CAST(CAST(TRY_CAST(value AS DOUBLE) AS BIGINT) AS VARCHAR) END",
    "CREATE MACRO text_double(value, name) AS must_fit(value, TRY_CAST(value AS DOUBLE), name)",
    "CREATE MACRO text_boolean(value, name) AS CASE WHEN value IS NULL THEN NULL ELSE lower(value) = 'true' END",
    "CREATE MACRO text_date(value, name) AS must_fit(value, TRY_CAST(left(value, 10) AS DATE), name)",
    "CREATE MACRO text_timestamp(value, name) AS must_fit(value, CASE "
    "WHEN regexp_matches(value, '^-?[0-9]{13,}$') THEN make_timestamp(CAST(value AS BIGINT) * 1000) "
    "WHEN regexp_matches(value, '^-?[0-9.]+$') THEN make_timestamp(CAST(CAST(value AS DECIMAL(38, 6)) * 1000000 AS BIGINT)) "
    "WHEN regexp_matches(value, '(Z|[-+][0-9]{2}:?[0-9]{2})$') THEN TRY_CAST(value AS TIMESTAMPTZ) AT TIME ZONE 'UTC' "
    "ELSE TRY_CAST(value AS TIMESTAMP) END, name)",
    "CREATE MACRO text_binary(value, name) AS CASE WHEN value IS NULL THEN NULL ELSE from_base64(value) END",
]  # fmt: skip
