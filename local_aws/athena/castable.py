"""Which types Trino casts to which; any other CAST, and TRY_CAST, is refused before it is tried.

https://trino.io/docs/current/functions/conversion.html, https://trino.io/docs/current/language/types.html
"""

from sqlglot import exp
from sqlglot.dialects.trino import Trino

from local_aws.athena.errors import QueryFailed
from local_aws.athena.kinds import FLOATS, INSTANTS, INTEGERS, NESTED, TEXTS, D, kind
from local_aws.athena.messages import described, is_literal, place, typeof

_NUMBERS = {*INTEGERS, *FLOATS, D.DECIMAL}
_BINARY = {D.VARBINARY, D.BINARY}
_TIMES = {D.TIME, D.TIMETZ}
# From each of the types before the colon to each after it; what is in none of them passes.
_CASTS = [
    ({D.BOOLEAN, *_NUMBERS}, {D.BOOLEAN, *_NUMBERS, *TEXTS, D.JSON}),
    (TEXTS, {D.BOOLEAN, *_NUMBERS, *TEXTS, *_BINARY, *INSTANTS, *_TIMES, D.JSON, D.UUID, D.IPADDRESS}),
    ({D.DATE}, {*INSTANTS, *TEXTS, D.JSON}),
    ({D.TIMESTAMP, D.TIMESTAMPTZ}, {*INSTANTS, *_TIMES, *TEXTS, D.JSON}),
    (_TIMES, {*_TIMES, D.TIMESTAMP, D.TIMESTAMPTZ, *TEXTS}),
    (_BINARY, {*_BINARY, D.UUID, D.IPADDRESS}),
    ({D.UUID}, {D.UUID, *_BINARY, *TEXTS}),
    ({D.INTERVAL}, {D.INTERVAL, *TEXTS}),
    ({D.JSON}, {D.BOOLEAN, *_NUMBERS, *TEXTS, *NESTED, D.JSON}),
    *(({each}, {each, D.JSON}) for each in NESTED),
]
_KNOWN = {each for sources, _ in _CASTS for each in sources}


def _castable(source: exp.DataType, target: exp.DataType) -> bool:
    """Down to the members of arrays, maps and rows; a row has as many as the other."""
    if source.this not in _KNOWN or target.this not in _KNOWN:
        return True
    if source.this == D.JSON and target.this in NESTED:
        return _is_of_json(target)
    if not any(source.this in sources and target.this in targets for sources, targets in _CASTS):
        return False
    if source.this != target.this or source.this not in NESTED:
        return True
    inner = [
        [each.args["kind"] if isinstance(each, exp.ColumnDef) else each for each in of.expressions]
        for of in (source, target)
    ]
    return not all(inner) or (len(inner[0]) == len(inner[1]) and all(map(_castable, *inner)))


def _is_of_json(of: exp.DataType) -> bool:
    """Whether JSON becomes a value of a type; a map's keys are texts in it. `JsonUtil.canCastFromJson` of Trino"""
    scalars = {D.BOOLEAN, *_NUMBERS, *TEXTS}
    if of.this not in NESTED:
        return of.this in {*scalars, D.JSON, D.UNKNOWN}
    inner = [each.args["kind"] if isinstance(each, exp.ColumnDef) else each for each in of.expressions]
    return all(map(_is_of_json, inner)) and (of.this != D.MAP or inner[0].this in scalars)


def check_cast(node: exp.Cast) -> None:
    """TYPE_MISMATCH for a CAST that Trino does not have."""
    value = node.this
    if is_literal(node) or kind(value) == D.NULL or value.type is None or _castable(value.type, node.to):
        return
    given = typeof(value) if kind(value) == D.INTERVAL else described(value)
    into = node.to.sql(Trino).lower().replace(", ", ",")
    raise QueryFailed(f"TYPE_MISMATCH: {place(node)}Cannot cast {given} to {into}")
