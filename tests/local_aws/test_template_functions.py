"""Functions, conditions and sections of templates that CloudFormation refuses for their shape.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html
"""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.test_cloudformation import Stack, resource
from tests.local_aws.test_cloudformation import stack as stack
from tests.local_aws.test_template_format import TOPIC, calls

NEVER = {"Fn::Equals": ["a", "b"]}
ABSENT = {**TOPIC, "Condition": "Never"}


def named(value: Any) -> dict[str, Any]:
    return resource("SNS::Topic", DisplayName=value)


@pytest.mark.parametrize("call", ["create", "validate", "change"])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Description": ["x"]}, "Description"),
        ({"Conditions": []}, "Conditions must be an object"),
        ({"Mappings": []}, "Mappings must be an object"),
        ({"Conditions": {"C": True}}, "Every Conditions member must"),
        (
            {"Conditions": {"A": {"Fn::Not": [{"Condition": "B"}]}, "B": {"Fn::Not": [{"Condition": "A"}]}}},
            r"Circular dependency between conditions: \[A, B\]",
        ),
        ({"Resources": {"T": {**TOPIC, "Condition": ["a"]}}}, "Every Condition member must be a string"),
        ({"Resources": {"T": {**TOPIC, "DeletionPolicy": "Snapshot"}}}, "does not support DeletionPolicy Snapshot"),
        ({"Parameters": {"P": {"Type": "String", "Default": "x", "Foo": 1}}}, "Invalid template parameter property"),
        ({"Conditions": {"C": {"Fn::Equals": ["a", "b", "c"]}}}, "Fn::Equals"),
        ({"Conditions": {"C": {"Fn::And": [NEVER]}}}, "Fn::And"),
        ({"Conditions": {"C": {"Fn::Or": [NEVER]}}}, "Fn::Or"),
        ({"Conditions": {"C": {"Fn::Not": [NEVER, NEVER]}}}, "Fn::Not"),
        *(
            ({"Resources": {"T": named({function: value})}}, function)
            for function, value in (
                ("Fn::Join", ["a", "b"]),
                ("Fn::Sub", ["a"]),
                ("Fn::If", ["Never", "a"]),
                ("Fn::FindInMap", ["M"]),
                ("Fn::Split", ["a"]),
                ("Fn::Select", ["0"]),
                ("Fn::Select", ["x", ["a"]]),
            )
        ),
        ({"Resources": {"T": named({"Ref": ["a"]})}}, "Ref"),
    ],
)
def test_shapes_that_are_refused(stack: Stack, call: str, changes: Any, message: str) -> None:
    template = {"Resources": {"T": TOPIC}, "Conditions": {"Never": NEVER}, **changes}
    with pytest.raises(ClientError, match=rf"\(ValidationError\).*{message}"):
        calls(stack)[call](json.dumps(template))


@pytest.mark.parametrize(
    ("changes", "block"),
    [
        ({"Resources": {"A": ABSENT, "B": named({"Ref": "A"})}}, "Resources"),
        ({"Resources": {"A": ABSENT, "B": named({"Fn::GetAtt": ["A", "TopicName"]})}}, "Resources"),
        ({"Resources": {"A": ABSENT, "B": named({"Fn::Sub": "${A.TopicName}"})}}, "Resources"),
        ({"Resources": {"A": ABSENT, "B": TOPIC}, "Outputs": {"O": {"Value": {"Ref": "A"}}}}, "Outputs"),
    ],
)
def test_a_resource_that_its_condition_leaves_out(stack: Stack, changes: Any, block: str) -> None:
    template = {"Conditions": {"Never": NEVER}, **changes}
    message = rf"Unresolved resource dependencies \[A\] in the {block} block of the template"
    with pytest.raises(ClientError, match=rf"\(ValidationError\).*Template format error: {message}"):
        stack.client.create_stack(StackName=stack.name, TemplateBody=json.dumps(template))


def test_what_may_name_a_resource_that_is_left_out(stack: Stack) -> None:
    """What is left out itself, the other branch of Fn::If, and DependsOn."""
    chosen = {"Fn::If": ["Never", {"Ref": "A"}, "else"]}
    resources = {
        "A": ABSENT, "B": {**named({"Ref": "A"}), "Condition": "Never"}, "C": {**named(chosen), "DependsOn": "A"},
    }  # fmt: skip
    outputs = {"O": {"Value": {"Ref": "A"}, "Condition": "Never"}, "P": {"Value": chosen}}
    assert stack.put(resources, Conditions={"Never": NEVER}, Outputs=outputs) == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    "properties",
    [
        {"DisplayName": {"Fn::Cidr": ["10.0.0.0/8"]}},
        {"DisplayName": {"Fn::Select": [{"Fn::Sub": "x"}, ["a"]]}},
        {"Subscription": ["x"]},
        {"Subscription": 5},
        {"TopicName": ["a"]},
    ],
)
def test_values_of_another_type(stack: Stack, properties: Any) -> None:
    assert stack.put({"T": resource("SNS::Topic", **properties)}) == "ROLLBACK_COMPLETE"
    assert "a property has a value of another type than expected" in stack.reasons()
    assert not any(word in stack.reasons() for word in ("object", "invalid literal", "indices", "NoneType"))
