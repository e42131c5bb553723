"""Regular expressions as DuckDB takes them, in the functions that are given one.

https://trino.io/docs/current/functions/regexp.html
"""

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from local_aws.athena.errors import CannotTranslate
from local_aws.athena.formats import regexp_rewrite
from local_aws.athena.joni import compiles, groups, is_unicode, may_be_empty, odd_pattern
from local_aws.athena.operators import Operators


def subject(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    """The text that a regular expression is looked for in, refused where DuckDB may find something else in it."""
    value, pattern = (writer.sql(each) for each in node.expressions[:2])
    literal = node.expressions[1].name if isinstance(node.expressions[1], exp.Literal) else None
    odd = {}
    if literal is None:
        odd["this regular expression, which is no literal"] = f"py_pattern({pattern}) <> ''"
    elif what := odd_pattern(literal):
        raise CannotTranslate(f"{what} in a regular expression")
    if literal is None or "$" in literal:  # Java's $ is also before a last line break
        odd["$ before a last line break"] = f"ends_with({value}, chr(10)) AND contains({pattern}, '$')"
    if literal is None or is_unicode(literal):
        odd["such a regular expression on a text that is not ASCII"] = f"strlen({value}) <> length({value})"
    if literal is None or r"\s" in literal.lower():
        odd["a vertical tab, which is a blank in Java only"] = f"contains({value}, chr(11))"
    if node.name.lower() in _OF_ALL_MATCHES and (literal is None or may_be_empty(literal)):
        matches = f"regexp_extract_all({value}, {pattern})"
        odd["a regular expression that matches the empty text"] = f"list_contains({matches}, '')"
    if reason := _odd_group(node):
        return {"subject": f"CASE WHEN {value} IS NOT NULL THEN CAST(fail('{reason}') AS VARCHAR) END"}
    refused = "".join(f" WHEN {found} THEN refuse('{reason}')" for reason, found in odd.items())
    return {"subject": f"CASE{refused} ELSE {value} END" if odd else value}


def _odd_group(node: exp.Anonymous) -> str:
    """Why a group that is given as a number is none of the regular expression's."""
    pattern, *given = node.expressions[1:]
    if not node.name.lower().startswith("regexp_extract") or not given or not isinstance(pattern, exp.Literal):
        return ""
    if isinstance(given[0], exp.Neg):
        return "INVALID_FUNCTION_ARGUMENT: Group cannot be negative"
    if given[0].name.isdigit() and int(given[0].name) > groups(pattern.name):
        return (
            f"INVALID_FUNCTION_ARGUMENT: Pattern has {groups(pattern.name)} groups. Cannot access group {given[0].name}"
        )
    return ""


def group_number(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    """One that DuckDB takes, where the subject fails."""
    return {"group": "0" if _odd_group(node) else f"group_number({writer.sql(node.expressions[2])})"}


_OF_ALL_MATCHES = {"regexp_replace", "regexp_split", "regexp_extract_all", "regexp_count"}


def rewrite(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    pattern, replacement = node.expressions[1:]
    if "$" in replacement.name and not isinstance(pattern, exp.Literal):
        raise CannotTranslate("a replacement with groups of a regular expression that is no literal")
    written = regexp_rewrite(replacement, groups(pattern.name))
    if written is None:
        reason = exp.Literal.string(f"INVALID_FUNCTION_ARGUMENT: Illegal replacement sequence: {replacement.name}")
        found = f"regexp_matches({subject(writer, node)['subject']}, {writer.sql(pattern)})"
        written = f"CASE WHEN {found} THEN CAST(fail({reason.sql(DuckDB)}) AS VARCHAR) ELSE '' END"
    return {"rewrite": written}


def position(writer: Operators, node: exp.Anonymous) -> dict[str, str]:
    """Computed by Python, so a pattern that both it and RE2 know."""
    pattern = node.expressions[1]
    if not isinstance(pattern, exp.Literal) or not compiles(pattern.name):
        raise CannotTranslate("regexp_position with this regular expression")
    places = [writer.sql(each) for each in node.expressions[2:]]
    arguments = [subject(writer, node)["subject"], writer.sql(pattern), *places, *["1"] * (2 - len(places))]
    return {"position": f"py_regexp_position({', '.join(arguments)})"}
