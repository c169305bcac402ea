"""The catalogue is whole: every row once, with tests that are there and run, and the page says what the rows say."""

from __future__ import annotations

import ast
import functools
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from patience import PATIENCE_S

from .rows import BEING_MENDED, DUE, HOLDS, LAST, STATUSES, Row, all_rows

TESTS = Path(__file__).resolve().parents[1]
ROWS = all_rows()
NAMED = sorted({test for row in ROWS for test in row.tests})


def test_every_row_stands_there_once_with_a_fault_a_status_and_tests() -> None:
    assert [row.number for row in ROWS] == list(range(1, LAST + 1))
    for row in ROWS:
        assert row.fault and row.tests, row.number
        assert row.status in STATUSES
    assert [row.number for row in ROWS if row.status == DUE] == [64]


@functools.cache
def functions(file: str) -> dict[str, ast.FunctionDef]:
    """The test functions of a file."""
    tree = ast.parse((TESTS / file).read_text("utf-8"))
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def marks(function: ast.FunctionDef) -> set[str]:
    """The marks of a test: skip, xfail, long and so on."""
    return {
        node.attr
        for decorator in function.decorator_list
        for node in ast.walk(decorator)
        if isinstance(node, ast.Attribute)
    }


def test_every_named_test_is_there() -> None:
    gone = [
        test for test in NAMED if test.partition("::")[2].partition("[")[0] not in functions(test.partition("::")[0])
    ]
    assert gone == [], "rows name tests that are no longer there"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.number))
def test_no_test_of_a_row_that_holds_is_skipped_long_or_expected_to_fail(row: Row) -> None:
    found = {
        test: marks(functions(test.partition("::")[0])[test.partition("::")[2].partition("[")[0]]) for test in row.tests
    }
    failing = [test for test, names in found.items() if "xfail" in names]
    if row.status == BEING_MENDED:
        assert failing or "fuzz/" in " ".join(row.tests), "no test shows that it does not hold: it holds"
    else:
        assert failing == []
    assert [test for test, names in found.items() if names & {"skip", "long"}] == []


def test_every_named_case_is_collected() -> None:
    """Cases of parametrised tests, as pytest names them; those of the window are functions without cases."""
    wanted = [test for test in NAMED if "[" in test and not test.startswith("ui/")]
    assert all("[" not in test for test in NAMED if test.startswith("ui/"))
    files = sorted({str(TESTS / test.partition("::")[0]) for test in wanted})
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *files, "--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:napari",
         "-p", "no:npe2", "-p", "no:pytest-qt"],
        cwd=TESTS.parent,
        env={**os.environ, "BOUNDARYSEG_BLOCK_QT": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )  # fmt: skip
    found = {line.removeprefix("tests/") for line in done.stdout.splitlines() if "::" in line}
    assert [test for test in wanted if test not in found] == [], done.stderr[-2000:]


@pytest.fixture
def tool(scripts: Callable[..., ModuleType]) -> ModuleType:
    return scripts("tools/reliability.py")


def test_the_page_says_what_the_rows_say(tool: ModuleType) -> None:
    assert tool.PAGE.read_text("utf-8") == tool.page(ROWS), "run python tools/reliability.py --write"


def test_a_status_is_not_claimed_without_tests_that_pass(tool: ModuleType) -> None:
    row = Row(1, "a fault", ("a.py::test_a", "a.py::test_b[x]"))
    good = {"a.py::test_a[1]": "passed", "a.py::test_a[2]": "passed", "a.py::test_b[x]": "passed"}
    assert tool.status_of(row, good) == HOLDS
    for kind in ("failed", "skipped", "expected to fail"):
        for name in good:
            assert tool.status_of(row, {**good, name: kind}) == tool.FAILS
    assert tool.status_of(row, {name: kind for name, kind in good.items() if "test_b" not in name}) == tool.FAILS
    assert tool.status_of(replace(row, status=BEING_MENDED), {}) == BEING_MENDED
    assert f"| 1 | a fault | {tool.FAILS} |" in tool.page([row], {})


def test_a_test_of_a_row_that_is_skipped_fails(tmp_path: Path) -> None:
    """In a checkout of stand-ins: a row, its test, which is skipped, and our conftest."""
    import shutil

    tests = tmp_path / "tests"
    (tests / "catalogue").mkdir(parents=True)
    shutil.copy(TESTS / "conftest.py", tests)
    shutil.copytree(TESTS / "catalogue" / "rows", tests / "catalogue" / "rows")
    for module in (tests / "catalogue" / "rows").glob("[a-z]*.py"):
        module.unlink()
    (tests / "catalogue" / "__init__.py").write_text("")
    row = "from . import Row\nROWS = [Row(1, 'a fault', ('test_one.py::test_a', 'test_one.py::test_b[x]'))]\n"
    (tests / "catalogue" / "rows" / "one.py").write_text(row)
    (tests / "test_one.py").write_text(
        "import pytest\n"
        "def test_a():\n    pytest.skip('no luck')\n"
        "@pytest.mark.parametrize('case', ['x', 'y'])\n"
        "def test_b(case):\n    pytest.skip('no luck')\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "tests",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:napari",
        "-p",
        "no:npe2",
    ]
    done = subprocess.run(
        [*command, "-p", "no:pytest-qt"], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert "2 failed, 1 skipped" in done.stdout, done.stdout + done.stderr
    assert "tests/catalogue/rows" in done.stdout
