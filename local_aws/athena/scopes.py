"""Names that a query's clauses may use, where sqlglot or DuckDB would find another column or none."""

import re
from collections import Counter

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.resolver import Resolver
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import Schema

from local_aws.athena.correlation import is_aggregate
from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.join_scopes import is_after_comma
from local_aws.athena.messages import place


def names_cte(table: exp.Table) -> bool:
    """Whether a name is that of a WITH query; one that isn't recursive does not see itself, nor those after it."""
    node: exp.Expr | None = table
    while node is not None:
        visible = node.args["with_"].expressions if node.args.get("with_") else []
        if isinstance(node, exp.CTE) and isinstance(node.parent, exp.With):
            ctes = node.parent.expressions
            own = next(number for number, each in enumerate(ctes) if each is node)
            visible = ctes[: own + bool(node.parent.args.get("recursive"))]
            node = node.parent.parent  # whose WITH this is
        if table.name.lower() in {cte.alias.lower() for cte in visible}:
            return True
        node = node.parent if node is not None else None
    return False


def refuse_aliases(tree: exp.Expr, schema: Schema) -> None:
    """HAVING knows the columns of FROM, not the names that SELECT gives; sqlglot and DuckDB let both pass."""
    for scope in traverse_scope(tree):
        having = scope.expression.args.get("having")
        for column in having.find_all(exp.Column) if having else ():
            if not column.table and not _is_known(column, scope, schema):
                raise QueryFailed(
                    f"COLUMN_NOT_FOUND: {place(column)}Column '{column.name}' cannot be resolved or requester is not "
                    "authorized to access requested resources"
                )


def _is_known(column: exp.Column, scope: Scope | None, schema: Schema) -> bool:
    """Whether a table of a query, or of those around it, has a column."""
    while scope is not None and Resolver(scope, schema).get_table(column) is None:
        scope = scope.parent
    return scope is not None


def refuse_joined_names(tree: exp.Expr) -> None:
    """What USING joined has no table any more; sqlglot and DuckDB let `a.x` and the x of `a.*` pass."""
    for select in tree.find_all(exp.Select):
        tables = [from_.this.alias_or_name.lower()] if (from_ := select.args.get("from_")) else []
        joined: dict[tuple[str, str], int] = {}  # a table and a column: the join that first took them
        joins = select.args.get("joins") or []
        outer: list[exp.Join] = []  # RIGHT and FULL with USING
        for number, join in enumerate(joins):
            tables.append(join.alias_or_name.lower())
            names = [name.name.lower() for name in join.args.get("using") or ()]
            if names and "" in tables:
                raise CannotTranslate("USING with a subquery without a name or a join in parentheses")
            earlier = {n.name.lower() for each in outer for n in each.args["using"]}
            if again := earlier & set(names):
                # sqlglot compares the first table's column, Trino what the join made of both.
                raise CannotTranslate(f"USING ({again.pop()}) after a RIGHT or FULL JOIN with it")
            outer += [join] if join.side in ("RIGHT", "FULL") and names else []
            joined = {(table, name): number for table in tables for name in names} | joined
        for column in select.find_all(exp.Column) if joined else ():
            if column.find_ancestor(exp.Select) is not select:
                continue
            join = column.find_ancestor(exp.Join)
            within = next((number for number, each in enumerate(joins) if each is join), len(joins))
            table, name = column.table.lower(), column.name.lower()
            if isinstance(column.this, exp.Star) and table in {each for each, _ in joined}:
                raise CannotTranslate(f"{column.table}.* of a table that is joined with USING")
            if joined.get((table, name), within) < within:
                where = place(column.args["table"])
                raise QueryFailed(
                    f"COLUMN_NOT_FOUND: {where}Column '{column.table}.{column.name}' cannot be resolved or "
                    "requester is not authorized to access requested resources"
                )


def check_with(tree: exp.Expr) -> None:
    """WITH gives each name once, and a recursive query names its columns."""
    for ctes in tree.find_all(exp.With):
        known = set()
        for cte in ctes.expressions:
            if cte.alias.lower() in known:
                where = place(cte.args["alias"].this)
                raise QueryFailed(
                    f"DUPLICATE_NAMED_QUERY: {where}WITH query name '{cte.alias}' specified more than once"
                )
            known.add(cte.alias.lower())
    for cte in tree.find_all(exp.CTE):
        names = [name.lower() for name in cte.alias_column_names]
        if twice := next((name for number, name in enumerate(names) if name in names[:number]), None):
            raise QueryFailed(
                f"DUPLICATE_COLUMN_NAME: {place(cte.args['alias'].this)}Column name '{twice}' specified more than once"
            )


def count_names(tree: exp.Expr) -> None:
    """Remember how many names subqueries and WITH give their columns; qualified, none tells."""
    for node in tree.find_all(exp.Subquery, exp.CTE):
        if names := node.alias_column_names:
            node.meta["names"] = len(names)
            query = node.unnest() if isinstance(node, exp.Subquery) else node.this
            if isinstance(query, exp.Query) and not query.is_star:
                _refuse_other_count(node, len(query.selects))
    for values in tree.find_all(exp.Values):
        row = values.expressions[0]
        if isinstance(row, exp.Tuple) and len(row.expressions) > 1 and (names := values.alias_column_names):
            values.meta["names"] = len(names)  # a single value may be a row, with columns of its own
            _refuse_other_count(values, len(row.expressions))


def refuse_other_counts(tree: exp.Expr) -> None:
    """What `count_names` has remembered, held against the columns; DuckDB would name the first ones only."""
    for node in tree.find_all(exp.Subquery, exp.CTE):
        columns = node.unnest().selects if isinstance(node, exp.Subquery) else node.this.selects
        _refuse_other_count(node, len(columns))


def _refuse_other_count(node: exp.Expr, columns: int) -> None:
    if node.meta.get("names", columns) != columns:
        raise QueryFailed(
            f"MISMATCHED_COLUMN_ALIASES: Column alias list has {node.meta['names']} entries but '{node.alias}' has "
            f"{columns} columns available"
        )


def resolve_order(tree: exp.Expr) -> None:
    """ORDER BY knows the names that SELECT gives before those of FROM, inside an expression too; DuckDB the reverse."""
    for query in tree.find_all(exp.Query):
        _check_positions(query)
    for select in tree.find_all(exp.Select):
        order = select.args.get("order")
        aliases = {item.alias.lower(): item.this for item in select.expressions if isinstance(item, exp.Alias)}
        outputs = {name.lower() for name in select.named_selects}
        for column in list(order.find_all(exp.Column)) if order else ():
            inside = column.find_ancestor(exp.Select) is not select
            if not inside and column.table and column.parts[0].name.lower() in outputs:
                raise CannotTranslate(
                    f"ORDER BY {column.sql(Trino)} beside a column that is called {column.parts[0].name}"
                )
            value = aliases.get(column.name.lower())
            whole = isinstance(column.parent, exp.Ordered) and column.parent.parent is order
            if value is None or whole or column.table:
                continue
            if inside:
                raise CannotTranslate(f"a subquery in ORDER BY that names {column.name}, which SELECT gives")
            _refuse_in_aggregation(column)
            column.replace(exp.Paren(this=value.copy()))


def _refuse_in_aggregation(column: exp.Column) -> None:
    """What SELECT gives is not there yet when ORDER BY's own aggregations are computed."""
    around = column.parent
    while around is not None and not isinstance(around, exp.Select):
        if is_aggregate(around) or (isinstance(around, exp.Filter) and is_aggregate(around.this)):
            raise QueryFailed(
                f"COLUMN_NOT_FOUND: {place(column)}Invalid reference to output projection attribute from ORDER BY "
                "aggregation"
            )
        around = around.parent


def _check_positions(query: exp.Query) -> None:
    """What ORDER BY and GROUP BY may name; DuckDB takes 0 for a constant, and a name of any branch of a UNION."""
    order = [each.this for each in query.args["order"].expressions] if query.args.get("order") else []
    groups = query.args["group"].expressions if query.args.get("group") else []
    for clause, items in (("ORDER BY", order), ("GROUP BY", groups)):
        for item in items:
            number = int(item.name) if isinstance(item, exp.Literal) and item.name.isdigit() else 1
            if number < 1 or (number > len(query.selects) and not query.is_star):
                raise QueryFailed(
                    f"INVALID_COLUMN_REFERENCE: {place(item)}{clause} position {number} is not in select list"
                )
    named = Counter(item.alias_or_name.lower() for item in query.selects)
    for key in order:
        if isinstance(query, exp.SetOperation) and isinstance(key, exp.Column) and key.table:
            raise QueryFailed(
                f"COLUMN_NOT_FOUND: {place(key)}Column '{key.table}.{key.name}' cannot be resolved or requester is not "
                "authorized to access requested resources"
            )
        name = key.name.lower() if isinstance(key, exp.Column) and not key.table else ""
        if key.parent is not None:
            key.parent.meta["name"] = name  # for refuse_double_orders
        if named[name] > 1:
            raise QueryFailed(f"AMBIGUOUS_NAME: {place(key)}Column '{name}' is ambiguous")
        if name and isinstance(query, exp.SetOperation) and name not in named and not query.is_star:
            raise QueryFailed(
                f"COLUMN_NOT_FOUND: {place(key)}Column '{name}' cannot be resolved or requester is not authorized to "
                "access requested resources"
            )


def refuse_double_orders(tree: exp.Expr) -> None:
    """What ORDER BY names by itself, held against the columns that a star has given too."""
    for select in tree.find_all(exp.Select):
        named = Counter(select.named_selects)
        for ordered in select.args["order"].expressions if select.args.get("order") else ():
            name = ordered.meta.get("name")
            if name and named[name] > 1:
                raise QueryFailed(f"AMBIGUOUS_NAME: {place(ordered.this)}Column '{name}' is ambiguous")


def refuse_twins(tree: exp.Expr) -> None:
    """Of a subquery's two columns of one name neither can be asked for; DuckDB takes the first."""
    for scope in traverse_scope(tree):
        for alias, (_, source) in scope.selected_sources.items():
            names = source.expression.named_selects if isinstance(source, Scope) else []
            if scope.expression.is_star and len(set(names)) < len(names):
                raise CannotTranslate("a star over a subquery with two columns of one name")
            for column in scope.source_columns(alias):
                if names.count(column.name) > 1:
                    raise QueryFailed(f"AMBIGUOUS_NAME: {place(column)}Column '{column.name}' is ambiguous")


def inline_windows(tree: exp.Expr) -> None:
    """`OVER w` as the window that WINDOW calls w; one that nothing uses stays, for its names are looked up too."""
    for select in tree.find_all(exp.Select):
        windows = {each.name.lower(): each for each in select.args.get("windows") or []}
        if len(windows) < len(select.args.get("windows") or []):
            raise CannotTranslate("two windows of one name")
        if any(each.args.get("alias") for each in windows.values()):
            raise CannotTranslate("a window that extends another")
        used = set()
        for over in list(select.find_all(exp.Window)):
            name = over.args.get("alias")
            if name is None or over.find_ancestor(exp.Select) is not select:
                continue
            if (known := windows.get(name.name.lower())) is None:
                raise QueryFailed(f"INVALID_WINDOW_REFERENCE: {place(name)}Cannot resolve WINDOW name {name.name}")
            used.add(name.name.lower())
            for part in ("partition_by", "order", "spec"):
                over.set(part, known.copy().args.get(part))
            over.set("alias", None)
        select.set("windows", [each for name, each in windows.items() if name not in used] or None)


_UNRESOLVED = re.compile(
    r"Column '?\"?([^'\"]+)'?\"? could not be resolved|Unknown column: ([^,.\s]+)|Unknown table: (\S+)"
)


def column_failure(error: OptimizeError, tree: exp.Expr, schema: Schema) -> QueryFailed:
    """sqlglot's complaint about a name in Athena's words, where it stands in the statement."""
    message = str(error)
    if found := _UNRESOLVED.search(message):
        name = next(filter(None, found.groups())).rpartition(".")[2].lower().rstrip(".")
        columns = [each for each in tree.find_all(exp.Column) if name in (each.name.lower(), each.table.lower())]
        qualified = "." in next(filter(None, found.groups()))
        columns.sort(key=lambda each: bool(each.table) != qualified)
        column = columns[0] if columns else exp.column(name)
        if name.startswith("$"):
            return CannotTranslate(f"the hidden column {name}")
        if any(not each.alias_column_names for each in tree.find_all(exp.Unnest)):
            return CannotTranslate(f"{column.sql(Trino)} beside UNNEST without names of columns")
        if column.is_star:
            return CannotTranslate(f"{column.table}.* of what is not in FROM")
        if not column.table and _is_ambiguous(tree, schema, name):
            join = column.find_ancestor(exp.Join, exp.Select)
            if isinstance(join, exp.Join) and is_after_comma(join):
                return CannotTranslate(f"{column.name} without a table in a join after a comma in FROM")
            return QueryFailed(f"AMBIGUOUS_NAME: {place(column)}Column '{name}' is ambiguous")
        written = ".".join(part.name.lower() for part in column.parts)
        return QueryFailed(
            f"COLUMN_NOT_FOUND: {place(column)}Column '{written}' cannot be resolved or requester is not authorized to "
            "access requested resources"
        )
    if found := re.search(r"Unknown output column: (\d+)", message):
        return QueryFailed(f"INVALID_COLUMN_REFERENCE: position {found[1]} is not in select list")
    if "Alias already used" in message:
        return CannotTranslate("two tables of one name in FROM")
    if found := re.search(r"Cannot automatically join: (\S+)", message):
        return QueryFailed(f"COLUMN_NOT_FOUND: Column '{found[1]}' is missing from one side of join")
    if (found := re.search(r"Ambiguous column '(\w+)'", message)) and _is_ambiguous(tree, schema, found[1]):
        return QueryFailed(f"AMBIGUOUS_NAME: Column '{found[1]}' is ambiguous")
    return CannotTranslate(f"this statement ({message})")


def _is_ambiguous(tree: exp.Expr, schema: Schema, name: str) -> bool:
    """Whether two tables of one FROM have a column of this name."""
    for scope in traverse_scope(tree):
        resolver = Resolver(scope, schema)
        try:
            sources = scope.selected_sources
        except OptimizeError:  # two tables without a name; then the column is in none of them
            continue
        if sum(name in resolver.get_source_columns(source) for source in sources) > 1:
            return True
    return False
