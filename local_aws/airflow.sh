#!/usr/bin/env bash
# airflow.sh up|down: Airflow's UI, scheduler and triggerer on loopback, in the background, beside the embedded AWS.
set -euo pipefail
pid_file=$AIRFLOW_HOME/components.pid
log_dir=$AIRFLOW_HOME/logs/components
port=$AIRFLOW_PORT
url=http://127.0.0.1:$port
export PATH=$PWD/.venv/bin:$PATH

running() { [ -f "$pid_file" ] && grep -qs airflow.sh "/proc/$(cat "$pid_file")/cmdline"; }

# One process group: when a component ends, all of them do.
components() {
    trap 'kill 0' EXIT
    # Not `airflow standalone`: its servers of log files would listen on every interface.
    airflow api-server --host 127.0.0.1 --port "$port" >"$log_dir/api-server.log" 2>&1 &
    airflow scheduler --skip-serve-logs >"$log_dir/scheduler.log" 2>&1 &
    airflow dag-processor >"$log_dir/dag-processor.log" 2>&1 &
    airflow triggerer --skip-serve-logs >"$log_dir/triggerer.log" 2>&1 &
    wait -n
}

down() {
    if running; then
        pid=$(cat "$pid_file")
        kill -TERM -- "-$pid"
        for _ in $(seq 60); do
            kill -0 -- "-$pid" 2>/dev/null || break
            sleep 0.5
        done
        kill -KILL -- "-$pid" 2>/dev/null || true # whatever didn't end within 30 s
        echo "airflow: stopped" >&2
    else
        echo "airflow: not running" >&2
    fi
    rm -f "$pid_file"
    .venv-aws/bin/python -m local_aws stop
}

up() {
    if running; then
        echo "airflow: already running at $url" >&2
        return
    fi
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        echo "airflow: port $port is taken; choose another: make up AIRFLOW_PORT=8081" >&2
        exit 2
    fi
    exports=$(local_aws/start_with_stack.sh)
    eval "$exports"
    python -m local_aws.sample_data
    export AIRFLOW__API__BASE_URL=$url AIRFLOW__CORE__EXECUTION_API_SERVER_URL=$url/execution/
    # Whoever reaches loopback is the person at this machine; a deployment brings its own auth manager.
    export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS=True
    mkdir -p "$log_dir"
    setsid "$0" components </dev/null >/dev/null 2>&1 &
    echo $! >"$pid_file"
    printf 'airflow: starting, logs in %s ' "$log_dir" >&2
    for _ in $(seq 120); do
        if python -c "import urllib.request as r; r.urlopen('$url/api/v2/monitor/health', timeout=2)" 2>/dev/null; then
            airflow dags unpause --treat-dag-id-as-regex --yes '^(monthly_archive|quarterly_report)_' >"$log_dir/unpause.log" 2>&1
            printf '\nairflow: open %s and trigger monthly_archive_usage_logs; stop with make down\n' "$url" >&2
            return
        fi
        running || break
        printf . >&2
        sleep 1
    done
    printf '\nairflow: did not start; the ends of its logs:\n' >&2
    tail -n 5 "$log_dir"/*.log >&2
    down
    exit 1
}

"$1"
