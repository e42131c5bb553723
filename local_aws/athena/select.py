"""One SELECT: from Athena's text to a DuckDB query over the objects it needs, and to its rows."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.schema import MappingSchema

from local_aws.athena.catalog import Catalog, Table
from local_aws.athena.checks import check_tree
from local_aws.athena.computed import real_text
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.grouping import check_groups
from local_aws.athena.guards import guards_repeated_parts
from local_aws.athena.hash_map import in_printed_order
from local_aws.athena.join_scopes import check_join_scopes, check_using, refuse_joined_wrappers
from local_aws.athena.loading import PATH_COLUMN, Loader
from local_aws.athena.messages import place
from local_aws.athena.output_names import merge_names, name_outputs, output_names, spellings, text_size
from local_aws.athena.parsing import AthenaQuery, parse
from local_aws.athena.pushdown import live_columns, pushed_terms
from local_aws.athena.recursion import check_recursion, check_recursive_shape, limit_recursion
from local_aws.athena.results import Column, text
from local_aws.athena.scopes import (
    check_with,
    column_failure,
    count_names,
    inline_windows,
    names_cte,
    refuse_aliases,
    refuse_double_orders,
    refuse_joined_names,
    refuse_other_counts,
    refuse_twins,
    resolve_order,
)
from local_aws.athena.storage import Scratch
from local_aws.athena.types import from_duckdb, hive_of_duckdb, same_type
from local_aws.athena.typing import annotate, unite_types
from local_aws.athena.unnest_checks import name_members
from local_aws.athena.writer import to_duckdb
from local_aws.athena.zones import zones_shown

_NUMBERS = count()  # of the tables that DuckDB reads: no name twice, also not by a view that is looked at first
_QUALIFY: dict[str, Any] = {"dialect": AthenaQuery, "quote_identifiers": False, "identify": False}


class Select:
    """A prepared query: `columns`, `sql` for DuckDB, `scanned` bytes read to answer it."""

    def __init__(
        self, connection: Any, scratch: Scratch, catalog: Catalog, s3: Any, database: str, cutoff: int | None = None,
        dry: bool = False, within: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:  # fmt: skip
        self._within = within  # the views whose statement this is a part of
        self._connection, self._scratch, self._catalog, self._s3 = connection, scratch, catalog, s3
        self._database = database
        self._loader = Loader(connection, scratch, catalog, s3, cutoff, dry)
        self.sql = ""
        self.guarded = False
        self.names: list[str] = []
        self.zones: dict[int, str] = {}
        self.sizes: list[str] = []  # of varchar(n), which DuckDB doesn't know

    @property
    def scanned(self) -> int:
        return self._loader.scanned

    def prepare(self, tree: exp.Expr, printed: bool = False) -> None:
        """Resolve tables, prune partitions, copy objects, and write the DuckDB query; `printed` if its rows are."""
        root = tree.unnest() if isinstance(tree, exp.Subquery) else tree
        if isinstance(root, exp.Values):
            query = _select_values(root.copy())
            root.replace(query)
            tree = query if tree is root else tree
        _select_inner_values(tree)
        spelled = spellings(tree)
        tree = self._inline_views(tree, self._database)
        tables = self._name_tables(tree)
        _refuse_stars_of_nothing(tree, tables)
        schema = MappingSchema(
            {name: {c: kind.trino() for c, kind in t.columns} | {PATH_COLUMN: "varchar"} for name, t in tables.items()},
            visible={name: [column for column, _ in table.columns] for name, table in tables.items()},
            dialect=AthenaQuery,
        )
        written = output_names(tree)
        name_outputs(tree)
        refuse_joined_wrappers(tree)
        count_names(tree)
        refuse_joined_names(tree)
        check_with(tree)
        check_recursive_shape(tree)
        name_members(tree)
        resolve_order(tree)
        inline_windows(tree)
        try:
            refuse_aliases(qualify(tree.copy(), schema=schema, expand_alias_refs=False, **_QUALIFY), schema)
            tree = qualify(tree, schema=schema, **_QUALIFY)
        except OptimizeError as error:
            raise column_failure(error, tree, schema) from error
        check_join_scopes(tree)
        check_using(tree, schema)
        refuse_other_counts(tree)
        refuse_double_orders(tree)
        refuse_twins(tree)
        limit_recursion(tree)
        tree = annotate(tree, schema)
        check_recursion(tree)
        tree = unite_types(tree, schema)
        check_tree(tree)
        self.zones = zones_shown(tree) if printed else {}
        self.names = [spelled.get(name, name) for name in merge_names(written, tree)]
        self.sizes = [text_size(each.unalias()) for each in tree.selects]
        pushed, live = pushed_terms(tree), live_columns(tree)
        for scope in traverse_scope(tree):
            for alias, (_, source) in scope.selected_sources.items():
                if isinstance(source, exp.Table) and source.name in tables:
                    needed = {column.name for column in scope.source_columns(alias)}
                    around = pushed.get(id(scope.expression), [])
                    self._loader.load(source, tables[source.name], around, needed, live.get(source.name, set()))
        self.sql = to_duckdb(tree)
        self.guarded = "try(" in self.sql or guards_repeated_parts(tree)
        for select in tree.find_all(exp.Select):
            check_groups(select)

    def rows(self) -> tuple[list[Column], Iterator[list[str | None]]]:
        """Run it: the columns, and the rows as Athena prints them."""
        cursor = self._connection.execute(self.sql)
        types = [from_duckdb(item[1]) for item in cursor.description]
        if any("real" in each and each != "real" for each in types):
            raise CannotTranslate("real inside an array, map or row")
        if any(re.search(r"map\((?:array|map|row)\(", each) for each in types):
            raise CannotTranslate("a map whose keys are arrays, maps or rows")
        if len(self.names) != len(types):
            raise CannotTranslate("a star over columns without names, as UNNEST without an alias gives")
        reals = [number for number, each in enumerate(types) if each == "real"]
        moments = [number for number, each in enumerate(types) if each.startswith(("date", "timestamp"))]
        maps = {number: item[1] for number, item in enumerate(cursor.description) if "map(" in types[number]}

        def fetch() -> Iterator[list[str | None]]:
            while batch := cursor.fetchmany(10_000):
                for row in batch:
                    shown = [text(value) for value in row]
                    for number, of in maps.items():
                        shown[number] = text(in_printed_order(row[number], of))
                    if any(isinstance(row[number], str) for number in moments):
                        raise CannotTranslate("a year beyond 9999 or before 1")  # where DuckDB gives a text
                    for number in reals:
                        shown[number] = None if row[number] is None else real_text(row[number])
                    for number, zone in self.zones.items():
                        shown[number] = None if row[number] is None else f"{shown[number]} {zone}"
                    yield shown

        sizes = self.sizes if len(self.sizes) == len(types) else [""] * len(types)
        types = ["timestamp with time zone" if number in self.zones else each for number, each in enumerate(types)]
        return [
            Column(name, f"{kind}{size}" if kind == "varchar" else kind)
            for name, kind, size in zip(self.names, types, sizes, strict=True)
        ], fetch()

    # -- tables -------------------------------------------------------------------------------------------------

    def _inline_views(self, tree: exp.Expr, database: str, depth: int = 0) -> exp.Expr:
        """Every view replaced by its own statement."""
        if depth > 20:
            raise QueryFailed("INVALID_VIEW: views are nested too deeply")
        for node in list(tree.find_all(exp.Table)):
            if not isinstance(node.this, exp.Identifier) or (not node.db and names_cte(node)):
                continue
            if not node.db:
                node.set("db", exp.to_identifier(database.lower()))
            table = self._table(node)
            if table.view is not None:
                if (table.database, table.name) in self._within:
                    raise QueryFailed(f"VIEW_IS_RECURSIVE: {place(node)}View is recursive")
                self._check_view(node, table)
                inner = self._inline_views(parse(table.view), table.view_schema, depth + 1)
                subquery = exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier(node.alias_or_name)))
                if node.args.get("joins"):
                    subquery.set("joins", node.args["joins"])
                node.replace(subquery)
        return tree

    def _check_view(self, node: exp.Table, view: Table) -> None:
        """A view keeps the columns that it had when it was made; what they come from may have changed since."""
        name = f"View 'awsdatacatalog.{view.database}.{view.name}'"
        within = self._within | {(view.database, view.name)}
        inner = Select(
            self._connection, self._scratch, self._catalog, self._s3, view.view_schema, dry=True, within=within
        )
        try:
            inner.prepare(parse(str(view.view)))
            found = self._connection.execute(f"SELECT * FROM ({inner.sql}) LIMIT 0").description
        except CannotTranslate:
            raise
        except QueryFailed as error:
            code, _, reason = error.message.partition(": ")
            raise QueryFailed(
                f"INVALID_VIEW: {place(node)}Failed analyzing stored view {name[5:]}: {reason}"
                if not code.startswith("INVALID_VIEW")
                else error.message
            ) from error
        stale = f"VIEW_IS_STALE: {place(node)}{name} is stale or in invalid state: "
        if len(found) != len(view.columns):
            raise QueryFailed(
                f"{stale}stored view column count ({len(view.columns)}) does not match column count derived from view "
                f"query analysis ({len(found)})"
            )
        for number, (own, item, (stored, kind)) in enumerate(zip(inner.names, found, view.columns, strict=True)):
            if own.lower() != stored:
                was = f"column [{stored}] of type {kind.trino()} stored in view definition"
                raise QueryFailed(
                    f"{stale}column [{own}] of type {from_duckdb(item[1])} projected from query view at position "
                    f"{number} has a different name from {was}"
                )
            if not same_type(hive_of_duckdb(item[1]), kind.hive()):
                raise CannotTranslate(f"{name}, whose column {stored} was {kind.trino()} and is {from_duckdb(item[1])}")

    def _table(self, node: exp.Table) -> Table:
        if node.catalog and node.catalog.lower() not in ("awsdatacatalog", "hive"):
            raise QueryFailed(f"CATALOG_NOT_FOUND: {place(node)}Catalog '{node.catalog}' does not exist")
        if node.db.lower() == "information_schema":
            raise CannotTranslate("information_schema")
        name, _, metadata = node.name.lower().partition("$")
        if metadata == "partitions":
            table = self._catalog.table(node.db.lower(), name, place(node))
            if not table.keys:
                raise QueryFailed(
                    f"TABLE_NOT_FOUND: {place(node)}Table 'awsdatacatalog.{node.db.lower()}.{node.name.lower()}' does not exist"  # noqa: E501
                )
            return replace(table, name=node.name.lower(), descriptor=replace(table.descriptor, columns=()))
        if metadata:
            raise CannotTranslate(f"the metadata table {node.name}")
        return self._catalog.table(node.db.lower(), node.name.lower(), place(node))

    def _name_tables(self, tree: exp.Expr) -> dict[str, Table]:
        """Give every reference to a table a DuckDB name of its own, since each is pruned on its own."""
        tables: dict[str, Table] = {}
        full_names = {(node.db.lower(), node.name.lower()) for node in tree.find_all(exp.Table) if not node.alias}
        for column in tree.find_all(exp.Column):
            if column.db and (column.db.lower(), column.table.lower()) in full_names:
                column.set("db", None)
                column.set("catalog", None)
        for node in list(tree.find_all(exp.Table)):
            if not node.db or not isinstance(node.this, exp.Identifier):
                continue
            name = f"_table_{next(_NUMBERS)}"  # which no WITH query is called
            tables[name] = self._table(node)
            if not node.alias:
                node.set("alias", exp.TableAlias(this=exp.to_identifier(node.name)))
            node.set("this", exp.to_identifier(name))
            node.set("db", None)
            node.set("catalog", None)
        return tables


def _select_values(values: exp.Values) -> exp.Select:
    """VALUES as a statement, alone or in parentheses: its columns have no names."""
    names = [exp.to_identifier(f"_col{n}") for n in range(len(values.expressions[0].expressions) or 1)]
    values.set("alias", exp.TableAlias(this=exp.to_identifier("v"), columns=names))
    after = {key: values.args.pop(key) for key in ("order", "offset", "limit") if values.args.get(key)}
    query = exp.select("*").from_(values)
    for key, clause in after.items():
        query.set(key, clause)
    return query


def _select_inner_values(tree: exp.Expr) -> None:
    """VALUES as a query of its own, of which sqlglot knows no types: a value, IN's list, what LATERAL gives."""
    for values in list(tree.find_all(exp.Values)):
        within = values.parent
        if isinstance(within, exp.Subquery):
            values.replace(_select_values(values.copy()))
        elif isinstance(within, exp.In):
            within.set("expressions", None)
            within.set("query", exp.Subquery(this=_select_values(values.copy())))


def _refuse_stars_of_nothing(tree: exp.Expr, tables: dict[str, Table]) -> None:
    """`SELECT *` of tables that have no columns."""
    for select in tree.find_all(exp.Select):
        read = [each.this for each in (select.args.get("from_"), *(select.args.get("joins") or [])) if each]
        stars = any(isinstance(item, exp.Star) for item in select.expressions)
        if stars and read and all(each.name in tables and not tables[each.name].columns for each in read):
            raise QueryFailed("COLUMN_NOT_FOUND: SELECT * not allowed from relation that has no columns")
