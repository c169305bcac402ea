"""The committed scores of the studies belong to the trainings that their files list; no fold's row gets lost."""

from __future__ import annotations

import csv
import threading
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from filelock import FileLock

from napari_boundaryseg.engine.recipes.shipped import recipe

STUDIES = Path(__file__).parents[1] / "benchmarks" / "studies"


@pytest.mark.parametrize("study", sorted(STUDIES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_row_was_made_with_the_settings_that_the_study_lists(study: Path) -> None:
    listed = {
        entry["name"]: recipe(entry["recipe"]).with_settings({**entry.get("settings", {}), "steps": entry["steps"]})
        for entry in tomllib.loads(study.read_text("utf-8"))["training"]
    }
    rows = list(csv.DictReader(study.with_suffix(".csv").open(encoding="utf-8")))
    assert rows
    for row in rows:
        assert row["config"] == listed[row["training"]].digest, (row["training"], row["fold"])
    twice = [key for key, n in Counter((r["training"], r["case"], r["organ"]) for r in rows).items() if n > 1]
    assert not twice, "a case is scored once, by the fold that did not see it"


@pytest.fixture
def tool(scripts: Callable[..., ModuleType]) -> ModuleType:
    return scripts("benchmarks/studies/run.py")


def row(tool: ModuleType, fold: int, dsc: str = "0.5") -> dict[str, str]:
    return {**dict.fromkeys(tool.COLUMNS, "1"), "training": "sgm", "fold": str(fold), "dsc": dsc}


def test_two_folds_that_end_together_both_keep_their_rows(tool: ModuleType, tmp_path: Path) -> None:
    table = tmp_path / "study.csv"
    tool.keep(table, "sgm", 0, [row(tool, 0)])
    with FileLock(table.with_suffix(".lock")):
        second = threading.Thread(target=tool.keep, args=(table, "sgm", 1, [row(tool, 1)]))
        second.start()
        second.join(0.3)
        assert second.is_alive(), "it waits until the other has written"
        tool.write_table(table, [row(tool, 0), row(tool, 2)])
    second.join(10)
    assert [r["fold"] for r in tool.read_table(table)] == ["0", "1", "2"]


def test_a_fold_that_is_run_again_replaces_its_rows(tool: ModuleType, tmp_path: Path) -> None:
    table = tmp_path / "study.csv"
    tool.keep(table, "sgm", 0, [row(tool, 0)])
    tool.keep(table, "sgm", 1, [row(tool, 1)])
    tool.keep(table, "sgm", 0, [row(tool, 0, "0.7")])
    assert [(r["fold"], r["dsc"]) for r in tool.read_table(table)] == [("0", "0.7"), ("1", "0.5")]
