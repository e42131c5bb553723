"""Which partitions a query reads: the WHERE terms on partition columns, evaluated over the registered partitions."""

import re
from datetime import date
from typing import Any

from sqlglot import exp

from local_aws.athena.catalog import NULL_VALUE, Partition, Table
from local_aws.athena.conversion import literal
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.pruning import satisfying
from local_aws.athena.pushdown import conditions

_VOLATILE = {"rand", "random", "uuid", "shuffle"}  # the query will have another value than these terms had


def key_values(table: Table, partition: Partition) -> list[str]:
    """A partition's values as typed DuckDB expressions, in the order of the keys."""
    _check_values(table, partition)
    return [
        f"CAST({'NULL' if value == NULL_VALUE else literal(value)} AS {kind.duckdb()})"
        for value, (_, kind) in zip(partition.values, table.keys, strict=True)
    ]


def _check_values(table: Table, partition: Partition) -> None:
    for value, (key, kind) in zip(partition.values, table.keys, strict=True):
        if kind.name == "char":
            raise CannotTranslate("the type char(n)")
        if value != NULL_VALUE and not _valid(value, kind.name):
            raise QueryFailed(
                f"HIVE_INVALID_PARTITION_VALUE: Invalid partition value '{value}' for {kind.trino()} partition key: {key}"  # noqa: E501
            )


def _valid(value: str, kind: str) -> bool:
    bits = {"tinyint": 7, "smallint": 15, "int": 31, "bigint": 63}.get(kind)
    if bits:
        return bool(re.fullmatch(r"[-+]?[0-9]+", value)) and -(2**bits) <= int(value) < 2**bits
    if kind == "date":
        try:
            return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value) and date.fromisoformat(value))
        except ValueError:
            return False
    return kind != "boolean" or value.lower() in ("true", "false")


def prune(connection: Any, table: Table, alias: str, terms: list[exp.Expr], found: list[Partition]) -> list[Partition]:
    """The partitions that satisfy every term; a term that cannot be evaluated here selects all.

    A value that is none of its key's type fails the query, whatever it selects.
    """
    for item in found:
        _check_values(table, item)
    kept = satisfying(connection, alias, list(table.keys), [item.values for item in found], terms)
    return [found[number] for number in kept]


def prunable_terms(source: exp.Expr, around: list[exp.Expr], keys: set[str]) -> list[exp.Expr]:
    """The conjuncts that only touch partition columns of a table in FROM and may drop its rows before joins.

    `around` are the terms that the queries around the table's own ask of its rows.
    """
    return [term for term in conditions(source, around) if _only_keys(term, source.alias_or_name, keys)]


def _only_keys(term: exp.Expr, alias: str, keys: set[str]) -> bool:
    columns = list(term.find_all(exp.Column))
    return (
        bool(columns)
        and all(column.table == alias and column.name in keys for column in columns)
        and not term.find(exp.Query, exp.Window)
        and not any(call.name.lower() in _VOLATILE for call in term.find_all(exp.Anonymous))
    )
