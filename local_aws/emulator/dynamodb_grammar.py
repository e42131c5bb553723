"""The grammar of DynamoDB's expressions, and what of a text they are checked by.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.Attributes.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from parsimonious.exceptions import ParseError
from parsimonious.grammar import Grammar
from parsimonious.nodes import Node

# Each word and sign is a rule of its own, since errors tell the place of rules only.
_SHARED = r"""
call = function left operand (comma operand)* right
operand = call / value / path / (left operand right)
path = name ((dot name) / (open index close))*
name = (!keyword ~"[A-Za-z_][A-Za-z0-9_]*" _) / (~"#[A-Za-z0-9_]+" _)
value = ~":[A-Za-z0-9_]+" _
function = !keyword ~"[A-Za-z_][A-Za-z0-9_]*" _
left = "(" _
right = ")" _
dot = "." _
open = "[" _
index = ~"[0-9]+" _
close = "]" _
comma = "," _
end = ~"\Z"
_ = ~"\s*"
"""
_CONDITION = r"""
condition = _ either end
either = both (or both)*
both = negation (and negation)*
negation = (not negation) / comparison / range / choice / predicate / (left either right)
comparison = operand comparator operand
comparator = ~"<>|<=|>=|=|<|>" _
range = operand between operand and operand
choice = operand in left operand (comma operand)* right
predicate = call _
keyword = ~"(?:AND|OR|NOT|BETWEEN|IN)(?!\w)"i
or = ~"OR(?!\w)"i _
and = ~"AND(?!\w)"i _
not = ~"NOT(?!\w)"i _
between = ~"BETWEEN(?!\w)"i _
in = ~"IN(?!\w)"i _
"""
_UPDATE = r"""
update = _ (set_section / remove_section / add_section / delete_section)+ end
set_section = set assignment (comma assignment)*
remove_section = remove removal (comma removal)*
add_section = add addition (comma addition)*
delete_section = delete deletion (comma deletion)*
assignment = path equals new_value
removal = path _
addition = path value
deletion = path value
new_value = sum / operand / (left new_value right)
sum = operand sign operand
sign = ~"[+-]" _
equals = "=" _
keyword = ~"(?:SET|REMOVE|ADD|DELETE)(?!\w)"i
set = ~"SET(?!\w)"i _
remove = ~"REMOVE(?!\w)"i _
add = ~"ADD(?!\w)"i _
delete = ~"DELETE(?!\w)"i _
"""
_PROJECTION = r"""
projection = _ path (comma path)* end
keyword = ~"(?!)"
"""
_GRAMMARS = {
    "UpdateExpression": Grammar(_UPDATE + _SHARED),
    "ProjectionExpression": Grammar(_PROJECTION + _SHARED),
}
_CONDITIONS = Grammar(_CONDITION + _SHARED)
_CLAUSES = {"assignment": "SET", "removal": "REMOVE", "addition": "ADD", "deletion": "DELETE"}
# The part of each of these rules that names its operator.
_OPERATORS = {"comparison": "comparator", "sum": "sign", "call": "function", "range": "between", "choice": "in"}

# Names as they are written, and the numbers of elements of lists.
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Use:
    """An operator or a function with what it is applied to; a value is its name, `:v`."""

    operator: str
    operands: tuple["Operand", ...]


Operand = Use | Path | str


@dataclass(frozen=True)
class Expression:
    """What an expression uses, in the order of the text."""

    uses: tuple[Use, ...]
    predicates: tuple[str, ...]  # the functions that stand for a condition
    paths: tuple[Path, ...]
    targets: tuple[tuple[str, Path], ...]  # what an update changes, by SET and the like


@lru_cache(maxsize=1024)
def parse(slot: str, text: str) -> Expression | str:
    """An expression of `FilterExpression` and the like, or why it is none."""
    try:
        nodes = list(_walk(_GRAMMARS.get(slot, _CONDITIONS).parse(text)))
    except ParseError as error:
        return _syntax_error(text, error.pos)
    except RecursionError:
        return "The local DynamoDB reads no expression that is nested as deep as this one"
    return Expression(
        tuple(_use(node) for node in nodes if node.expr_name in _OPERATORS),
        tuple(_first(node, "function").text.strip() for node in nodes if node.expr_name == "predicate"),
        tuple(_path(node) for node in nodes if node.expr_name == "path"),
        tuple(
            (_CLAUSES[node.expr_name], _path(_first(node, "path"))) for node in nodes if node.expr_name in _CLAUSES
        ),
    )  # fmt: skip


def _syntax_error(text: str, at: int) -> str:
    """The token that no expression has there, and the text from the one before it to the one after it."""
    tokens = list(re.finditer(r"[#:]?\w+|<>|<=|>=|\S", text))
    number = next((number for number, token in enumerate(tokens) if token.end() > at), len(tokens))
    near = tokens[max(number - 1, 0) : number + 2]
    token = tokens[number][0] if number < len(tokens) else "<EOF>"
    return f'Syntax error; token: "{token}", near: "{text[near[0].start() : near[-1].end()] if near else ""}"'


def _walk(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        yield (this := waiting.pop())
        waiting.extend(reversed(this.children))


def _nearest(node: Node, *names: str) -> Iterator[Node]:
    """The nodes below with one of these names, and none that is below another one."""
    waiting = list(reversed(node.children))
    while waiting:
        this = waiting.pop()
        if this.expr_name in names:
            yield this
        else:
            waiting.extend(reversed(this.children))


def _first(node: Node, name: str) -> Node:
    return next(_nearest(node, name))


def _use(node: Node) -> Use:
    operator = _first(node, _OPERATORS[node.expr_name]).text.strip()
    return Use(
        operator if node.expr_name == "call" else operator.upper(), tuple(map(_operand, _nearest(node, "operand")))
    )


def _operand(node: Node) -> Operand:
    meant = next(_nearest(node, "call", "value", "path"))
    if meant.expr_name == "value":
        return str(meant.text.strip())
    return _use(meant) if meant.expr_name == "call" else _path(meant)


def _path(node: Node) -> Path:
    parts = re.findall(r"#?\w+|\[\s*\d+", node.text)
    return tuple(int(part[1:]) if part[0] == "[" else part for part in parts)
