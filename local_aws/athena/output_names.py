"""The names of a result's columns, as Athena gives them, and the lengths of its texts."""

import re

from sqlglot import exp

_UNNAMED = re.compile(r"_col_\d+$|\*$")


def output_names(tree: exp.Expr) -> list[str | None]:
    """The names of the result's columns as the user wrote them; None for a star."""
    query = tree.this if isinstance(tree, exp.Subquery) else tree
    while isinstance(query, exp.SetOperation):
        query = query.left
    if not isinstance(query, exp.Select):
        return []
    names: list[str | None] = []
    for number, item in enumerate(query.expressions):
        if isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star)):
            names.append(None)
        elif isinstance(item, exp.Alias):
            names.append(item.alias)
        elif isinstance(item, (exp.Column, exp.Dot)):
            names.append(item.name)
        else:
            names.append(f"_col{number}")
    return names


def spellings(tree: exp.Expr) -> dict[str, str]:
    """Names as they were given by AS, which a star of what is around them keeps; sqlglot has them in lower case."""
    given = [item.args["alias"] for item in tree.find_all(exp.Alias)]
    given += [name for alias in tree.find_all(exp.TableAlias) for name in alias.args.get("columns") or []]
    names = {name.name for name in given if isinstance(name, exp.Identifier)}
    folded = [name.lower() for name in names]
    return {name.lower(): name for name in names if folded.count(name.lower()) == 1}


def name_outputs(tree: exp.Expr) -> None:
    """Of what has no name, sqlglot would give `1` to a literal and `x` to CAST(x AS bigint)."""
    for select in tree.find_all(exp.Select):
        for number, item in enumerate(select.expressions):
            if isinstance(item, exp.Subquery):
                name = item.alias or f"_col_{number}"
                item.set("alias", None)
                item.replace(exp.Alias(this=exp.Paren(this=item.copy()), alias=exp.to_identifier(name)))
            elif not item.alias and not isinstance(item, (exp.Column, exp.Dot, exp.Star)):
                select.expressions[number].replace(exp.alias_(item.copy(), f"_col_{number}"))


def text_size(node: exp.Expr) -> str:
    """`(10)` of a column, or a CAST, of type varchar(10), or of a text of so many letters."""
    if isinstance(node, exp.Literal) and node.is_string:
        return f"({len(node.name)})"
    sized = isinstance(node, (exp.Column, exp.Cast)) and node.type is not None and node.type.expressions
    return f"({node.type.expressions[0].name})" if sized and node.type.this == exp.DataType.Type.VARCHAR else ""


def merge_names(written: list[str | None], tree: exp.Expr) -> list[str]:
    """The written names with stars expanded; an unnamed column is `_col` and its position."""
    final = [item.alias_or_name for item in tree.selects] if isinstance(tree, exp.Query) else []
    if None not in written and len(written) == len(final):
        return [str(name) for name in written]
    if written.count(None) == 1:
        star = written.index(None)
        tail = len(written) - star - 1
        middle = final[star : len(final) - tail]
        names = [*written[:star], *middle, *written[len(written) - tail :]]
        return [
            f"_col{n}"
            if _UNNAMED.match(str(name)) or (str(name).startswith("_col") and name not in middle)
            else str(name)
            for n, name in enumerate(names)
        ]
    return [f"_col{n}" if _UNNAMED.match(name) else name for n, name in enumerate(final)]
