"""What `make` runs: the demo finds a screen, and the long tests can pass. Stand-ins play Python and the screen."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE_S

pytestmark = pytest.mark.skipif(sys.platform != "linux" or not shutil.which("bash"), reason="for Linux")


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_the_demo_makes_sure_of_a_screen_first(root: Path) -> None:
    done = subprocess.run(
        ["make", "-n", "-o", ".venv/.ready", "demo"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    commands = [line.strip() for line in done.stdout.splitlines()]
    assert commands.index("tools/system_packages.sh") < commands.index("tools/demo.sh")


@pytest.fixture
def checks(root: Path, tmp_path: Path):
    """Run tools/test.sh in a checkout of stand-ins; exit statuses are given: of pytest, of what reads coverage, and
    of mutation testing.

    The log has a line for each run of pytest: ``threads 1 -m pytest ...``.
    """
    (tmp_path / "tools").mkdir()
    (tmp_path / "tests" / "ui" / "panels").mkdir(parents=True)
    for name in ("test_a.py", "test_b.py", "panels/test_c.py"):
        (tmp_path / "tests" / "ui" / name).touch()
    shutil.copy(root / "tools" / "test.sh", tmp_path / "tools")
    log = tmp_path / "log"
    scripts = dict.fromkeys(("ruff", "mypy", "lint-imports", "npe2"), "exit 0")
    scripts["python"] = (
        f'case "$*" in *pytest*) echo "threads ${{OMP_NUM_THREADS:-free}} $*" >> {log} ;; esac\n'
        'case "$*" in\n*test_a.py*) exit ${ONE:-$WINDOW} ;;\n'
        '*"pytest tests/ui"*) exit $WINDOW ;;\n*"pytest tests"*) exit $OTHERS ;;\n'
        "*coverage_floors*) exit $FLOORS ;;\nesac"
    )

    def stand_in(path: Path, script: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    for name, script in scripts.items():
        stand_in(tmp_path / ".venv" / "bin" / name, script)
    stand_in(tmp_path / "tools" / "with_screen.sh", 'exec "$@"')
    stand_in(tmp_path / "tools" / "check_schemas.sh", "exit 0")
    stand_in(tmp_path / "tools" / "mutation.sh", "exit $MUTATION")

    def run(
        *words: str, window: int = 0, others: int = 0, floors: int = 0, mutation: int = 0, **variables: str
    ) -> tuple[int, str, str]:
        environment = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
        done = subprocess.run(
            ["bash", str(tmp_path / "tools" / "test.sh"), *words],
            env=environment
            | {"WINDOW": str(window), "OTHERS": str(others), "FLOORS": str(floors), "MUTATION": str(mutation)}
            | variables,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        return done.returncode, done.stdout, log.read_text() if log.exists() else ""

    return run


def test_no_long_test_of_the_window_is_no_failure(checks) -> None:
    status, said, _ = checks("long", window=5)
    assert (status, "All checks passed" in said) == (0, True)


@pytest.mark.parametrize(
    ("words", "statuses", "failed"),
    [
        ((), {"window": 5}, "tests of the window"),
        (("long",), {"window": 1}, "tests of the window"),
        (("long",), {"others": 5}, "tests without Qt"),
        ((), {"others": 1}, "tests without Qt"),
        (("coverage",), {"floors": 1}, "branch coverage"),
        (("coverage",), {"window": 1}, "tests of the window"),
        (("long",), {"mutation": 1}, "mutation testing"),
        (("window",), {"window": 1}, "tests of the window"),
    ],
)
def test_every_other_failure_counts(checks, words: tuple[str, ...], statuses: dict[str, int], failed: str) -> None:
    status, said, _ = checks(*words, **statuses)
    assert (status, f"FAILED: {failed}" in said) == (1, True)


def threads(log: str) -> dict[str, str]:
    """How many threads each run of pytest may use, by its folder."""
    return {line.split()[4]: line.split()[1] for line in log.splitlines()}


def test_only_short_tests_below_the_window_are_held_to_one_thread(checks) -> None:
    assert threads(checks()[2]) == {"tests": "1", "tests/ui": "free"}
    assert threads(checks("long")[2]) == {"tests": "free", "tests/ui": "free"}


def test_only_where_coverage_is_asked_for_the_tests_are_traced(checks) -> None:
    assert "--cov" not in checks()[2]
    assert checks("coverage")[2].count("--cov ") == 2


def test_the_order_is_printed_and_can_be_had_again(checks) -> None:
    _, said, log = checks(SEED="17")
    assert "SEED=17" in said
    assert log.count("--random-order-seed=17") == 2


def test_the_window_alone_runs_nothing_else_in_two_halves(checks) -> None:
    status, _, log = checks("window", APART_S="0")
    halves = [[word for word in line.split() if word.startswith("tests")] for line in log.splitlines()]
    files = ["tests/ui/panels/test_c.py", "tests/ui/test_a.py", "tests/ui/test_b.py"]
    assert (status, len(halves), sorted(itertools.chain(*halves))) == (0, 2, files), "every file once, and nothing else"


@pytest.mark.parametrize("failing", [{"ONE": "1"}, {"ONE": "0", "WINDOW": "1"}])
def test_either_half_of_the_window_may_fail(checks, failing: dict[str, str]) -> None:
    status, said, _ = checks("window", APART_S="0", **failing)
    assert (status, "FAILED: tests of the window" in said) == (1, True)


def test_an_unknown_part_is_refused(checks) -> None:
    assert checks("windows")[0] == 2
