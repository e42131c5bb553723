"""The tags of buckets, with those that CloudFormation gives them.

Seen in ministack 1.5.33: a stack's tags don't reach its buckets, and any request takes AWS's own tags away. Exit
condition: `AWS::S3::Bucket` is in `_STACK_TAG_PROPERTY` of `ministack.services.cloudformation.provisioners`, and
`_put_bucket_tagging` and `_delete_bucket_tagging` of `ministack.services.s3` keep those tags.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
https://github.com/hashicorp/terraform-provider-aws/issues/7323
"""

from typing import Any
from xml.sax.saxutils import escape

from local_aws.emulator import Response
from local_aws.emulator.s3_requests import children, error

OF_AWS = "aws:"


def install() -> None:
    """Before the tags that a request may give are checked, so that AWS's own are not among them."""
    from ministack.services import s3
    from ministack.services.cloudformation import provisioners

    provisioners._STACK_TAG_PROPERTY["AWS::S3::Bucket"] = ("Tags", "list")
    put, delete = s3._put_bucket_tagging, s3._delete_bucket_tagging

    def put_bucket_tagging(bucket: str, body: bytes) -> Response:
        kept = tags_of_aws(bucket)
        if not kept:
            return _put(bucket, body)
        tags = children(body, "TagSet/{*}Tag")
        given = [(tag.findtext("{*}Key") or "", tag.findtext("{*}Value") or "") for tag in tags]
        if kept.keys() - dict(given).keys():
            return error("InvalidTag", "System tags cannot be removed by requester")
        own = [tag for tag in given if tag not in kept.items()]
        if any(key.startswith(OF_AWS) for key, _ in own):
            return error("InvalidTag", "System tags cannot be added/updated by requester")
        return _with(bucket, kept, _put(bucket, _tagging(own)))

    def _put(bucket: str, body: bytes) -> Response:
        answer: Response = put(bucket, body)
        return answer

    s3._put_bucket_tagging = put_bucket_tagging
    s3._delete_bucket_tagging = lambda bucket: _with(bucket, tags_of_aws(bucket), delete(bucket))


def tags_of_aws(bucket: str) -> dict[str, str]:
    from ministack.services import s3

    return {key: value for key, value in s3._bucket_tags.get(bucket, {}).items() if key.startswith(OF_AWS)}


def put_tags_of_a_stack(bucket: str, tags: list[dict[str, Any]]) -> Response | None:
    """What CloudFormation gives a bucket: the template's tags, the stack's and its own."""
    from ministack.services import s3

    given = [(str(tag["Key"]), str(tag["Value"])) for tag in tags]
    own = [tag for tag in given if not tag[0].startswith("aws:cloudformation:")]
    s3._bucket_tags.pop(bucket, None)
    answer: Response | None = s3._put_bucket_tagging(bucket, _tagging(own)) if own else None
    if answer is None or answer[0] < 300:
        s3._bucket_tags[bucket] = dict(given)
    return answer


def _tagging(tags: list[tuple[str, str]]) -> bytes:
    """The body of PutBucketTagging."""
    members = "".join(f"<Tag><Key>{escape(key)}</Key><Value>{escape(value)}</Value></Tag>" for key, value in tags)
    return f"<Tagging><TagSet>{members}</TagSet></Tagging>".encode()


def _with(bucket: str, kept: dict[str, str], answer: Response) -> Response:
    from ministack.services import s3

    if kept and answer[0] < 300:
        s3._bucket_tags[bucket] = {**s3._bucket_tags.get(bucket, {}), **kept}
    return answer
