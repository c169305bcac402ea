#!/usr/bin/env bash
# Every check of the project. Each runs even when one before it failed; the last lines say which failed.
#   tools/test.sh          what `make test` runs
#   tools/test.sh long     what takes hours
set -uo pipefail
cd "$(dirname "$0")/.."
bin="$PWD/.venv/bin"
chosen="not long"
[ "${1:-}" = long ] && chosen="long"
failed=()

step() {   # step NAME COMMAND...
    local name=$1 started=$SECONDS
    shift
    echo "== $name"
    "$@" </dev/null || failed+=("$name")
    echo "== $name: $((SECONDS - started)) s"
}

without_qt() {   # whole floors below the window, with napari and Qt made unimportable
    # One thread: the tensors of these tests are small, and threads that wait for each other cost more than they bring.
    # Long tests train real networks, and some promise a time.
    [ "$chosen" = long ] || local -x OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
    BOUNDARYSEG_BLOCK_QT=1 "$bin/python" -m pytest tests --ignore=tests/ui -m "$chosen" -q \
        -p no:napari -p no:npe2 -p no:pytest-qt -p no:cacheprovider
}

with_window() {
    tools/with_screen.sh "$bin/python" -m pytest tests/ui -m "$chosen" -q -p no:cacheprovider
    local status=$?
    [ "$chosen" = long ] && [ $status -eq 5 ] && status=0   # 5: pytest found no test; the window may have no long one
    return $status
}

if [ "$chosen" = "not long" ]; then
    step "formatter" "$bin/ruff" format --check .
    step "ruff" "$bin/ruff" check .
    step "mypy" "$bin/mypy"
    step "import floors" "$bin/lint-imports"
    step "manifest" "$bin/npe2" validate napari_boundaryseg
fi
step "tests without Qt" without_qt
step "tests of the window" with_window

if [ ${#failed[@]} -gt 0 ]; then
    printf 'FAILED: %s\n' "${failed[@]}"
    exit 1
fi
echo "All checks passed in $SECONDS s."
