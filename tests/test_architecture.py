"""The description of the tree is the tree, and no file has grown too long."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median


def test_the_page_lists_every_module(root: Path) -> None:
    done = subprocess.run([sys.executable, str(root / "tools" / "tree.py"), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_models_page_has_the_scores_of_the_cards(root: Path) -> None:
    command = [sys.executable, str(root / "tools" / "model_scores.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_two_test_modules_of_one_run_share_a_name(root: Path) -> None:
    """Where no package tells them apart, pytest refuses the second one, or not, as their folders are collected."""
    found: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for path in (root / "tests").rglob("*.py"):
        if not (path.parent / "__init__.py").exists() and path.name != "conftest.py":
            name = path.relative_to(root / "tests")
            found[name.parts[0] == "ui", path.name].append(name.as_posix())
    assert {at: names for at, names in found.items() if len(names) > 1} == {}


def test_every_module_says_what_it_is(package: Path) -> None:
    silent = [path.name for path in package.rglob("*.py") if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert silent == []


def lengths(package: Path) -> dict[str, int]:
    """Lines of every module; those that only say what a folder is are left out."""
    files = {path.relative_to(package).as_posix(): path.read_text("utf-8") for path in package.rglob("*.py")}
    return {name: len(text.splitlines()) for name, text in files.items() if not name.endswith("__init__.py")}


def test_no_file_has_two_jobs(package: Path) -> None:
    found = lengths(package)
    assert {name: n for name, n in found.items() if n > 300} == {}
    assert median(found.values()) <= 90


def test_no_folder_is_a_heap(package: Path) -> None:
    counts = Counter(name.rpartition("/")[0] for name in lengths(package))
    assert {folder: n for folder, n in counts.items() if n > 16} == {}


LONGEST_COPY = 9
"""Lines. Ten equal ones in two modules are one idea that stands in two rooms."""


def code_lines(source: str) -> list[str]:
    """The lines of a module without imports, indentation and blank lines."""
    imports = {
        number
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = enumerate(source.splitlines(), start=1)
    return [line.strip() for number, line in lines if line.strip() and number not in imports]


def copies(sources: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Which modules share a block of more than `LONGEST_COPY` lines, and its first line."""
    where: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for name, source in sources:
        lines = code_lines(source)
        for start in range(len(lines) - LONGEST_COPY):
            where[tuple(lines[start : start + LONGEST_COPY + 1])].add(name)
    for block, names in where.items():
        if len(names) > 1:
            yield f"{' and '.join(sorted(names))}: {block[0]}"


def test_no_block_of_ten_lines_stands_in_two_modules(package: Path) -> None:
    files = sorted(package.rglob("*.py"))
    assert len(files) > 200
    assert list(copies((path.relative_to(package).as_posix(), path.read_text("utf-8")) for path in files)) == []


def test_a_copied_block_is_noticed_however_far_it_is_indented() -> None:
    block = [f"x{n} = {n}" for n in range(LONGEST_COPY + 1)]
    plain, inside = "\n".join(["import os", *block]), "\n\n".join(["def f():", *(f"    {line}" for line in block)])
    assert list(copies([("a.py", plain), ("b.py", inside)])) == ["a.py and b.py: x0 = 0"]
    assert list(copies([("a.py", plain), ("b.py", inside.replace("x9 = 9", "x9 = 0"))])) == []
    imports = "\n".join(f"import m{n}" for n in range(20))
    assert list(copies([("a.py", imports), ("b.py", imports)])) == []
