"""Topics and subscriptions that SNS refuses: https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html"""

import uuid

import pytest

from tests.local_aws.harness import Aws


@pytest.mark.parametrize("name", ["a b!", "a" * 257, "é"])
def test_names_of_topics(aws: Aws, name: str) -> None:
    sns = aws.client("sns")
    with pytest.raises(sns.exceptions.InvalidParameterException, match=r"\(InvalidParameter\)"):
        sns.create_topic(Name=name)
    sns.create_topic(Name=f"A_b-{uuid.uuid4().hex[:8]}")


def test_protocols_of_subscriptions(aws: Aws) -> None:
    sns = aws.client("sns")
    topic = sns.create_topic(Name=f"t-{uuid.uuid4().hex[:8]}")["TopicArn"]
    with pytest.raises(sns.exceptions.InvalidParameterException, match=r"\(InvalidParameter\)"):
        sns.subscribe(TopicArn=topic, Protocol="zz", Endpoint="x")
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")


@pytest.fixture
def topic(aws: Aws) -> str:
    return str(aws.client("sns").create_topic(Name=f"t-{uuid.uuid4().hex[:8]}")["TopicArn"])


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"Message": ""}, "Empty message"),
        ({"Message": "x" * 262_145}, "Message too long"),
        ({"Subject": "x" * 101}, "Subject"),
        ({"Subject": "a\nb"}, "Subject"),
        ({"MessageStructure": "json", "Message": '{"email": "x"}'}, "No default entry in JSON message body"),
        ({"MessageStructure": "json", "Message": "x"}, "JSON message body failed to parse"),
    ],
)
def test_messages(aws: Aws, topic: str, message: dict[str, str], reason: str) -> None:
    """https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""
    sns = aws.client("sns")
    with pytest.raises(sns.exceptions.InvalidParameterException, match=rf"\(InvalidParameter\).*{reason}"):
        sns.publish(TopicArn=topic, **{"Message": "x", **message})


def test_messages_that_are_taken(aws: Aws, topic: str) -> None:
    sns = aws.client("sns")
    sns.publish(TopicArn=topic, Message="x" * 262_144, Subject="x" * 100)
    sns.publish(TopicArn=topic, Message='{"default": "x"}', MessageStructure="json")


@pytest.mark.parametrize("protocol", ["email", "email-json"])
@pytest.mark.parametrize("address", ["noat", "@example.com", "a@", "a b@example.com"])
def test_addresses_of_subscriptions(aws: Aws, topic: str, protocol: str, address: str) -> None:
    sns = aws.client("sns")
    with pytest.raises(sns.exceptions.InvalidParameterException, match=r"\(InvalidParameter\).*Email address"):
        sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=address)


def test_the_code_of_a_wrong_parameter(aws: Aws, topic: str) -> None:
    """It is the code on the wire, which the SDKs know as InvalidParameterException."""
    sns = aws.client("sns")
    with pytest.raises(sns.exceptions.InvalidParameterException, match=r"\(InvalidParameter\).*Invalid token"):
        sns.confirm_subscription(TopicArn=topic, Token="nope")
