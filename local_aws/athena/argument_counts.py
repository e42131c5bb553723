"""The functions that are expressions of Trino's grammar, whose arguments its parser counts.

https://github.com/trinodb/trino/blob/master/core/trino-parser/src/main/java/io/trino/sql/parser/AstBuilder.java
"""

from sqlglot import exp

from local_aws.athena.errors import InvalidRequest
from local_aws.athena.messages import place

# The least and the largest number, and what is said of any other.
_COUNTS = {
    "coalesce": (2, None, "The 'coalesce' function must have at least two arguments"),
    "format": (2, None, "The 'format' function must have at least two arguments"),
    "nullif": (2, 2, "Invalid number of arguments for 'nullif' function"),
    "try": (1, 1, "The 'try' function must have exactly one argument"),
}


def check_counts(tree: exp.Expr) -> None:
    """Raise InvalidRequest for a call of one of them with too few arguments or too many."""
    for call in tree.find_all(exp.Anonymous):
        least, most, message = _COUNTS.get(call.name.lower(), (0, None, ""))
        number = len(call.expressions)
        if number < least or (most is not None and number > most):
            raise InvalidRequest(f"{place(call) or 'line 1:1: '}{message}")
