"""Archive DynamoDB tables to S3 before TTL deletes their items, prove it, and report on the archive.

The modules that import neither airflow nor boto3 are the core: ``months``, ``config``, ``layout``, ``codec``,
``selection``, ``manifest``, ``errors`` and ``report``. The rest touches AWS or Airflow.
"""

__version__ = "0.1.0"
