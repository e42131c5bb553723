#!/usr/bin/env bash
# Starts the embedded AWS (harmless if it runs), creates or updates the stack in it, and prints on stdout what to export.
set -euo pipefail
exports=$(.venv-aws/bin/python -m local_aws start)
eval "$exports"
stack=$(.venv/bin/python -m ttl_archive.stack deploy --env dev)
printf '%s\n%s\n' "$exports" "$stack"
