#!/usr/bin/env bash
# The tests below the window with the oldest libraries that pyproject.toml allows, in a virtual environment of their own.
#   tools/test_lowest.sh [LIBRARY ...]     these stay as in constraints.txt, for example torch where it is large to get
set -euo pipefail
cd "$(dirname "$0")/.."
folder=.venv-lowest python="${PYTHON:-python3}"
"$python" -m venv --clear "$folder"
"$python" tools/lowest.py "$@" >"$folder/lowest.txt"
cat "$folder/lowest.txt"
"$folder/bin/python" -m pip install -q --no-input -c "$folder/lowest.txt" -e ".[dicom]" \
    SimpleITK hypothesis pytest pytest-random-order pytest-timeout pytest-xdist </dev/null
BOUNDARYSEG_BLOCK_QT=1 OMP_NUM_THREADS=1 "$folder/bin/python" -m pytest tests --ignore=tests/ui -m "not long" -q \
    -n 2 --dist loadfile -p no:cacheprovider --random-order </dev/null
