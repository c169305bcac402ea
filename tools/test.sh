#!/usr/bin/env bash
# Every check of the project. Each runs even when one before it failed; the last lines say which failed.
#   tools/test.sh          what `make test` runs
#   tools/test.sh window   the tests of the window alone
#   tools/test.sh coverage branch coverage of what `make test` runs, and its floors
#   tools/test.sh long     what takes hours
# VENV names the virtual environment (.venv), SEED the order of the tests (another one each time).
set -uo pipefail
cd "$(dirname "$0")/.."
part="${1:-all}"
bin="$PWD/${VENV:-.venv}/bin"
seed="${SEED:-$RANDOM}"
made=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$made"' EXIT
chosen="not long"
[ "$part" = long ] && chosen="long"
options=(-m "$chosen" -q -p no:cacheprovider --random-order --random-order-seed="$seed")
[ "$part" = coverage ] && options+=(--cov --cov-report=)
failed=()

step() {   # step NAME COMMAND...
    local name=$1 started=$SECONDS
    shift
    echo "== $name"
    "$@" </dev/null || failed+=("$name")
    echo "== $name: $((SECONDS - started)) s"
}

without_qt() {   # whole floors below the window, with napari and Qt made unimportable
    local -x BOUNDARYSEG_BLOCK_QT=1 COVERAGE_FILE="$made/.coverage.without-qt"
    local first=() parallel=()
    if [ "$chosen" != long ]; then
        # The window's worker gives way to everything (NICENESS in jobs/worker.py); these tests give way to it.
        first=(nice -n 15)
        # One thread each: the tensors are small, and threads that wait for each other cost more than they bring.
        # Long tests train real networks, one after the other.
        local -x OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
        parallel=(-n 2 --dist loadfile)
    fi
    "${first[@]}" "$bin/python" -m pytest tests --ignore=tests/ui "${options[@]}" "${parallel[@]}" \
        -p no:napari -p no:npe2 -p no:pytest-qt
}

with_window() {   # with_window [PLACE...]: all tests of the window, or those of some files and folders
    local -x COVERAGE_FILE="$made/.coverage.window"
    [ $# -gt 0 ] || set -- tests/ui
    tools/with_screen.sh "$bin/python" -m pytest "$@" "${options[@]}"
    local status=$?
    [ "$chosen" = long ] && [ $status -eq 5 ] && status=0   # 5: pytest found no test; the window may have no long one
    return $status
}

end_of_window() {   # wait for what runs beside the others, and show what it said
    wait "$window"
    local status=$?
    cat "$made/window.log"
    return $status
}

window_in_halves() {   # every second file in a process and on a screen of its own: nothing else runs beside them
    local one other status=0
    mapfile -t one < <(find tests/ui -name "test_*.py" | sort | awk 'NR % 2')
    mapfile -t other < <(find tests/ui -name "test_*.py" | sort | awk 'NR % 2 == 0')
    with_window "${other[@]}" </dev/null >"$made/window.log" 2>&1 &
    window=$!
    sleep "${APART_S:-3}"   # two that look for a free screen at the same moment may find the same one
    with_window "${one[@]}" || status=$?
    end_of_window || status=$?
    return $status
}

every_test() {   # the window's tests wait for a screen and a process most of the time: they run beside all the others
    with_window </dev/null >"$made/window.log" 2>&1 &
    window=$!
    "$@"
    step "tests without Qt" without_qt
    step "tests of the window" end_of_window
}

checks() {
    step "formatter" "$bin/ruff" format --check .
    step "ruff" "$bin/ruff" check .
    step "mypy" "$bin/mypy"
    step "import floors" "$bin/lint-imports"
    step "manifest" "$bin/npe2" validate napari_boundaryseg
    step "workflow and citation" tools/check_schemas.sh "$bin/check-jsonschema"
}

coverage() {
    local -x COVERAGE_FILE="$made/.coverage"
    "$bin/python" -m coverage combine -q "$made" && "$bin/python" -m coverage json -q -o "$made/coverage.json" &&
        "$bin/python" tools/coverage_floors.py "$made/coverage.json"
}

echo "The order of the tests: SEED=$seed"
case "$part" in
all)
    every_test checks
    ;;
coverage)   # the tracer takes half as long again as the tests themselves
    every_test true
    step "branch coverage" coverage
    ;;
window)
    step "tests of the window" window_in_halves
    ;;
long)
    step "tests without Qt" without_qt
    step "tests of the window" with_window
    step "mutation testing" tools/mutation.sh
    ;;
*)
    echo "tools/test.sh knows no part called $part" >&2
    exit 2
    ;;
esac

if [ ${#failed[@]} -gt 0 ]; then
    printf 'FAILED: %s\n' "${failed[@]}"
    echo "The same order again: SEED=$seed"
    exit 1
fi
echo "All checks passed in $SECONDS s."
