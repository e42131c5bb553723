"""UNNEST written for DuckDB: lists side by side, maps taken apart, all in their order.

https://trino.io/docs/current/sql/select.html#unnest
"""

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.generators.duckdb import DuckDBGenerator

from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.guards import may_fail, terms_before
from local_aws.athena.kinds import D, kind


class Unnesting(DuckDBGenerator):
    """The part of the generator that writes UNNEST, alone and joined."""

    _joined = 0

    def join_sql(self, node: exp.Join) -> str:
        """The lists in a subquery of their own, and a second one that takes them apart.

        DuckDB keeps the order of elements only where the lists are columns, and where the join is no outer one. A LEFT
        JOIN is a CROSS JOIN to at least one element.
        """
        if not isinstance(node.this, exp.Unnest) or node.side not in ("", "LEFT"):
            return super().join_sql(node)
        self._joined += 1
        name, lists = f'"lists {self._joined}"', self._guarded(node, self._lists(node.this))
        columns = [f"l{number}" for number in range(len(lists))]
        written = ", ".join(f"{each} AS {column}" for each, column in zip(lists, columns, strict=True))
        elements = self._elements(node.this, [f"{name}.{column}" for column in columns], outer=node.side == "LEFT")
        join = " CROSS JOIN" if any(node.args.get(each) for each in ("side", "kind", "on")) else ","
        return f"{join} LATERAL (SELECT {written}) AS {name}{join} LATERAL {elements}"

    def unnest_sql(self, node: exp.Unnest) -> str:
        return self._elements(node, self._lists(node), outer=False)

    def _guarded(self, node: exp.Join, lists: list[str]) -> list[str]:
        """Lists that are not computed for rows that WHERE leaves out: Trino applies its terms before the UNNEST."""
        terms = terms_before(node) if any(map(may_fail, node.this.expressions)) else []
        wanted = " AND ".join(f"({self.sql(each)})" for each in terms)
        return [f"CASE WHEN {wanted} THEN {each} END" for each in lists] if terms else lists

    def _lists(self, node: exp.Unnest) -> list[str]:
        lists = []
        for value in node.expressions:
            written = self.sql(value)
            if kind(value) == D.UNKNOWN:
                raise CannotTranslate(f"UNNEST of {value.sql(Trino)}, whose type is not known: add a CAST")
            is_map = kind(value) == D.MAP
            lists += [f"map_keys({written})", f"map_values({written})"] if is_map else [written]
        return lists

    def _elements(self, node: exp.Unnest, lists: list[str], outer: bool) -> str:
        columns, alias, offset = _columns(node), node.args.get("alias"), node.args.get("offset")
        longest = f"coalesce(greatest({', '.join(f'len({each})' for each in lists)}), 0)"
        first = f"CASE WHEN {longest} = 0 THEN [NULL] ELSE {lists[0]} END" if outer else lists[0]
        inner = [f"unnest({each}) AS u{number}" for number, each in enumerate([first, *lists[1:]])]
        if offset:
            inner.append(f"unnest(range(1, CAST({longest} AS BIGINT) + 1)) AS o")
        names = [self.sql(name) for name in alias.args.get("columns") or []] if alias else []
        if isinstance(offset, exp.Identifier) and len(names) < len(columns):
            names.append(self.sql(offset))
        if names and len(names) != len(columns):
            raise QueryFailed(
                f"MISMATCHED_COLUMN_ALIASES: Column alias list has {len(names)} entries but relation has {len(columns)} columns"  # noqa: E501
            )
        selected = [f"{c} AS {n}" for c, n in zip(columns, names, strict=True)] if names else columns
        name = self.sql(alias, "this") if alias else ""
        return f"(SELECT {', '.join(selected)} FROM (SELECT {', '.join(inner)})){' AS ' + name if name else ''}"


def _columns(node: exp.Unnest) -> list[str]:
    """Its columns out of those of the lists, u0 and so on, and of their numbers, o."""
    columns: list[str] = []
    lists = 0
    for value in node.expressions:
        width = 2 if kind(value) == D.MAP else 1
        columns += [f"u{lists + n}" for n in range(width)]
        lists += width
    return [*columns, "o"] if node.args.get("offset") else columns
