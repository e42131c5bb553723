"""The WHERE terms on partition columns, evaluated over all values at once."""

from typing import Any

import duckdb
from sqlglot import exp

from local_aws.athena.catalog import NULL_VALUE
from local_aws.athena.conversion import identifier, literal
from local_aws.athena.types import Type
from local_aws.athena.writer import to_duckdb

Values = tuple[str, ...]


def satisfying(
    connection: Any, alias: str, keys: list[tuple[str, Type]], rows: list[Values], terms: list[exp.Expr]
) -> list[int]:
    """The numbers of the rows that satisfy every term; a term that cannot be evaluated here selects all.

    A row has a valid text for each of `keys`, which the terms call by the name of the table, `alias`.
    """
    kept = list(range(len(rows)))
    for term in terms:
        if not kept:
            break
        selected = [f"unnest(?) AS {identifier('#')}"] + [
            f"CAST(nullif(unnest(CAST(? AS VARCHAR[])), {literal(NULL_VALUE)}) AS {kind.duckdb()}) AS {identifier(key)}"
            for key, kind in keys
        ]
        columns = [[rows[number][position] for number in kept] for position in range(len(keys))]
        query = (
            f"SELECT {identifier('#')} FROM (SELECT {', '.join(selected)}) AS {identifier(alias)} "
            f"WHERE {to_duckdb(term)} ORDER BY ALL"
        )
        try:
            kept = [number for (number,) in connection.execute(query, [kept, *columns]).fetchall()]
        except duckdb.Error:
            continue
    return kept
