"""CREATE EXTERNAL TABLE, as a Glue `TableInput` and back as text."""

import time
from collections.abc import Mapping
from typing import Any

from local_aws.athena.catalog import Table
from local_aws.athena.errors import CannotTranslate, InvalidRequest, QueryFailed, ddl_failed
from local_aws.athena.hive_strings import escaped
from local_aws.athena.serdes import JSON_SERDES, LAZY_SIMPLE, OPEN_CSV, OPENX, PARQUET, SERDES
from local_aws.athena.statements import Tokens
from local_aws.athena.storage import is_s3_uri
from local_aws.athena.types import Type, check_declared, names_without_backticks, parse_hive

_TEXT = ("org.apache.hadoop.mapred.TextInputFormat", "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat")
# STORED AS: (InputFormat, OutputFormat, SerDe).
FORMATS = {
    "TEXTFILE": (*_TEXT, LAZY_SIMPLE),
    "PARQUET": (
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        PARQUET,
    ),
}
# SerDes that Athena has besides ours: https://docs.aws.amazon.com/athena/latest/ug/supported-serdes.html
_NOT_READ = {
    "com.amazon.emr.hive.serde.CloudTrailSerde", "com.amazon.ionhiveserde.IonHiveSerDe",
    "com.amazonaws.glue.serde.GrokSerDe", "org.apache.hadoop.hive.ql.io.orc.OrcSerde",
    "org.apache.hadoop.hive.serde2.avro.AvroSerDe",
}  # fmt: skip
_DECLARING = JSON_SERDES | {OPEN_CSV, "com.amazonaws.glue.serde.GrokSerDe"}
_DELIMITED = [
    (("FIELDS", "TERMINATED", "BY"), "field.delim"),
    (("ESCAPED", "BY"), "escape.delim"),
    (("COLLECTION", "ITEMS", "TERMINATED", "BY"), "colelction.delim"),  # so it is spelt before Hive 3: HIVE-16922
    (("MAP", "KEYS", "TERMINATED", "BY"), "mapkey.delim"),
    (("LINES", "TERMINATED", "BY"), "line.delim"),
    (("NULL", "DEFINED", "AS"), "serialization.null.format"),
]
_FORMAT = "serialization.format"
# Athena's DDL runs in a Hive of this user: it is the owner of what is made, and who changes it.
HIVE_USER = "hadoop"
# Reserved, but AWS's table of SES events has a member of this name without backticks:
# https://aws.amazon.com/blogs/big-data/create-tables-in-amazon-athena-from-nested-json-and-mappings-using-jsonserde/
_TAKEN_MEMBERS = {"TO"}
_NO_SKEW: dict[str, Any] = {
    "SkewedColumnNames": [], "SkewedColumnValues": [], "SkewedColumnValueLocationMaps": {},
}  # fmt: skip


def parse_create_table(tokens: Tokens, database: str) -> tuple[str, bool, dict[str, Any]]:
    """(database, IF NOT EXISTS, the TableInput)."""
    tokens.expect("CREATE")
    external = tokens.accept("EXTERNAL")
    tokens.expect("TABLE")
    quiet = tokens.accept("IF", "NOT", "EXISTS")
    database, name = tokens.qualified(database)
    columns = parse_columns(tokens)
    table: dict[str, Any] = {"Name": name, "TableType": "EXTERNAL_TABLE", "PartitionKeys": [], "Owner": HIVE_USER}
    # Hive's grammar has one order of the clauses.
    properties = {"comment": tokens.string()} if tokens.accept("COMMENT") else {}
    if properties:
        table["Description"] = properties["comment"]
    if tokens.accept("PARTITIONED", "BY"):
        table["PartitionKeys"] = parse_columns(tokens, keys=True)
    if tokens.accept("CLUSTERED", "BY"):
        raise CannotTranslate("bucketed tables (CLUSTERED BY)")
    serde, parameters = _row_format(tokens)
    input_format, output_format, own_serde = _stored_as(tokens)
    if tokens.accept("WITH", "SERDEPROPERTIES"):
        raise CannotTranslate("WITH SERDEPROPERTIES that do not follow ROW FORMAT SERDE")
    location = tokens.string() if tokens.accept("LOCATION") else None
    if tokens.accept("TBLPROPERTIES"):
        properties |= tokens.properties()
    tokens.end()
    if not external and properties.get("table_type", "").upper() != "ICEBERG":
        raise InvalidRequest(
            "line 1:8: CREATE TABLE without EXTERNAL is not supported; the local Athena has no Iceberg"
        )
    if not external:
        raise CannotTranslate("Iceberg tables")
    if location is None or not is_s3_uri(location):
        raise ddl_failed(f"MetaException(message:No location specified for table: {name})" if location is None else (
            f"MetaException(message:{location} is not an S3 path)"))  # fmt: skip
    duplicates = {column["Name"] for column in columns} & {key["Name"] for key in table["PartitionKeys"]}
    if duplicates:
        raise QueryFailed("FAILED: SemanticException [Error 10035]: Column repeated in partitioning columns")
    table["Parameters"] = {"EXTERNAL": "TRUE", "transient_lastDdlTime": str(int(time.time())), **properties}
    own_parameters = {_FORMAT: "1", **parameters}
    table["StorageDescriptor"] = {
        "Columns": columns, "Location": location, "InputFormat": input_format, "OutputFormat": output_format,
        "Compressed": False, "NumberOfBuckets": -1, "BucketColumns": [], "SortColumns": [], "Parameters": {},
        "SkewedInfo": _NO_SKEW,
        "SerdeInfo": {"SerializationLibrary": serde or own_serde, "Parameters": own_parameters},
    }  # fmt: skip
    return database, quiet, table


def parse_columns(tokens: Tokens, keys: bool = False) -> list[dict[str, str]]:
    """`(name type COMMENT 'text', ...)` as Glue's columns, or as partition keys."""
    found = []
    tokens.expect("(")
    while True:
        column = {"Name": tokens.name()}
        try:
            kind = _declared_type(tokens)
            if keys and kind.nested:
                raise ValueError(
                    f"Partition column {column['Name']} is of the type {kind.hive()}, which is not primitive"
                )
            column["Type"] = kind.hive()
        except ValueError as error:
            raise ddl_failed(f"java.lang.IllegalArgumentException: {error}") from error
        if tokens.accept("COMMENT"):
            column["Comment"] = tokens.string()
        found.append(column)
        if tokens.accept(")"):
            break
        tokens.expect(",")
    names = [column["Name"] for column in found]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise QueryFailed(f"FAILED: SemanticException [Error 10036]: Duplicate column name: {twice}")
    return found


def _declared_type(tokens: Tokens) -> Type:
    """A type in a column's declaration, whose members need backticks as columns do."""
    needs_backticks = tokens.error("cannot recognize input: a name like this needs backticks")
    text = tokens.type_text()
    for name in names_without_backticks(text):
        member = Tokens(name, hive=True)
        try:
            if name.upper() not in _TAKEN_MEMBERS:
                member.name()
                member.end()
        except InvalidRequest as error:
            raise needs_backticks from error
    kind = parse_hive(text)
    check_declared(kind)
    return kind


def _row_format(tokens: Tokens) -> tuple[str | None, dict[str, str]]:
    """(the SerDe that is named, its parameters)."""
    if tokens.accept("ROW", "FORMAT", "SERDE"):
        serde = tokens.string()
        if serde not in SERDES | _NOT_READ:
            raise ddl_failed(f"Cannot validate serde: {serde}")
        return serde, tokens.properties() if tokens.accept("WITH", "SERDEPROPERTIES") else {}
    found: dict[str, str] = {}
    for words, key in _DELIMITED if tokens.accept("ROW", "FORMAT", "DELIMITED") else ():
        if (key != "escape.delim" or found) and tokens.accept(*words):
            found[key] = tokens.string()
    if found.get("line.delim", "\n") not in ("\n", "\\n", "10"):
        raise QueryFailed("FAILED: SemanticException LINES TERMINATED BY only supports newline '\\n' right now")
    return None, {**found, _FORMAT: found["field.delim"]} if "field.delim" in found else found


def _stored_as(tokens: Tokens) -> tuple[str, str, str]:
    """(InputFormat, OutputFormat, the SerDe that goes with them)."""
    if tokens.accept("STORED", "AS", "INPUTFORMAT"):
        input_format = tokens.string()
        tokens.expect("OUTPUTFORMAT")
        return input_format, tokens.string(), LAZY_SIMPLE
    stored = tokens.take().upper() if tokens.accept("STORED", "AS") else "TEXTFILE"
    if stored not in FORMATS:
        raise CannotTranslate(f"STORED AS {stored}")
    return FORMATS[stored]


def table_over(
    name: str, location: str, stored: str, compression: str, columns: list[tuple[str, str]], keys: list[str]
) -> dict[str, Any]:
    """The `TableInput` of a table over what CREATE TABLE AS wrote."""
    # As Athena's tables have them, but for trino_query_id and trino_version, which there are none of here.
    parameters = {"EXTERNAL": "TRUE", "auto.purge": "false", "has_encrypted_data": "false", "numFiles": "-1"}
    parameters |= {"totalSize": "-1", "transactional": "false"}
    if stored == "PARQUET" and compression != "NONE":
        parameters["parquet.compression"] = compression
    files = FORMATS["PARQUET"] if stored == "PARQUET" else (*FORMATS["TEXTFILE"][:2], OPENX)
    storage: dict[str, Any] = {
        "Columns": [{"Name": c, "Type": t} for c, t in columns if c not in keys], "Location": location,
        "InputFormat": files[0], "OutputFormat": files[1],
        "SerdeInfo": {"SerializationLibrary": files[2], "Parameters": {}},
    }  # fmt: skip
    return {
        "Name": name, "TableType": "EXTERNAL_TABLE", "StorageDescriptor": storage,
        "PartitionKeys": [{"Name": c, "Type": t} for c, t in columns if c in keys],
        "Parameters": parameters,
    }  # fmt: skip


def storage_of(table: Table) -> dict[str, Any]:
    """The descriptor a new partition of a table gets."""
    return {key: value for key, value in table.glue["StorageDescriptor"].items() if value is not None}


def default_comment(table: Table) -> str:
    """What is shown for a column without a comment: some SerDes declare the columns themselves."""
    return "from deserializer" if table.descriptor.serde in _DECLARING else ""


def show_create_table(table: Table) -> list[str]:
    """The lines of SHOW CREATE TABLE."""
    storage = table.glue["StorageDescriptor"]
    serde = storage.get("SerdeInfo") or {}
    if not storage.get("InputFormat"):
        raise QueryFailed(f"FAILED: SemanticException Unable to fetch table {table.name}. InputFormat cannot be null")
    lines = [f"CREATE EXTERNAL TABLE `{table.name}`("]
    columns = storage.get("Columns") or []
    comment = default_comment(table)
    lines += _ended([f"  `{c['Name']}` {c['Type']}{_comment(c.get('Comment') or comment)}" for c in columns])
    if "comment" in table.parameters:
        lines += [f"COMMENT {_quoted(table.parameters['comment'])}"]
    if table.keys:
        comments = [_comment(key.get("Comment")) for key in table.glue["PartitionKeys"]]
        keys = zip(table.keys, comments, strict=True)
        lines += [
            "PARTITIONED BY ( ",
            *_ended([f"  `{name}` {kind.hive()}{comment}" for (name, kind), comment in keys]),
        ]
    lines += _shown_row_format(serde.get("SerializationLibrary"), serde.get("Parameters") or {})
    lines += [
        "STORED AS INPUTFORMAT ",
        f"  '{storage.get('InputFormat')}' ",
        "OUTPUTFORMAT ",
        f"  '{storage.get('OutputFormat')}'",
    ]
    lines += ["LOCATION", f"  '{table.location}'"]
    shown = {key: value for key, value in table.parameters.items() if key not in ("EXTERNAL", "comment")}
    return [*lines, "TBLPROPERTIES (", *_properties(shown)]


def _shown_row_format(serde: str | None, parameters: Mapping[str, str]) -> list[str]:
    """ROW FORMAT, as Hive's showCreateTable has it: the delimiters in place of the SerDe, then what else there is.

    https://github.com/apache/hive/blob/rel/release-1.2.2/ql/src/java/org/apache/hadoop/hive/ql/exec/DDLTask.java
    """
    delimiters = {key: " ".join(words) for words, key in _DELIMITED if key != "escape.delim"}
    told = [f"  {words} {_property(parameters[key])} " for key, words in delimiters.items() if key in parameters]
    lines = ["ROW FORMAT DELIMITED ", *told] if told else ["ROW FORMAT SERDE ", f"  '{serde}' "]
    own = {key: value for key, value in parameters.items() if key not in {*delimiters, _FORMAT}}
    return [*lines, "WITH SERDEPROPERTIES ( ", *_properties(own, " ")] if own else lines


def _comment(text: str | None) -> str:
    return f" COMMENT {_quoted(text)}" if text else ""


def _properties(shown: Mapping[str, str], last: str = "") -> list[str]:
    return _ended([f"  '{key}'={_property(value)}" for key, value in sorted(shown.items())], last)


def _property(text: str) -> str:
    """A property's value: in escapes of Java, with those of Hive besides."""
    return f"'{''.join(map(_escape, text))}'"


def _escape(letter: str) -> str:
    if letter in '";':
        return f"\\{letter}"
    if letter in "\t\n\r" or (letter.isascii() and letter.isprintable()):
        return escaped(letter)
    units = letter.encode("utf-16-be").hex().upper()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _quoted(text: str) -> str:
    """A comment, of which Hive escapes quotes and semicolons only."""
    return "'" + text.replace("'", "\\'").replace(";", "\\;") + "'"


def _ended(lines: list[str], last: str = "") -> list[str]:
    return [f"{line}, " for line in lines[:-1]] + [f"{line}){last}" for line in lines[-1:] or [""]]
