"""Whether a query counts on a part of it not being evaluated: `x <> 0 AND 10 / x > 1 AND 10 / x < 5`."""

from collections import Counter

from sqlglot import exp

from local_aws.athena.functions import AGGREGATES
from local_aws.athena.messages import is_literal

_MAY_FAIL = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.Cast, exp.Bracket, exp.Anonymous)
_GUARDS = (exp.Case, exp.If, exp.And, exp.Or)
_GUARDING = {"try", "coalesce", "nullif"}


def guards_repeated_parts(tree: exp.Expr) -> bool:
    """Whether a part that may fail occurs twice and is guarded once: DuckDB would evaluate it first, and once."""
    for select in tree.find_all(exp.Select):
        parts = [each for each in select.find_all(*_MAY_FAIL) if each.name.lower() not in {*AGGREGATES, *_GUARDING}]
        times = Counter(parts)
        if any(times[each] > 1 and _is_guarded(each) for each in parts):
            return True
    return False


def needs_order(terms: list[exp.Expr]) -> bool:
    """Whether one of the terms of an AND or OR, but the first, may fail where an earlier one has decided."""
    fails = (exp.Div, exp.Mod, exp.Bracket)
    late = [each for term in terms[1:] for each in term.find_all(*fails, exp.Cast)]
    return (
        any(isinstance(each, fails) or _is_risky(each) for each in late)
        and not any(term.find(exp.Query) for term in terms)
        and isinstance(terms[0].find_ancestor(exp.Join, exp.Select, exp.Lambda), exp.Select)
    )


def may_fail(node: exp.Expr) -> bool:
    """Whether evaluating it may fail, as that of names, literals and comparisons does not."""
    return any(not is_literal(each) for each in node.find_all(*_MAY_FAIL))


def terms_before(join: exp.Join) -> list[exp.Expr]:
    """The terms of WHERE that only say something of what stands before a CROSS JOIN, and cannot fail.

    None if a RIGHT or FULL JOIN follows, which would bring back the rows that a term leaves out.
    """
    select = join.parent
    where = select.args.get("where") if isinstance(select, exp.Select) else None
    if where is None or join.side or join.args.get("on"):
        return []
    joins = select.args["joins"]
    number = next(number for number, each in enumerate(joins) if each is join)
    if any(each.side in ("RIGHT", "FULL") for each in joins[number:]):
        return []
    before = {each.this.alias_or_name for each in (select.args["from_"], *joins[:number])}
    return [
        each
        for each in (where.this.flatten() if isinstance(where.this, exp.And) else [where.this])
        if (columns := list(each.find_all(exp.Column)))
        and {column.table for column in columns} <= before
        and not may_fail(each)
        and not each.find(exp.Query)
    ]


def _is_risky(cast: exp.Cast) -> bool:
    return not isinstance(cast, exp.TryCast) and not isinstance(cast.this, exp.Literal)


def _is_guarded(node: exp.Expr) -> bool:
    around = node.parent
    while around is not None and not isinstance(around, exp.Select):
        if isinstance(around, _GUARDS) or (isinstance(around, exp.Anonymous) and around.name.lower() in _GUARDING):
            return True
        around = around.parent
    return False
