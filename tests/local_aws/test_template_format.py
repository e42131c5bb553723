"""Templates that CloudFormation refuses as they are written.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import Aws
from tests.local_aws.test_cloudformation import Stack, resource
from tests.local_aws.test_cloudformation import stack as stack

TOPIC = resource("SNS::Topic")


def calls(stack: Stack) -> dict[str, Callable[..., Any]]:
    name = {"StackName": stack.name}
    return {
        "create": lambda body: stack.client.create_stack(TemplateBody=body, **name),
        "validate": lambda body: stack.client.validate_template(TemplateBody=body),
        "change": lambda body: stack.client.create_change_set(
            TemplateBody=body, ChangeSetName="c", ChangeSetType="CREATE", **name
        ),
    }


@pytest.mark.parametrize("call", ["create", "validate", "change"])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Foo": {}}, r"Invalid template property or properties \[Foo\]"),
        ({"AWSTemplateFormatVersion": "2011-01-01"}, "unsupported value for AWSTemplateFormatVersion"),
        ({"Parameters": {"P": {"Type": "Foo", "Default": "x"}}}, "Unrecognized parameter type: Foo"),
        ({"Parameters": {"P": {"Default": "x"}}}, "Every Parameters object must contain a Type member"),
        ({"Parameters": {"P-q": {"Type": "String", "Default": "x"}}}, "Parameter name P-q is non alphanumeric"),
        ({"Resources": {"a-b": TOPIC}}, "Resource name a-b is non alphanumeric"),
        ({"Resources": {"T": {**TOPIC, "Foo": 1}}}, "Invalid template resource property 'Foo'"),
        ({"Resources": {"T": {**TOPIC, "DeletionPolicy": "Foo"}}}, "Unrecognized DeletionPolicy Foo for resource T"),
        (
            {"Resources": {"T": {**TOPIC, "UpdateReplacePolicy": "RetainExceptOnCreate"}}},
            "Unrecognized UpdateReplacePolicy RetainExceptOnCreate for resource T",
        ),
        ({"Resources": {"T": {"Properties": {}}}}, "Every Resources object must contain a Type member"),
        ({"Resources": {"T": None}}, "Every Resources object must contain a Type member"),
        ({"Resources": {"T": {"Type": 5}}}, "Every Resources object must contain a Type member"),
        ({"Resources": {"T": {**TOPIC, "Properties": []}}}, "Properties of T must be an object"),
        ({"Resources": []}, "Resources must be an object"),
        ({"Parameters": []}, "Parameters must be an object"),
        ({"Outputs": []}, "Outputs must be an object"),
        ({"Outputs": {"O": {"Description": "x"}}}, "Every Outputs member must contain a Value object"),
        (
            {"Resources": {"T": resource("SNS::Topic", DisplayName={"Fn::Foo": ["x"]})}},
            "Encountered unsupported function: Fn::Foo",
        ),
        ({"Outputs": {"O": {"Value": {"Fn::Join": ["", [{"Fn::Foo": "x"}]]}}}}, "unsupported function: Fn::Foo"),
    ],
)
def test_what_is_no_template(stack: Stack, call: str, changes: Any, message: str) -> None:
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"T": TOPIC}, **changes}
    with pytest.raises(ClientError, match=rf"\(ValidationError\).*{message}"):
        calls(stack)[call](json.dumps(template))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("Resources: {T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Foo x}}}", "YAML not well-formed"),
        ("Resources: {T: [}", "YAML not well-formed"),
        ('{"Resources": }', "JSON not well-formed"),
        ("just text", "unsupported structure"),
        ("Resources: {T_: {Type: AWS::SNS::Topic}}", "Resource name T_ is non alphanumeric"),
    ],
)
@pytest.mark.parametrize("call", ["create", "validate", "change"])
def test_what_cannot_be_read(stack: Stack, call: str, body: str, message: str) -> None:
    with pytest.raises(ClientError, match=rf"\(ValidationError\).*Template format error: {message}") as error:
        calls(stack)[call](body)
    assert "constructor" not in str(error.value)


def test_what_a_template_may_have(stack: Stack) -> None:
    parameters = {
        "A": {"Type": "CommaDelimitedList", "Default": "a,b"}, "B": {"Type": "List<Number>", "Default": "1,2"},
        "C": {"Type": "AWS::EC2::VPC::Id", "Default": "vpc-1"}, "D": {"Type": "Number", "Default": "1"},
    }  # fmt: skip
    topic = {
        **TOPIC, "DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain", "Metadata": {"Fn::Foo": 1},
    }  # fmt: skip
    template = {
        "Description": "d", "Metadata": {"Fn::Foo": 1}, "Parameters": parameters, "Resources": {"T": topic},
        "Outputs": {"O": {"Value": {"Fn::Select": [0, {"Fn::Split": [",", {"Fn::Join": [",", {"Ref": "A"}]}]}]}}},
    }  # fmt: skip
    stack.client.create_stack(StackName=stack.name, TemplateBody=json.dumps(template))
    stack.client.validate_template(TemplateBody="Resources: {1: {Type: AWS::SNS::Topic}}")
    stack.client.get_waiter("stack_create_complete").wait(StackName=stack.name, WaiterConfig={"Delay": 1})


def test_an_export_has_one_stack(aws: Aws, stack: Stack) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html: unique names"""

    def outputs(name: str, value: str) -> dict[str, Any]:
        return {"O": {"Value": value, "Export": {"Name": name}}}

    name, other = f"export-{stack.name}", Stack(aws)
    assert stack.put({"T": TOPIC}, Outputs=outputs(name, "1")) == "CREATE_COMPLETE"
    assert other.put({"T": TOPIC}, Outputs=outputs(name, "2")) == "ROLLBACK_COMPLETE"
    assert f"Export with name {name} is already exported by stack {stack.name}" in other.reasons()
    assert {
        each["Value"] for each in aws.client("cloudformation").list_exports()["Exports"] if each["Name"] == name
    } == {"1"}
    topic = resource("SNS::Topic", DisplayName="changed")
    assert stack.put({"T": topic}, update=True, Outputs=outputs(name, "3")) == "UPDATE_COMPLETE"
