#!/usr/bin/env bash
# The entry point of the embedded AWS's container: starts it with stack and samples, and opens its loopback port to the
# container's network. container.sh exports prints what makes another container use it.
set -euo pipefail
state=.local-aws port=4566

if [ "${1:-}" = exports ]; then
    cat "$state/exports"
    exit
fi

rm -f "$state/exports"
exports=$(local_aws/start_with_stack.sh)
trap '.venv-aws/bin/python -m local_aws stop' EXIT
trap 'exit 0' TERM INT
eval "$exports"
.venv/bin/python -m local_aws.sample_data
# Other containers know this one as `aws`. A bucket's name in front of that would be no name of this network.
sed "s#http://127.0.0.1:$port#http://aws:$port#g; s#\"endpoint_url\":#\"config_kwargs\": {\"s3\": {\"addressing_style\": \"path\"}}, &#" \
    <<<"$exports" >"$state/exports"
server=$(.venv-aws/bin/python -c "import json; print(json.load(open('$state/endpoint.json'))['pid'])")
socat "TCP-LISTEN:$port,bind=$(hostname -i),reuseaddr,fork" "TCP:127.0.0.1:$port" &
tail --pid="$server" --lines=0 -F "$state/server.log" &
wait -n
echo "local_aws: the server or the way to it has ended" >&2
exit 1
