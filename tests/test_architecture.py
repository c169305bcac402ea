"""The description of the tree is the tree, and no file has grown too long."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path


def test_the_page_lists_every_module(root: Path) -> None:
    done = subprocess.run([sys.executable, str(root / "tools" / "tree.py"), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_models_page_has_the_scores_of_the_cards(root: Path) -> None:
    command = [sys.executable, str(root / "tools" / "model_scores.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_says_what_it_is(package: Path) -> None:
    silent = [path.name for path in package.rglob("*.py") if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert silent == []


def test_no_file_has_two_jobs(package: Path) -> None:
    lengths = {
        path.relative_to(package).as_posix(): len(path.read_text("utf-8").splitlines())
        for path in package.rglob("*.py")
    }
    assert {name: n for name, n in lengths.items() if n > 400} == {}
