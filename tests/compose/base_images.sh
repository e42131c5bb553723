#!/usr/bin/env bash
# base_images.sh: stand-ins for the official images of Airflow, PostgreSQL and Redis, from Debian's and PyPI's mirrors
# alone, for machines that reach no container registry. Prints on stdout what to export.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=tests/compose/stand_ins name=ttl-archive-stand-in
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if ! docker image inspect "$name/debian" >/dev/null 2>&1; then
    if ! command -v debootstrap >/dev/null; then
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq debootstrap >&2
    fi
    echo "base images: Debian bookworm by debootstrap" >&2
    debootstrap --variant=minbase bookworm "$scratch/debian" >"$scratch/debootstrap.log" 2>&1 ||
        { tail -n 20 "$scratch/debootstrap.log" >&2; exit 1; }
    tar --create --directory "$scratch/debian" . | docker import - "$name/debian" >/dev/null
fi

# The context of Airflow's: its folder, the lock, and the authorities that this machine trusts beyond Debian's.
mkdir -p "$scratch/airflow/authorities"
cp "$here/airflow/"* requirements.txt constraints-hashed.txt "$scratch/airflow/"
find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$scratch/airflow/authorities/" \; 2>/dev/null || true

for image in postgres redis airflow; do
    context=$here/$image
    [ "$image" != airflow ] || context=$scratch/airflow
    echo "base images: $name/$image" >&2
    DOCKER_BUILDKIT=0 docker build --quiet --tag "$name/$image" "$context" >"$scratch/build.log" 2>&1 ||
        { tail -n 30 "$scratch/build.log" >&2; exit 1; }
done
echo "export BASE_IMAGE=$name/airflow POSTGRES_IMAGE=$name/postgres REDIS_IMAGE=$name/redis"
