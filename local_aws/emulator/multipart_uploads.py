"""Uploads in parts that are kept when the server stops, until they are completed or aborted.

Seen in ministack 1.5.33: they are forgotten. Exit condition: `ministack.services.s3.get_state` has them.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

from typing import Any


def install() -> None:
    """Save and load them with what ministack keeps of buckets; it loads its state once the server starts."""
    from ministack.services import s3

    s3._PERSISTED_BUCKET_DICTS["multipart_uploads"] = s3._multipart_uploads
    load = s3.load_persisted_state

    def load_persisted_state(state: Any) -> None:
        load(state)
        for upload in s3._multipart_uploads._data.values():  # of all accounts
            upload["parts"] = {int(number): part for number, part in upload["parts"].items()}  # texts in JSON

    s3.load_persisted_state = load_persisted_state
