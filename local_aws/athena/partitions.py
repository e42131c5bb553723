"""Which partitions a query reads: the WHERE terms on partition columns, evaluated over the registered partitions."""

import re
from datetime import date
from typing import Any

import duckdb
from sqlglot import exp

from local_aws.athena.catalog import NULL_VALUE, Partition, Table
from local_aws.athena.conversion import identifier, literal
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.writer import to_duckdb


def key_values(table: Table, partition: Partition) -> list[str]:
    """A partition's values as typed DuckDB expressions, in the order of the keys."""
    for value, (key, kind) in zip(partition.values, table.keys, strict=True):
        if kind.name == "char":
            raise CannotTranslate("the type char(n)")
        if value != NULL_VALUE and not _valid(value, kind.name):
            raise QueryFailed(
                f"HIVE_INVALID_PARTITION_VALUE: Invalid partition value '{value}' for {kind.trino()} partition key: {key}"  # noqa: E501
            )
    return [
        f"CAST({'NULL' if value == NULL_VALUE else literal(value)} AS {kind.duckdb()})"
        for value, (_, kind) in zip(partition.values, table.keys, strict=True)
    ]


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
        key_values(table, item)
    for term in terms:
        if not found:
            return found
        rows = ", ".join(f"({number}, {', '.join(key_values(table, item))})" for number, item in enumerate(found))
        names = ", ".join(identifier(name) for name in ("#", *(name for name, _ in table.keys)))
        query = f"SELECT {identifier('#')} FROM (VALUES {rows}) AS {identifier(alias)}({names}) WHERE {to_duckdb(term)}"
        try:
            kept = {number for (number,) in connection.execute(query).fetchall()}
        except duckdb.Error:
            continue
        found = [item for number, item in enumerate(found) if number in kept]
    return found


def prunable_terms(select: exp.Expr, alias: str, keys: set[str]) -> list[exp.Expr]:
    """The conjuncts that only touch partition columns of the table `alias` and may drop its rows before joins."""
    terms: list[exp.Expr] = []
    joins = select.args.get("joins") or []
    own = next((join for join in joins if join.this.alias_or_name == alias), None)
    after_own = joins[joins.index(own) + 1 :] if own is not None else joins
    nullable = (own is not None and own.side in ("LEFT", "FULL")) or any(
        join.side in ("RIGHT", "FULL") for join in after_own
    )
    where = select.args.get("where")
    if where is not None and not nullable:
        terms += _conjuncts(where.this)
    if own is not None and own.args.get("on") is not None and own.side in ("", "LEFT"):
        terms += _conjuncts(own.args["on"])
    return [term for term in terms if _only_keys(term, alias, keys)]


def _conjuncts(condition: exp.Expr) -> list[exp.Expr]:
    condition = condition.unnest()
    return list(condition.flatten()) if isinstance(condition, exp.And) else [condition]


def _only_keys(term: exp.Expr, alias: str, keys: set[str]) -> bool:
    columns = list(term.find_all(exp.Column))
    return (
        bool(columns)
        and all(column.table == alias and column.name in keys for column in columns)
        and not any(term.find_all(exp.Query, exp.Window))
    )
