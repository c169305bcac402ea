"""Every declared dependency is used, and everything that is imported is declared."""

from __future__ import annotations

import ast
import functools
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
MODULES = {
    "lightning-fabric": "lightning_fabric",
    "scikit-image": "skimage",
    "pillow": "PIL",
    "pyjpegls": "pydicom",  # one of its codecs: without it JPEG-LS slices cannot be read
}
"""What is imported, where that is not the name of the requirement."""
WORDS = {
    "import-linter": "lint-imports",
    "pytest-cov": "cov-report",
    "pytest-qt": "qtbot",
    "pytest-timeout": "timeout =",
    "simpleitk": "SimpleITK",
}
"""How a tool of developers is called, where that is not its name."""


def name_of(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


EXTRAS = {extra: [name_of(text) for text in texts] for extra, texts in PROJECT["optional-dependencies"].items()}
DECLARED = sorted({name_of(text) for text in PROJECT["dependencies"]}.union(*(EXTRAS[n] for n in EXTRAS if n != "dev")))


def module_of(name: str) -> str:
    return MODULES.get(name, name).lower()


@functools.cache
def imported() -> frozenset[str]:
    """Top-level modules that the package imports anywhere, also inside functions; lower case."""
    found = set()
    for path in (ROOT / "napari_boundaryseg").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                found.add(node.module.partition(".")[0])
    return frozenset(name.lower() for name in found - sys.stdlib_module_names - {"napari_boundaryseg"})


@pytest.mark.parametrize("name", DECLARED)
def test_a_declared_dependency_is_imported(name: str) -> None:
    assert module_of(name) in imported()


def test_nothing_is_imported_that_is_not_declared() -> None:
    assert imported() - {module_of(name) for name in DECLARED} == set()


@functools.cache
def texts() -> tuple[str, ...]:
    """What developers run: tests, tools, benchmarks and settings, apart from this file."""
    places = [ROOT / "Makefile", ROOT / "pyproject.toml", *(ROOT / ".ci").glob("*"), ROOT / ".pre-commit-config.yaml"]
    for folder in ("tests", "tools", "benchmarks"):
        places += [
            path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".sh") and path != Path(__file__)
        ]
    return tuple(path.read_text("utf-8") for path in places if path.is_file() and path != Path(__file__))


@pytest.mark.parametrize("name", EXTRAS["dev"])
def test_a_tool_of_developers_is_used(name: str) -> None:
    word = WORDS.get(name, name)
    declared = rf'"{re.escape(name)}[^a-z"]*"'
    assert any(re.search(rf"\b{re.escape(word)}", re.sub(declared, "", text)) for text in texts())


def test_constraints_pin_every_dependency() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {name_of(line) for line in lines if line and not line.startswith("#")}
    assert set(DECLARED) - pinned == set()
