#!/usr/bin/env bash
# run.sh ARCHIVE [MONTH]: the main job from nothing to the printed report; leaves running only what ran before.
set -euo pipefail
archive=$1 month=${2:-}

# Refuse a bad request before anything starts; the names are those the stack will have, or any others.
TTL_ARCHIVE_BUCKET=not-yet TTL_ARCHIVE_RESULTS_BUCKET=not-yet TTL_ARCHIVE_WORKGROUP=not-yet TTL_ARCHIVE_TABLE_PREFIX=dev- \
    .venv/bin/python -m ttl_archive.run "$archive" ${month:+--month "$month"} --check

if ! .venv-aws/bin/python -m local_aws env >/dev/null 2>&1; then
    trap '.venv-aws/bin/python -m local_aws stop >&2' EXIT
fi
exports=$(local_aws/start_with_stack.sh)
eval "$exports"
.venv/bin/python -m local_aws.sample_data
.venv/bin/python -m ttl_archive.run "$archive" ${month:+--month "$month"}
.venv/bin/python -m ttl_archive.fetch_report "$archive" ${month:+--month "$month"} --to build/report
