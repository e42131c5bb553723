#!/usr/bin/env bash
# accept.sh: starts docker-compose.yaml for real, holds it against accept.py, and takes everything down again.
#
# Where no Docker engine answers, root gets one (engine.sh); where no registry answers, or with STAND_INS=yes, the base
# images are made of Debian's and PyPI's packages (base_images.sh). ENGINE_FOLDER=folder keeps both for the next time.
set -euo pipefail
cd "$(dirname "$0")/../.."
project=ttl-archive-accept
began=$SECONDS
say() { printf '%5d s  %s\n' $((SECONDS - began)) "$*"; }
secret() { head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

scratch=$(mktemp -d)
engine=${ENGINE_FOLDER:-$scratch/engine}
mkdir -p "$engine"
ours='' up=''
finish() {
    code=$?
    trap - EXIT INT TERM
    if [ -n "$up" ]; then
        if [ "$code" != 0 ]; then
            "${compose[@]}" ps || true
            "${compose[@]}" logs --tail=40 || true
        fi
        "${compose[@]}" down --volumes --timeout 30 >"$scratch/down.log" 2>&1 || { cat "$scratch/down.log"; code=1; }
        left=$(docker ps --all --quiet --filter "label=com.docker.compose.project=$project" | wc -l)
        volumes=$(docker volume ls --quiet --filter "label=com.docker.compose.project=$project" | wc -l)
        say "down: $left containers and $volumes volumes left"
        [ "$left$volumes" = 00 ] || code=1
    fi
    [ -z "$ours" ] || tests/compose/engine.sh stop "$engine" || code=1
    rm -rf "$scratch"
    if [ "$code" = 0 ]; then say "compose-test: passed"; else say "compose-test: FAILED"; fi
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

if ! docker info >/dev/null 2>&1; then
    tests/compose/engine.sh start "$engine"
    ours=yes
    export DOCKER_HOST=unix://$engine/docker.sock
fi
if docker compose version >/dev/null 2>&1; then
    compose=(docker compose)
else
    command -v docker-compose >/dev/null ||
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq docker-compose >"$scratch/apt.log" 2>&1
    compose=(docker-compose)
fi
compose+=(--project-name "$project" --profile embedded-aws)
say "engine $(docker version --format '{{.Server.Version}}'), compose $("${compose[@]}" version --short)"

if [ "${STAND_INS:-}" != yes ] && timeout 60 docker pull --quiet redis:7.2-bookworm >/dev/null 2>&1; then
    say "base images: the official ones"
else
    exports=$(tests/compose/base_images.sh)
    eval "$exports"
    say "base images: stand-ins, since no registry answers"
fi

# Made up anew for each run, and nowhere written down.
POSTGRES_PASSWORD=$(secret) REDIS_PASSWORD=$(secret) AIRFLOW_API_SECRET_KEY=$(secret)
AIRFLOW_JWT_SECRET=$(secret)$(secret)$(secret)$(secret) AIRFLOW_ADMIN_PASSWORD=$(secret)
AIRFLOW_FERNET_KEY=$(head -c 32 /dev/urandom | base64 | tr '+/' '-_')
export POSTGRES_PASSWORD REDIS_PASSWORD AIRFLOW_API_SECRET_KEY AIRFLOW_JWT_SECRET AIRFLOW_ADMIN_PASSWORD AIRFLOW_FERNET_KEY
# A killed worker is noticed within half a minute here, so that the test ends soon.
export AIRFLOW_TASK_HEARTBEAT_TIMEOUT=30 AIRFLOW_TASK_QUEUED_TIMEOUT=60
AIRFLOW_PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export AIRFLOW_PORT AIRFLOW_BIND=127.0.0.1

healthy() { # SECONDS SERVICE...: each of the services' containers is healthy within that time
    local until=$((SECONDS + $1)) said=$SECONDS id name status
    shift
    while :; do
        status=
        for name in "$@"; do
            for id in $("${compose[@]}" ps --quiet "$name"); do
                status+="$name:$(docker inspect --format '{{.State.Health.Status}}' "$id") "
            done
        done
        [[ $status == *:starting* || $status == *:unhealthy* || -z $status ]] || break
        if ((SECONDS > until)); then say "not healthy: $status" && exit 1; fi
        if ((SECONDS > said + 30)); then say "  $status" && said=$SECONDS; fi
        sleep 3
    done
    say "healthy: $status"
}

"${compose[@]}" build >"$scratch/build.log" 2>&1 || { tail -n 40 "$scratch/build.log"; exit 1; }
say "built $(docker image inspect --format '{{index .RepoTags 0}}' "${AIRFLOW_IMAGE:-ttl-archive-airflow:latest}")"
up=yes
"${compose[@]}" up --detach aws >"$scratch/up.log" 2>&1 || { cat "$scratch/up.log"; exit 1; }
healthy 300 aws
exports=$("${compose[@]}" exec -T aws local_aws/container.sh exports)
eval "$exports"
"${compose[@]}" up --detach --scale worker=2 >"$scratch/up.log" 2>&1 || { cat "$scratch/up.log"; exit 1; }
healthy 600 postgres redis api-server scheduler dag-processor triggerer worker
python3 tests/compose/accept.py --project "$project" --url "http://127.0.0.1:$AIRFLOW_PORT" \
    --elapsed $((SECONDS - began))
