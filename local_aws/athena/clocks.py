"""The names of the present moment: https://trino.io/docs/current/functions/datetime.html"""

from sqlglot import exp

_MOMENTS = {"current_timestamp", "localtimestamp"}
_CLOCKS = {*_MOMENTS, "current_time", "localtime"}


def unify_clocks(tree: exp.Expr) -> None:
    """`current_timestamp(3)` is what it is without the 3; `localtimestamp` is it in the session's zone, UTC."""
    for call in list(tree.find_all(exp.Anonymous, exp.Localtimestamp, exp.CurrentTime, exp.Localtime)):
        name = call.name.lower() if isinstance(call, exp.Anonymous) else ""
        if name in _CLOCKS and (len(call.expressions) != 1 or call.expressions[0].name != "3" or name not in _MOMENTS):
            call.meta["refused"] = f"{name} with a precision"
        elif name == "current_timestamp":
            call.replace(exp.CurrentTimestamp())
        elif name == "localtimestamp" or isinstance(call, exp.Localtimestamp):
            local = exp.Cast(this=exp.CurrentTimestamp(), to=exp.DataType.build("TIMESTAMP"))
            local.meta["cast"] = True
            call.replace(local)
