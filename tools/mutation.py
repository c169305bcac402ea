"""Mutation testing: small changes to a module, one at a time, nearly all of which the tests must notice (cosmic-ray).

    tools/mutation.sh [GROUP ...]    all groups of `GROUPS` by default; each says how many at least
    tools/mutation.sh --so-far GROUP ...    tries nothing, and records what a run that was ended has tried

A group's modules are changed in a copy of the tree under ``.work/mutation/GROUP``. What was tried is kept there as
long as no file of the package changed: a change that was noticed is not tried again, one that was not is tried each
time, for there may be new tests. The sample is the same each time. The record is `mutation_record.TABLE`.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cosmic_ray.commands.init import _all_work_items
from cosmic_ray.mutating import mutate_code, use_mutation
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkItem, WorkResult
from mutation_groups import GROUPS, PACKAGE, Group
from mutation_record import EQUIVALENT, UNTRIED, Tried, recorded, tried_of

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".work" / "mutation"
LONGEST_S = 1800.0
"""A change after which the tests run longer than this was noticed: it hangs."""
LONGEST_TEST_S = 120
"""A change after which one test runs longer than this was noticed, too."""
NO_TESTS = 5
"""What pytest says where it found none."""

BITS = re.compile(r".*ReplaceBinaryOperator_(Add|Sub|Mul|Div|FloorDiv|Mod|Pow)_(RShift|LShift|BitOr|BitAnd|BitXor)")
"""Arithmetic that becomes an operation on bits."""


def main() -> None:
    """Run the groups named on the command line, and end with 1 where too little was noticed."""
    so_far = "--so-far" in sys.argv
    names = [word for word in sys.argv[1:] if word != "--so-far"] or list(GROUPS)
    if unknown := [name for name in names if name not in GROUPS]:
        raise SystemExit(f"no group is called {', '.join(unknown)}; there are: {', '.join(GROUPS)}")
    low = []
    for name in names:
        tried = run(name, GROUPS[name], so_far)
        recorded(name, tried)
        said, enough = told(name, tried)
        print(said, flush=True)
        low += [] if enough else [name]
    if low:
        raise SystemExit(f"too few changes noticed, or not all tried: {', '.join(low)}")


def told(name: str, tried: list[Tried]) -> tuple[str, bool]:
    """How many changes of a group were noticed, in words, and whether they are enough; the bar is of all of them."""
    least = GROUPS[name].least_killed
    killed, same, open_ = (sum(one.outcome == what for one in tried) for what in ("noticed", EQUIVALENT, UNTRIED))
    n = len(tried) - open_
    said = f"{name}: {killed} of {n} changes noticed ({killed / max(n, 1):.0%}, at least {least:.0%})"
    if same:
        said += f"; {same} change nothing, without them {killed} of {n - same}"
    return said + (f"; {open_} not tried yet" if open_ else ""), killed >= least * n and not open_


def run(name: str, group: Group, so_far: bool = False) -> list[Tried]:
    """Try what has not been tried of one group's sample, or was not noticed; all of it with what became of it."""
    folder = WORK / name
    fresh = prepare(folder)
    modules = {path: None for pattern in group.modules for path in sorted((folder / "tree" / PACKAGE).glob(pattern))}
    if not modules:
        raise SystemExit(f"{name}: no module fits {', '.join(group.modules)}")
    session = WorkDB(folder / "session.sqlite", WorkDB.Mode.create)
    try:
        if fresh:
            session.add_work_items(item for module in modules for item in sample(module, group.a_module))
        again = [item for item, result in session.completed_work_items if not result.is_killed]
        waiting = [*session.pending_work_items, *again]
        if waiting and not so_far:
            with server(folder / "tree") as asked:
                if passes(asked, test_files(folder / "tree", group.tests)) != 0:
                    raise SystemExit(f"{name}: its tests do not pass on the tree as it is")
                for number, item in enumerate(waiting):
                    result = changed(item.mutations[0], asked, folder / "tree", group.tests)
                    session.set_result(item.job_id, result)
                    print(f"{name} {number + 1}/{len(waiting)}: {result.test_outcome}", flush=True)
        results = [(result.diff, result.is_killed) for _, result in session.results]
        results += [(difference(item.mutations[0]), None) for item in session.pending_work_items]
        tried = tried_of(results)
    finally:
        session.close()
    for one in tried:
        if one.outcome not in ("noticed", UNTRIED):
            print(f"== {name}: {one.outcome}\n{one.module}:{one.line}\n- {one.before}\n+ {one.after}\n")
    return tried


def prepare(folder: Path) -> bool:
    """A copy of the tree, and whether it is a new one; that of an earlier run stays where the package is the same."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    files = [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    digest = hashlib.sha256()
    for name in (name for name in files if name.startswith(f"{PACKAGE}/")):
        digest.update(name.encode() + b"\0" + hashlib.sha256((ROOT / name).read_bytes()).digest())
    for path in (Path(__file__), Path(__file__).with_name("mutation_groups.py")):
        digest.update(path.read_bytes())
    mark = folder / "tree.sha256"
    known = mark.is_file() and mark.read_text() == digest.hexdigest()
    if not known:
        shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(folder / "tree" / "tests", ignore_errors=True)
    for name in files:  # also of a known tree: the last change of a run that was ended may be in it
        target = folder / "tree" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    mark.write_text(digest.hexdigest())
    complete = (folder / "session.sqlite").is_file() and WorkDB(folder / "session.sqlite", WorkDB.Mode.open)
    return not (complete and complete.num_work_items)


@contextmanager
def server(tree: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that runs the tests below the window, on the copy's own code; see `mutation_server`."""
    python = ROOT / os.environ.get("VENV", ".venv") / "bin" / "python"
    setting = {"PYTHONPATH": str(tree), "BOUNDARYSEG_BLOCK_QT": "1", "OMP_NUM_THREADS": "1"}
    with (tree.parent / "tests.log").open("w") as log:
        asked = subprocess.Popen(
            [str(python), str(Path(__file__).with_name("mutation_server.py"))],
            cwd=tree,
            env={**os.environ, **setting},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield asked
        finally:
            asked.kill()
            asked.wait()


def passes(asked: subprocess.Popen[str], files: list[str]) -> int:
    """Run tests up to the first that fails; pytest's exit status."""
    off = [word for name in ("napari", "npe2", "pytest-qt", "cacheprovider") for word in ("-p", f"no:{name}")]
    arguments = [*files, "-x", "-q", "-m", "not long", f"--timeout={LONGEST_TEST_S}", *off]
    assert asked.stdin is not None and asked.stdout is not None
    print(json.dumps({"arguments": arguments, "longest_s": LONGEST_S}), file=asked.stdin, flush=True)
    if not (answer := asked.stdout.readline()):
        raise SystemExit("the server of test runs ended; see tests.log")
    return int(answer)


def changed(mutation: MutationSpec, asked: subprocess.Popen[str], tree: Path, tests: Iterable[str]) -> WorkResult:
    """Make one change and ask the tests: those that are named after the module, and the others if these notice nothing.

    No test at all, of those named so, is nothing noticed.
    """
    files = test_files(tree, tests)
    stem = mutation.module_path.stem
    own = [file for file in files if Path(file).stem in (f"test_{stem}", f"test_{stem}s")]
    others = [file for file in files if file not in own]
    diff = difference(mutation)
    with use_mutation(mutation.module_path, get_operator(mutation.operator_name)(), mutation.occurrence):
        noticed = any(passes(asked, some) not in (0, NO_TESTS) for some in (own, others) if some)
    outcome = TestOutcome.KILLED if noticed else TestOutcome.SURVIVED
    return WorkResult(worker_outcome=WorkerOutcome.NORMAL, test_outcome=outcome, diff=diff, output="")


def test_files(tree: Path, tests: Iterable[str]) -> list[str]:
    """Every file of a group's tests, in their order."""
    there = [tree / test for test in tests if (tree / test).exists()]
    files = [path for test in there for path in (sorted(test.rglob("test_*.py")) if test.is_dir() else [test])]
    return [str(path.relative_to(tree)) for path in dict.fromkeys(files)]


def sample(module: Path, n: int) -> Iterator[WorkItem]:
    """Some of a module's changes, always the same.

    None that any test would notice that reads the file or runs the line: what is no Python, and ``+`` to ``<<``, which
    floats do not have. None in a type annotation, which nothing evaluates, and none of ``==`` to ``is``, which is the
    same for short texts.
    """
    annotated = list(places_of_annotations(module))
    code = module.read_text("utf-8")
    items = [
        item
        for item in _all_work_items([module], {})
        if not any(first <= item.mutations[0].start_pos <= last for first, last in annotated)
        and not item.mutations[0].operator_name.endswith(("_Is", "_IsNot"))
        and not BITS.fullmatch(item.mutations[0].operator_name)
        and parses(code, item.mutations[0])
    ]
    chosen = random.Random(module.name).sample(items, min(n, len(items)))
    yield from (WorkItem.single(job_id=uuid.uuid4().hex, mutation=item.mutations[0]) for item in chosen)


def difference(mutation: MutationSpec) -> str:
    """A change as a unified diff."""
    old = mutation.module_path.read_text("utf-8")
    new = mutate_code(old, get_operator(mutation.operator_name)(), mutation.occurrence) or ""
    lines = old.splitlines(), new.splitlines()
    return "\n".join(difflib.unified_diff(*lines, "a", f"b{mutation.module_path}", lineterm=""))


def parses(code: str, mutation: MutationSpec) -> bool:
    """Whether a changed module is Python at all: ``{**a}`` to ``{/a}`` is not."""
    changed = mutate_code(code, get_operator(mutation.operator_name)(), mutation.occurrence)
    try:
        ast.parse(changed or "")
    except SyntaxError:
        return False
    return True


def places_of_annotations(module: Path) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Where a module's type annotations begin and end, as lines and columns."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        for found in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if found is not None:
                yield (found.lineno, found.col_offset), (found.end_lineno, found.end_col_offset)


if __name__ == "__main__":
    main()
