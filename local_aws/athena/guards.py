"""Whether a query counts on a part of it not being evaluated: `x <> 0 AND 10 / x > 1 AND 10 / x < 5`."""

from collections import Counter

from sqlglot import exp

from local_aws.athena.functions import AGGREGATES

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


def _is_risky(cast: exp.Cast) -> bool:
    return not isinstance(cast, exp.TryCast) and not isinstance(cast.this, exp.Literal)


def _is_guarded(node: exp.Expr) -> bool:
    around = node.parent
    while around is not None and not isinstance(around, exp.Select):
        if isinstance(around, _GUARDS) or (isinstance(around, exp.Anonymous) and around.name.lower() in _GUARDING):
            return True
        around = around.parent
    return False
