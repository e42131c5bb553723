"""The kinds of statements that Athena has, by their first words."""

_NAME = r"(?:`[^`]*`|\"[^\"]*\"|[\w$]+)"
_TABLE = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_ALTER_TABLE = rf"ALTER\s+TABLE\s+{_TABLE}\s*"
# What Athena runs and this engine refuses by name.
# https://docs.aws.amazon.com/athena/latest/ug/ddl-reference.html, .../dml-queries-functions-operators.html
_UNSUPPORTED = [
    (r"MERGE\s+INTO\b", "DML", "MERGE_INTO"),
    (r"DELETE\s+FROM\b", "DML", "DELETE"),
    (rf"UPDATE\s+{_TABLE}\s+SET\b", "DML", "UPDATE"),
    (r"OPTIMIZE\b", "DML", "OPTIMIZE"),
    (r"VACUUM\b", "DML", "VACUUM"),
    (r"USING\s+EXTERNAL\s+FUNCTION\b", "DML", "USING_EXTERNAL_FUNCTION"),
    (
        r"CREATE\s+(?:OR\s+REPLACE\s+)?PROTECTED\s+MULTI\s+DIALECT\s+VIEW\b",
        "DDL",
        "CREATE_PROTECTED_MULTI_DIALECT_VIEW",
    ),
    (r"ALTER\s+VIEW\b", "DDL", "ALTER_VIEW"),
    (r"SHOW\s+FUNCTIONS\b", "UTILITY", "SHOW_FUNCTIONS"),
]
# (first words, kind, StatementType, SubstatementType), of which the first that fits is taken.
KINDS: list[tuple[str, str, str, str]] = [
    (r"[(\s]*(SELECT|WITH|VALUES|TABLE)\b", "SELECT", "DML", "SELECT"),
    (r"INSERT\s+INTO\b", "INSERT", "DML", "INSERT"),
    (r"UNLOAD\b", "UNLOAD", "DML", "UNLOAD"),
    (
        rf"CREATE\s+TABLE\b(?:\s+IF\s+NOT\s+EXISTS\b)?\s*{_TABLE}\s*(?:WITH\s*\(|AS\b|COMMENT\b.*?\bAS\b)",
        "CTAS",
        "DDL",
        "CREATE_TABLE_AS_SELECT",
    ),
    (r"CREATE\s+(?:OR\s+REPLACE\s+)?VIEW\b", "CREATE_VIEW", "DDL", "CREATE_VIEW"),
    (r"DROP\s+VIEW\b", "DROP_VIEW", "DDL", "DROP_VIEW"),
    (r"CREATE\s+(?:DATABASE|SCHEMA)\b", "CREATE_DATABASE", "DDL", "CREATE_DATABASE"),
    (r"ALTER\s+(?:DATABASE|SCHEMA)\b", "ALTER_DATABASE", "DDL", "ALTER_DATABASE"),
    (r"DROP\s+(?:DATABASE|SCHEMA)\b", "DROP_DATABASE", "DDL", "DROP_DATABASE"),
    (r"CREATE\s+(?:EXTERNAL\s+)?TABLE\b", "CREATE_TABLE", "DDL", "CREATE_TABLE"),
    (r"DROP\s+TABLE\b", "DROP_TABLE", "DDL", "DROP_TABLE"),
    (rf"{_ALTER_TABLE}ADD\s+COLUMNS\b", "ALTER_TABLE", "DDL", "ALTER_TABLE_ADD_COLUMN"),
    (rf"{_ALTER_TABLE}REPLACE\s+COLUMNS\b", "ALTER_TABLE", "DDL", "ALTER_TABLE_REPLACE_COLUMN"),
    (rf"{_ALTER_TABLE}ADD\s+(?:IF\s+NOT\s+EXISTS\s+)?PARTITION\b", "ALTER_TABLE", "DDL", "ALTER_TABLE_ADD_PARTITION"),
    (rf"{_ALTER_TABLE}DROP\s+(?:IF\s+EXISTS\s+)?PARTITION\b", "ALTER_TABLE", "DDL", "ALTER_TABLE_DROP_PARTITION"),
    (rf"{_ALTER_TABLE}SET\s+TBLPROPERTIES\b", "ALTER_TABLE", "DDL", "ALTER_TABLE_PROPERTIES"),
    (rf"{_ALTER_TABLE}SET\s+LOCATION\b", "ALTER_TABLE", "DDL", "ALTER_TABLE_SET_LOCATION"),
    (rf"{_ALTER_TABLE}PARTITION\b.*\)\s*RENAME\b", "ALTER_TABLE", "DDL", "ALTER_TABLE_RENAME_PARTITION"),
    (r"ALTER\s+TABLE\b", "ALTER_TABLE", "DDL", "ALTER_TABLE"),
    (r"MSCK\s+REPAIR\s+TABLE\b", "MSCK", "DDL", "MSCK_REPAIR"),
    (r"SHOW\s+(?:DATABASES|SCHEMAS)\b", "SHOW_DATABASES", "UTILITY", "SHOW_DATABASES"),
    (r"SHOW\s+TABLES\b", "SHOW_TABLES", "UTILITY", "SHOW_TABLES"),
    (r"SHOW\s+VIEWS\b", "SHOW_VIEWS", "UTILITY", "SHOW_VIEWS"),
    (r"SHOW\s+PARTITIONS\b", "SHOW_PARTITIONS", "UTILITY", "SHOW_PARTITIONS"),
    (r"SHOW\s+COLUMNS\b", "SHOW_COLUMNS", "UTILITY", "SHOW_COLUMNS"),
    (r"SHOW\s+CREATE\s+TABLE\b", "SHOW_CREATE_TABLE", "UTILITY", "SHOW_CREATE_TABLE"),
    (r"SHOW\s+CREATE\s+VIEW\b", "SHOW_CREATE_VIEW", "UTILITY", "SHOW_CREATE_VIEW"),
    (r"SHOW\s+TBLPROPERTIES\b", "SHOW_TBLPROPERTIES", "UTILITY", "SHOW_TABLE_PROPERTIES"),
    (r"DESC(?:RIBE)?\b", "DESCRIBE", "UTILITY", "DESCRIBE_TABLE"),
    (r"EXPLAIN\b", "EXPLAIN", "DML", "EXPLAIN"),
    (r"EXECUTE\b", "EXECUTE", "DML", "EXECUTE"),
    (r"PREPARE\b", "PREPARE", "DDL", "PREPARE"),
    (r"DEALLOCATE\b", "DEALLOCATE", "DDL", "DEALLOCATE"),
    *((words, "UNSUPPORTED", of, kind) for words, of, kind in _UNSUPPORTED),
]
