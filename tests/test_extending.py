"""Every worked example of docs/extending.md, carried out on a copy of the package: one file each, and it works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"
BLOCK = re.compile(r"^(?P<lead>[^\n]*)\n\n?```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"`([\w./-]+\.(?:py|yaml))`")


@dataclass
class Example:
    """One section of the page: the files that it touches, and what is run then."""

    new: dict[str, str] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)
    checks: list[str] = field(default_factory=list)

    @property
    def touched(self) -> set[str]:
        return {*self.new, *self.entries}


def examples(text: str) -> dict[str, Example]:
    """The sections of the page by their titles; those without an example are left out."""
    found = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        example = Example()
        for block in BLOCK.finditer(body):
            path = NAMED.search(block["lead"])
            if block["lead"].startswith("New file") and path:
                example.new[path[1]] = block["text"]
            elif block["kind"] == "diff" and path:
                example.entries[path[1]] = block["text"]
            elif block["kind"] == "python":
                example.checks.append(block["text"])
        if example.touched:
            found[title.strip()] = example
    return found


EXAMPLES = examples(PAGE.read_text("utf-8"))


def with_entry(before: str, diff: str) -> str:
    """A file with a block's "+" lines after the one place where its other lines stand."""
    context = "".join(f"{line[1:]}\n" for line in diff.splitlines() if line.startswith(" "))
    added = "".join(f"{line[1:]}\n" for line in diff.splitlines() if line.startswith("+"))
    assert before.count(context) == 1, f"these lines stand {before.count(context)} times:\n{context}"
    return before.replace(context, context + added)


def apply(example: Example, tree: Path) -> None:
    """Make the files of an example, and its entries."""
    for path, text in example.new.items():
        assert not (tree / path).exists()
        (tree / path).write_text(text, "utf-8")
    for path, diff in example.entries.items():
        (tree / path).write_text(with_entry((tree / path).read_text("utf-8"), diff), "utf-8")


@pytest.fixture
def tree(root: Path, tmp_path: Path) -> Path:
    """A copy of the checkout: the package and its tools; weights and sample data are links."""
    package = tmp_path / "napari_boundaryseg"
    shutil.copytree(root / "napari_boundaryseg", package, ignore=shutil.ignore_patterns("weights", "__pycache__"))
    (package / "weights").symlink_to(root / "napari_boundaryseg" / "weights")
    (tmp_path / "sample_data").symlink_to(root / "sample_data")
    shutil.copytree(root / "tools", tmp_path / "tools")
    return tmp_path


def run(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1", "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.run([sys.executable, *words], cwd=tree, env=environment, capture_output=True, text=True)


def test_the_page_has_all_nine() -> None:
    wanted = {"network", "loss", "metric", "recipe", "file format", "label scheme", "setting", "command", "panel"}
    assert {title.removeprefix("A ").partition(",")[0] for title in EXAMPLES} >= wanted


@pytest.mark.parametrize("title", EXAMPLES)
def test_an_example_touches_one_file_and_works(title: str, tree: Path) -> None:
    example = EXAMPLES[title]
    assert len(example.touched) == 1, example.touched
    assert example.checks, "nothing shows that it works"
    apply(example, tree)
    for check in example.checks:
        done = run(tree, "-c", check)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("title", EXAMPLES)
def test_without_its_file_an_example_does_not_work(title: str, tree: Path) -> None:
    assert any(run(tree, "-c", check).returncode for check in EXAMPLES[title].checks)


CONTRACTS = (
    "tests/models/test_contract.py",
    "tests/losses/test_losses.py",
    "tests/losses/test_target_maps.py",
    "tests/data/metrics/test_metric.py",
    "tests/data/test_labels.py",
    "tests/engine/recipes/test_recipes.py",
    "tests/engine/recipes/test_recipes_papers.py",
)


@pytest.mark.long
def test_the_tests_of_the_program_pass_with_every_example_in_it(root: Path, tree: Path) -> None:
    """What is new is taken up by the contract tests, and no other test has a list that would have to grow."""
    shutil.copytree(root / "tests", tree / "tests", ignore=shutil.ignore_patterns("made_by_0_1", "__pycache__", "ui"))
    for example in EXAMPLES.values():
        apply(example, tree)
    without = [word for name in ("cacheprovider", "napari", "npe2", "pytest-qt") for word in ("-p", f"no:{name}")]
    chosen = "(not test_contract or plain-net) and not one_new_file"
    done = run(tree, "-m", "pytest", *CONTRACTS, "-v", "-k", chosen, *without)
    assert done.returncode == 0, done.stdout
    for name in ("plain-net", "border-ce", "border-weight", "spleen-unet"):
        assert re.search(rf"\[{name}.*PASSED", done.stdout), name
