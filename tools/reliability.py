"""The page of the catalogue of faults, docs/reliability.md, made from the rows in tests/catalogue/rows.

`python tools/reliability.py --write` runs the tests of every row, those of the window on a screen, and writes the page:
a row whose tests are missing, skipped, failing or expected to fail does not hold, whatever it says of itself, and then
it ends with 1. `--check` runs nothing; it says whether the page is what the rows say.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
sys.path.insert(0, str(TESTS))

from catalogue.rows import (  # type: ignore[import-not-found]  # noqa: E402
    BY_INJECTION,
    HOLDS,
    LAST,
    REFUSED,
    STATUSES,
    Row,
    all_rows,
)

PAGE = ROOT / "docs" / "reliability.md"
FAILS = "does not hold"
CLAIMS = (HOLDS, BY_INJECTION, REFUSED)
"""What a row may say of itself only when every test of it passes."""

HEAD = """# Reliability

What can go wrong with files, models, disks, devices and windows, and what then holds. For every fault: **one error that
names the file, the reason and what to do; nothing on the disk or in memory is lost; no half result is shown; no message
holds a patient's data or a folder's name.** Each row names the tests that make its fault. The page is made by
`tools/reliability.py --write`, which runs them; a test compares it with the rows, and a test of a row may not be
skipped.

Beside the rows, every reader is given damaged files: 25 in `make test`, 10,000 in `make test-long`
(`python -m tests.fuzz READER --seeds A:B`).

"""


def holds(row: Row, outcomes: Mapping[str, str]) -> bool:
    """Whether every test of a row ran and passed."""
    found = [cases_of(test, outcomes) for test in row.tests]
    return bool(found) and all(cases and set(cases) == {"passed"} for cases in found)


def cases_of(test: str, outcomes: Mapping[str, str]) -> list[str]:
    """The outcomes of a test: of the one case that is named, or of all cases of a function."""
    if "[" in test:
        return [outcomes[test]] if test in outcomes else []
    return [kind for name, kind in outcomes.items() if name == test or name.startswith(f"{test}[")]


def status_of(row: Row, outcomes: Mapping[str, str] | None) -> str:
    """What the page says of a row: what the row says, unless a run of its tests says otherwise."""
    return FAILS if outcomes is not None and row.status in CLAIMS and not holds(row, outcomes) else row.status


def page(rows: Iterable[Row], outcomes: Mapping[str, str] | None = None) -> str:
    """The whole page; with the outcomes of a run, what that says."""
    rows = list(rows)
    told = {row.number: status_of(row, outcomes) for row in rows}
    counts = Counter(told.values())
    lines = [HEAD, "| status | rows | what it means |\n|---|---|---|\n"]
    meanings = {**STATUSES, FAILS: "a test of the row failed or did not run"}
    lines += [f"| {status} | {counts[status]} | {text} |\n" for status, text in meanings.items() if counts[status]]
    lines += [f"| all | {len(rows)} | |\n\n", "| no | fault | status | tests, below `tests/` |\n|---|---|---|---|\n"]
    for row in rows:
        note = f"; {row.note}" if row.note else ""
        lines.append(f"| {row.number} | {row.fault} | {told[row.number]}{note} | {_tests(row)} |\n")
    return "".join(lines)


def _tests(row: Row) -> str:
    """The tests of a row: each file once, with its functions, cases apart."""
    files: dict[str, dict[str, None]] = {}
    for test in row.tests:
        file, _, function = test.partition("::")
        files.setdefault(file, {})[function.partition("[")[0]] = None
    return "; ".join(f"`{file}`: {', '.join(f'`{name}`' for name in names)}" for file, names in files.items())


def run(rows: Iterable[Row]) -> dict[str, str]:
    """Run the tests of the rows; the outcome of each case: passed, failed, skipped, expected to fail."""
    named = sorted({test for row in rows for test in row.tests})
    files = {test.partition("::")[0] for test in named}
    window = [file for file in files if file.startswith("ui/")]
    with tempfile.TemporaryDirectory() as made:
        log = Path(made) / "log"
        common = ["-q", "-p", "no:cacheprovider", "-p", "catalogue.outcomes", "-m", "not long"]
        for chosen, before, options, blocked in (
            (sorted(files - set(window)), [], ["-p", "no:napari", "-p", "no:npe2", "-p", "no:pytest-qt"], "1"),
            (sorted(window), [str(ROOT / "tools" / "with_screen.sh")], [], "0"),
        ):
            wanted = [str(TESTS / test) for test in named if test.partition("::")[0] in chosen]
            subprocess.run(
                [*before, sys.executable, "-m", "pytest", *wanted, *common, *options],
                cwd=ROOT,
                env={
                    **os.environ,
                    "BOUNDARYSEG_BLOCK_QT": blocked,
                    "CATALOGUE_OUTCOMES": str(log),
                    "OMP_NUM_THREADS": "1",
                    "PYTHONPATH": os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH", "")])),
                },
            )
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
    return dict(json.loads(line) for line in lines)


def main() -> int:
    """Write the page after a run, or compare it with the rows."""
    rows = all_rows()
    if "--write" in sys.argv:
        outcomes = run(rows)
        PAGE.write_text(page(rows, outcomes), encoding="utf-8")
        wrong = [row for row in rows if status_of(row, outcomes) == FAILS]
        for row in wrong:
            bad = [f"{test}: {cases_of(test, outcomes) or 'did not run'}" for test in row.tests]
            print(f"row {row.number} does not hold: {'; '.join(one for one in bad if set(one) - set('passed'))}")
        print(f"{len(rows) - len(wrong)} of {LAST} rows are what they say")
        return bool(wrong)
    same = PAGE.exists() and PAGE.read_text("utf-8") == page(rows)
    print("up to date" if same else "docs/reliability.md is out of date: run python tools/reliability.py --write")
    return not same


if __name__ == "__main__":
    raise SystemExit(main())
