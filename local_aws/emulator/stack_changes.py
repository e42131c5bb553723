"""Changes of stacks that are refused.

Seen in ministack 1.5.33: an export that another stack imports is changed and removed, a table without a TableName whose
keys change is emptied instead of replaced, several indexes come and go in one update, stack policies are kept without
any effect, and a stack that was rolled back still counts as importing. AWS replaces the table by one of another name,
and carries the policies out; here both are refused. Exit condition: `_resolve_stack_outputs`, `_ddb_update` and
`_update_stack` of `ministack.services.cloudformation` do as AWS.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
"""

from collections.abc import Callable
from typing import Any

Properties = dict[str, Any]


def install() -> None:
    """Stand before the requests that take stack policies, and before the update of a table."""
    from ministack.services.cloudformation import handlers, provisioners

    for name in ("CreateStack", "UpdateStack", "SetStackPolicy"):
        handlers._ACTION_HANDLERS[name] = _without_policies(handlers._ACTION_HANDLERS[name])
    imported = handlers._imported_export_names
    handlers._imported_export_names = lambda stack, name: (
        set() if stack.get("StackStatus") == "ROLLBACK_COMPLETE" else imported(stack, name)
    )
    table = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    table["update"] = _table_checked(table["update"])


def _without_policies(answer: Callable[[Properties], Any]) -> Callable[[Properties], Any]:
    def wrapped(parameters: Properties) -> Any:
        from ministack.services.cloudformation import helpers

        if any(name.startswith("StackPolicy") for name in parameters):
            return helpers._error("ValidationError", "NOT_SUPPORTED: the local AWS does not have stack policies")
        return answer(parameters)

    return wrapped


def _table_checked(update: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(physical_id: str, old: Properties, new: Properties, *rest: Any, **named: Any) -> Any:
        if old.get("TableName") == new.get("TableName"):  # by another name it is replaced
            check_table(old, new)
        return update(physical_id, old, new, *rest, **named)

    return wrapped


def check_table(old: Properties, new: Properties) -> None:
    """Refuse what would replace a table, and more than one change of its global indexes.

    :raises ValueError: with the reason of the failure.
    """
    if not new.get("TableName") and _of_its_keys(old) != _of_its_keys(new):
        raise ValueError(
            "NOT_SUPPORTED: the local AWS does not replace a table that has no TableName: its KeySchema, the "
            "AttributeDefinitions of its keys and its LocalSecondaryIndexes cannot be changed"
        )
    before, after = ({each["IndexName"] for each in it.get("GlobalSecondaryIndexes") or []} for it in (old, new))
    if len(before ^ after) > 1:
        raise ValueError("Cannot perform more than one GSI creation or deletion in a single update")


def _of_its_keys(table: Properties) -> Any:
    """What cannot be changed without another table."""
    keys = [each["AttributeName"] for each in table["KeySchema"]]
    types = {each["AttributeName"]: each["AttributeType"] for each in table.get("AttributeDefinitions") or []}
    return table["KeySchema"], [types.get(name) for name in keys], table.get("LocalSecondaryIndexes") or []


def check_exports(exports: dict[str, Any], stack_id: str) -> None:
    """Refuse the new exports of a stack that are not what other stacks import.

    :raises ValueError: with CloudFormation's words.
    """
    from ministack.services.cloudformation import _exports, _stacks, handlers

    for name, export in _exports.items():
        if export["StackId"] != stack_id or exports.get(name, {}).get("Value") == export["Value"]:
            continue
        for other, stack in _stacks.items():
            is_other = stack["StackId"] != stack_id and not stack["StackStatus"].startswith("DELETE")
            if is_other and name in handlers._imported_export_names(stack, other):
                done = "updated" if name in exports else "deleted"
                raise ValueError(f"Export {name} cannot be {done} as it is in use by {other}")
