"""How deep what is written stands in lambdas, of which their names are made."""

from typing import Any

from sqlglot.generators.duckdb import DuckDBGenerator


class Nesting(DuckDBGenerator):
    """The part of the generator that counts the depth anew for each expression.

    So an expression is written in the same way wherever it stands; DuckDB takes what SELECT says for what GROUP BY
    says only if the names in their lambdas are the same.
    """

    depth = 0

    def sql(self, expression: Any, key: str | None = None, comment: bool = True) -> str:
        depth = self.depth
        written: str = super().sql(expression, key, comment)
        self.depth = depth
        return written
