"""Topics, subscriptions and messages that SNS refuses.

Seen in ministack 1.5.33: a topic may have any name, a subscription any protocol and address, a message any text and
subject, and a wrong parameter's code on the wire is the name of the SDKs' exception. Exit condition:
`ministack.services.sns._create_topic`, `_subscribe` and `_publish` refuse them, and `_error` has the code.
https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

import json
import re
from typing import Any

from local_aws.emulator import Handler, Response, replace_handler

_PROTOCOLS = {"http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose"}
_MOST_BYTES = 256 * 1024


def install() -> None:
    from ministack.services import sns

    create, subscribe, publish = sns._create_topic, sns._subscribe, sns._publish
    sns._create_topic = lambda given: topic_refusal(sns._p(given, "Name")) or create(given)
    sns._subscribe = lambda given: (
        subscription_refusal(sns._p(given, "Protocol"), sns._p(given, "Endpoint")) or subscribe(given)
    )
    sns._publish = lambda given: (
        message_refusal(*(sns._p(given, name) for name in ("Message", "Subject", "MessageStructure"))) or publish(given)
    )
    replace_handler("sns", _with_code_of_the_wire)


def _with_code_of_the_wire(handler: Handler) -> Handler:
    """https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html"""

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Response:
        status, answered, text = await handler(method, path, headers, body, query)
        code = b"<Code>InvalidParameter</Code>"
        return status, answered, text.replace(b"<Code>InvalidParameterException</Code>", code)

    return handle


def topic_refusal(name: str) -> Response | None:
    plain = name.removesuffix(".fifo")
    return None if len(name) <= 256 and re.fullmatch("[A-Za-z0-9_-]+", plain) else _invalid("Topic Name")


def subscription_refusal(protocol: Any, endpoint: Any) -> Response | None:
    if protocol not in _PROTOCOLS:
        return _invalid(f"Amazon SNS does not support this protocol string: {protocol}")
    if protocol in ("email", "email-json") and not re.fullmatch(r"[^@\s]+@[^@\s]+", str(endpoint)):
        return _invalid("Email address")
    return None


def message_refusal(message: Any, subject: Any, structure: Any) -> Response | None:
    text = message if isinstance(message, str) else json.dumps(message)
    if not text:
        return _invalid("Empty message")
    if len(text.encode()) > _MOST_BYTES:
        return _invalid("Message too long")
    if len(subject or "") > 100 or re.search(r"[\x00-\x1f\x7f]", subject or ""):
        return _invalid("Subject")
    if structure != "json":
        return None
    try:
        by_protocol = json.loads(text)
    except ValueError:
        by_protocol = None
    if not isinstance(by_protocol, dict):
        return _invalid("Message Structure - JSON message body failed to parse")
    return None if "default" in by_protocol else _invalid("Message Structure - No default entry in JSON message body")


def _invalid(what: str) -> Response:
    from ministack.services import sns

    answer: Response = sns._error("InvalidParameter", f"Invalid parameter: {what}", 400)
    return answer
