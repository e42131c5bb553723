"""Topics and subscriptions that SNS refuses.

Seen in ministack 1.5.33: a topic may have any name, a subscription any protocol. Exit condition:
`ministack.services.sns._create_topic` and `_subscribe` refuse them.
https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
"""

import re
from typing import Any

from local_aws.emulator import Response

_PROTOCOLS = {"http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose"}


def install() -> None:
    from ministack.services import sns

    create, subscribe = sns._create_topic, sns._subscribe
    sns._create_topic = lambda given: topic_refusal(sns._p(given, "Name")) or create(given)
    sns._subscribe = lambda given: protocol_refusal(sns._p(given, "Protocol")) or subscribe(given)


def topic_refusal(name: str) -> Response | None:
    plain = name.removesuffix(".fifo")
    return None if len(name) <= 256 and re.fullmatch("[A-Za-z0-9_-]+", plain) else _invalid("Topic Name")


def protocol_refusal(protocol: Any) -> Response | None:
    return None if protocol in _PROTOCOLS else _invalid(f"Amazon SNS does not support this protocol string: {protocol}")


def _invalid(what: str) -> Response:
    from ministack.services import sns

    answer: Response = sns._error("InvalidParameter", f"Invalid parameter: {what}", 400)
    return answer
