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
