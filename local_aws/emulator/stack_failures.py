"""Why a resource of a stack failed, in words.

Seen in ministack 1.5.33: where a property has a value of another type, the reason of the event is Python's words, or
the operation never ends. Exit condition: the resources' handlers of `ministack.services.cloudformation` check types.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html
"""

import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError

OF_ANOTHER_TYPE = "a property has a value of another type than expected"
# What Python itself says in a ValueError, where services' refusals are ValueErrors too.
_OF_PYTHON = re.compile(r"invalid literal for|could not convert|values to unpack|is not in list|substring not found")


def install() -> None:
    """Wrap what `_deploy_stack_async` calls for each resource; after everything else that wraps it."""
    from ministack.services.cloudformation import stacks

    for name in ("_resolve_refs", "_provision_resource", "_update_resource", "_delete_resource"):
        setattr(stacks, name, _in_words(getattr(stacks, name)))
    stacks._static_property = _if_it_resolves(stacks._static_property)


def _in_words(call: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*given: Any, **named: Any) -> Any:
        try:
            return call(*given, **named)
        except (TypeError, AttributeError, LookupError, BotoCoreError) as error:
            raise ValueError(OF_ANOTHER_TYPE) from error
        except ValueError as error:
            if _OF_PYTHON.search(str(error)):
                raise ValueError(OF_ANOTHER_TYPE) from error
            raise

    return wrapped


def _if_it_resolves(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """What doesn't resolve fails its own resource; here, before any, it would end the operation without a word."""

    def wrapped(*given: Any) -> Any:
        try:
            return resolve(*given)
        except ValueError:
            return None

    return wrapped
