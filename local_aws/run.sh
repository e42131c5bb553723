#!/usr/bin/env bash
# run.sh ARCHIVE [MONTH]: the main job from nothing to the printed report; leaves running only what ran before.
set -euo pipefail
archive=$1 month=${2:-}

if ! .venv-aws/bin/python -m local_aws env >/dev/null 2>&1; then
    trap '.venv-aws/bin/python -m local_aws stop >&2' EXIT
fi
exports=$(local_aws/up.sh)
eval "$exports"
.venv/bin/python -m local_aws.sample_data
.venv/bin/python -m ttl_archive.run "$archive" ${month:+--month "$month"}
.venv/bin/python -m ttl_archive.fetch_report "$archive" ${month:+--month "$month"} --to build/report
