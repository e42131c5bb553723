#!/usr/bin/env bash
# engine.sh start|stop FOLDER: a Docker engine of its own, with all it keeps in FOLDER and a socket there.
# For machines where none runs. Stopping it takes back what it changed on the machine: bridge, iptables, forwarding.
set -euo pipefail
command=$1 folder=$2

start() {
    if [ "$(id -u)" != 0 ]; then
        echo "engine: no Docker engine answers, and only root can start one: start yours, or run this as root" >&2
        exit 2
    fi
    if ! command -v dockerd >/dev/null || ! command -v iptables >/dev/null; then
        echo "engine: installing docker.io and iptables" >&2
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq docker.io iptables >"$folder/apt.log" 2>&1
    fi
    iptables-save >"$folder/iptables.before"
    cat /proc/sys/net/ipv4/ip_forward >"$folder/ip_forward.before"
    setsid dockerd --host "unix://$folder/docker.sock" --data-root "$folder/data" --exec-root "$folder/exec" \
        --pidfile "$folder/dockerd.pid" </dev/null >"$folder/dockerd.log" 2>&1 &
    for _ in $(seq 60); do
        if docker --host "unix://$folder/docker.sock" info >/dev/null 2>&1; then
            echo "engine: Docker $(docker --host "unix://$folder/docker.sock" version --format '{{.Server.Version}}') runs, log in $folder/dockerd.log" >&2
            return
        fi
        sleep 1
    done
    echo "engine: dockerd did not start within 60 s:" >&2
    tail -n 20 "$folder/dockerd.log" >&2
    exit 1
}

stop() {
    [ -s "$folder/dockerd.pid" ] || return 0
    pid=$(cat "$folder/dockerd.pid")
    kill -TERM "$pid" 2>/dev/null || true
    for _ in $(seq 60); do
        [ -d "/proc/$pid" ] || break
        sleep 1
    done
    if [ -d "/proc/$pid" ]; then
        echo "engine: dockerd $pid doesn't end" >&2
        exit 1
    fi
    ip link delete docker0 2>/dev/null || true
    iptables-restore <"$folder/iptables.before"
    cat "$folder/ip_forward.before" >/proc/sys/net/ipv4/ip_forward
    echo "engine: stopped" >&2
}

"$command"
