"""The embedded AWS of ``tests/local_aws``, for tests of the package against it."""

from tests.local_aws.conftest import assume, athena, aws, bucket

__all__ = ["assume", "athena", "aws", "bucket"]
