#!/usr/bin/env bash
# make_venv.sh FOLDER REQUIREMENTS: a virtual environment with exactly the files that constraints-hashed.txt locks.
set -euo pipefail
folder=$1 requirements=$2

supported() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }
python=
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if supported "$candidate"; then python=$candidate && break; fi
done
if [ -z "$python" ]; then
    echo "Python 3.11, 3.12 or 3.13 is needed, found: $(python3 --version 2>&1 || echo none). Install one, or set PYTHON=/path/to/python." >&2
    exit 2
fi

echo "setting up $folder with $("$python" --version) ..." >&2
if ! made=$("$python" -m venv --clear "$folder" 2>&1); then
    echo "$python can't make a virtual environment (on Debian: apt-get install python3-venv): ${made//$'\n'/ }" >&2
    exit 2
fi
# uv's own block of the lock: its first line to the first that no backslash continues.
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
    --requirement <(sed -n '/^uv==/,/[^\\]$/p' constraints-hashed.txt) 2> >(grep -v WARNING >&2 || true)
"$folder/bin/uv" pip install --quiet --python "$folder/bin/python" --require-hashes \
    --requirement "$requirements" --constraint constraints-hashed.txt
echo "$folder is ready" >&2
