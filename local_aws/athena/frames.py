"""What a window's frame may be counted in: https://trino.io/docs/current/functions/window.html"""

from sqlglot import exp
from sqlglot.dialects.trino import Trino

from local_aws.athena.errors import CannotTranslate, QueryFailed
from local_aws.athena.kinds import FLOATS, INSTANTS, INTEGERS, D, kind
from local_aws.athena.messages import described, place

_NUMBERS = {*INTEGERS, *FLOATS, D.DECIMAL}


def check_frame(window: exp.Window) -> None:
    """The offsets of a frame, which DuckDB would convert; also those of a window that nothing uses."""
    spec = window.args.get("spec")
    offsets = [spec.args.get(side) for side in ("start", "end")] if isinstance(spec, exp.WindowSpec) else []
    of = str(spec.args.get("kind")).upper() if offsets else ""
    order = window.args["order"].expressions if window.args.get("order") else []
    for offset in offsets:
        if not isinstance(offset, exp.Expr):
            continue
        if not order and of != "ROWS":
            raise QueryFailed(f"MISSING_ORDER_BY: {place(offset)}Window frame of type {of} requires ORDER BY")
        if len(order) > 1 and of == "RANGE":
            raise QueryFailed(
                f"INVALID_ORDER_BY: {place(offset)}Window frame of type RANGE PRECEDING or FOLLOWING requires single "
                f"sort item in ORDER BY (actual: {len(order)})"
            )
        _check_offset(offset, order[0].this if of == "RANGE" else None)


def _check_offset(offset: exp.Expr, key: exp.Expr | None) -> None:
    """`key` is what the rows are ordered by, if the offset is added to it."""
    if isinstance(offset, exp.Null) or (isinstance(offset, exp.Neg) and kind(offset) in _NUMBERS):
        raise QueryFailed(
            f"INVALID_WINDOW_FRAME: {place(offset)}Window frame offset value must not be negative or null"
        )
    if key is None:
        fits = kind(offset) in INTEGERS or kind(offset) == D.UNKNOWN
    elif kind(key) in INSTANTS:
        fits = kind(offset) == D.INTERVAL
    else:
        fits = kind(offset) in {*_NUMBERS, D.UNKNOWN}
    if not fits:
        added = f" and {described(key)}" if key is not None else " must be exact numeric type with scale 0"
        raise QueryFailed(f"TYPE_MISMATCH: {place(offset)}Window frame offset value type {described(offset)}{added}")
    if offset.find(exp.Column):
        raise CannotTranslate(f"an offset of a window's frame that is computed for each row: {offset.sql(Trino)}")
