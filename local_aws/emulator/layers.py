"""Everything that is registered in ministack, in its order: what comes later is asked first.

Imported once ministack is configured, for it reads its settings when it is imported.
"""

from pathlib import Path

from local_aws.emulator import (
    administrator,
    assume_role,
    athena,
    authorisation,
    batch_deletions,
    bucket_policies,
    bucket_tags,
    checksum_headers,
    cloudformation,
    cloudformation_checks,
    condition_keys,
    decisions,
    dynamodb_batches,
    dynamodb_export,
    dynamodb_journals,
    dynamodb_requests,
    dynamodb_restore,
    dynamodb_tables,
    dynamodb_tokens,
    dynamodb_updates,
    further_rights,
    glue,
    iam,
    iam_limits,
    lifecycle_rules,
    multipart_checksums,
    partiql_checks,
    partiql_pages,
    policy_variables,
    presigned_urls,
    read_units,
    request_shapes,
    s3_partial_reads,
    s3_requests,
    s3_writes,
    saved_queries,
    sns,
    templates,
    time_to_live,
    workgroups,
)


def install(state: Path, endpoint_url: str) -> None:
    """Put all layers over ministack; `state` is the folder that the server keeps things in."""
    authorisation.install()
    decisions.install()
    administrator.install()
    condition_keys.install()
    policy_variables.install()
    iam.install()
    iam_limits.install()
    assume_role.install()
    sns.install()
    athena.install(state / "athena", endpoint_url)
    saved_queries.install()
    workgroups.install()
    glue.install(state)
    request_shapes.install("athena", "InvalidRequestException", AthenaErrorCode="INVALID_INPUT")
    request_shapes.install("glue", "ValidationException")
    cloudformation.install()
    templates.install()
    cloudformation_checks.install()
    multipart_checksums.install()
    checksum_headers.install()
    s3_writes.install()
    bucket_tags.install()
    s3_requests.install()
    s3_partial_reads.install()
    batch_deletions.install()
    presigned_urls.install()
    lifecycle_rules.install()
    bucket_policies.install()
    partiql_pages.install()
    read_units.install()
    partiql_checks.install()
    time_to_live.install()
    dynamodb_tables.install()
    dynamodb_batches.install()
    dynamodb_tokens.install()
    dynamodb_updates.install()
    dynamodb_requests.install()
    journals = dynamodb_journals.Journals()
    journals.install()  # outermost: it notes only what TTL really removes
    dynamodb_export.install(endpoint_url, journals)
    dynamodb_restore.install(journals)
    further_rights.install()
