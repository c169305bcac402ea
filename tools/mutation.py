"""Mutation testing: small changes to a module, one at a time, nearly all of which the tests must notice (cosmic-ray).

    tools/mutation.sh [GROUP ...]    all groups of `GROUPS` by default; each says how many at least

A group's modules are changed in a copy of the tree under ``.work/mutation/GROUP``; what was tried is kept there and
not tried again, as long as no file of the tree changed. The sample is the same each time.
"""

from __future__ import annotations

import ast
import hashlib
import os
import random
import shlex
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from cosmic_ray.commands.init import _all_work_items
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.testing import run_tests
from cosmic_ray.work_db import WorkDB
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkItem
from mutation_groups import GROUPS, PACKAGE, Group

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".work" / "mutation"
A_MODULE = 12
"""Changes that are tried in one module."""
LONGEST_S = 600.0
"""A change after which the tests run longer than this was noticed: it hangs."""


def main() -> None:
    """Run the groups named on the command line, and end with 1 where too little was noticed."""
    names = sys.argv[1:] or list(GROUPS)
    if unknown := [name for name in names if name not in GROUPS]:
        raise SystemExit(f"no group is called {', '.join(unknown)}; there are: {', '.join(GROUPS)}")
    scores = {name: run(name, GROUPS[name]) for name in names}
    for name, (killed, tried) in scores.items():
        least = GROUPS[name].least_killed
        print(f"{name}: {killed} of {tried} changes noticed ({killed / tried:.0%}, at least {least:.0%})")
    low = [name for name, (killed, tried) in scores.items() if killed < GROUPS[name].least_killed * tried]
    if low:
        raise SystemExit(f"too few changes noticed: {', '.join(low)}")


def run(name: str, group: Group) -> tuple[int, int]:
    """Try what has not been tried of one group's sample.

    Returns
    -------
    tuple of int
        How many changes were noticed, and how many were tried.
    """
    folder = WORK / name
    fresh = prepare(folder)
    modules = [path for pattern in group.modules for path in sorted((folder / "tree" / PACKAGE).glob(pattern))]
    if not modules:
        raise SystemExit(f"{name}: no module fits {', '.join(group.modules)}")
    command = test_command(folder / "tree", group.tests)
    os.chdir(folder / "tree")
    session = WorkDB(folder / "session.sqlite", WorkDB.Mode.create)
    try:
        if fresh:
            outcome, said = run_tests(command, LONGEST_S)
            if outcome != TestOutcome.SURVIVED:
                raise SystemExit(f"{name}: its tests do not pass on the tree as it is\n{said}")
            session.add_work_items(item for module in modules for item in sample(module))
        pending = list(session.pending_work_items)
        for number, item in enumerate(pending):
            result = mutate_and_test(item.mutations, command, LONGEST_S)
            session.set_result(item.job_id, result)
            print(f"{name} {number + 1}/{len(pending)}: {result.test_outcome}", flush=True)
        return report(name, (result for _, result in session.results))
    finally:
        session.close()
        os.chdir(ROOT)


def prepare(folder: Path) -> bool:
    """A copy of the tree, and whether it is a new one; that of an earlier run stays where no file differs from it."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    files = [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    digest = hashlib.sha256()
    for name in files:
        digest.update(name.encode() + b"\0" + hashlib.sha256((ROOT / name).read_bytes()).digest())
    digest.update(Path(__file__).read_bytes())
    mark = folder / "tree.sha256"
    known = mark.is_file() and mark.read_text() == digest.hexdigest()
    if not known:
        shutil.rmtree(folder, ignore_errors=True)
    for name in files:  # also of a known tree: the last change of a run that was ended may be in it
        target = folder / "tree" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    mark.write_text(digest.hexdigest())
    complete = (folder / "session.sqlite").is_file() and WorkDB(folder / "session.sqlite", WorkDB.Mode.open)
    return not (complete and complete.num_work_items)


def test_command(tree: Path, tests: Iterable[str]) -> str:
    """The tests below the window, ending with the first that fails, on the copy's own code."""
    python = ROOT / os.environ.get("VENV", ".venv") / "bin" / "python"
    there = [test for test in tests if (tree / test).exists()]
    off = [word for name in ("napari", "npe2", "pytest-qt", "cacheprovider") for word in ("-p", f"no:{name}")]
    setting = ["env", f"PYTHONPATH={tree}", "BOUNDARYSEG_BLOCK_QT=1", "OMP_NUM_THREADS=1"]
    return shlex.join([*setting, str(python), "-m", "pytest", *there, "-x", "-q", "-m", "not long", *off])


def sample(module: Path) -> Iterator[WorkItem]:
    """Some of a module's changes, always the same.

    None in a type annotation, which nothing evaluates, and none of ``==`` to ``is``, which is the same for short texts.
    """
    annotated = list(places_of_annotations(module))
    items = [
        item
        for item in _all_work_items([module], {})
        if not any(first <= item.mutations[0].start_pos <= last for first, last in annotated)
        and not item.mutations[0].operator_name.endswith(("_Is", "_IsNot"))
    ]
    chosen = random.Random(module.name).sample(items, min(A_MODULE, len(items)))
    yield from (WorkItem.single(job_id=uuid.uuid4().hex, mutation=item.mutations[0]) for item in chosen)


def places_of_annotations(module: Path) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Where a module's type annotations begin and end, as lines and columns."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        for found in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if found is not None:
                yield (found.lineno, found.col_offset), (found.end_lineno, found.end_col_offset)


def report(name: str, results: Iterable) -> tuple[int, int]:
    """Print every change that nothing noticed; how many were noticed, and how many were tried."""
    tried = killed = 0
    for result in results:
        if result.worker_outcome != WorkerOutcome.NORMAL:
            continue
        tried += 1
        killed += result.is_killed
        if not result.is_killed:
            print(f"== {name}: not noticed\n{result.diff}\n")
    return killed, tried


if __name__ == "__main__":
    main()
