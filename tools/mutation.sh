#!/usr/bin/env bash
# Mutation testing of the modules that decide and store: tools/mutation.sh [GROUP ...]
# cosmic-ray lives in a virtual environment of its own; the tests run with that of the project (VENV, .venv).
set -euo pipefail
cd "$(dirname "$0")/.."
folder=.venv-mutation wanted=cosmic-ray==8.7.0
if [ "$(cat "$folder/.ready" 2>/dev/null)" != "$wanted" ]; then
    "${PYTHON:-python3}" -m venv --clear "$folder"
    "$folder/bin/python" -m pip install -q --no-input --disable-pip-version-check "$wanted" </dev/null
    echo "$wanted" >"$folder/.ready"
fi
exec "$folder/bin/python" tools/mutation.py "$@"
