"""The committed scores of the studies belong to the trainings that their files list, and the scripts run."""

from __future__ import annotations

import ast
import csv
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from napari_boundaryseg.engine.evaluation.study import Study
from napari_boundaryseg.engine.evaluation.study_table import as_markdown, columns, read_table

STUDIES = Path(__file__).parents[1] / "benchmarks" / "studies"
ALL = pytest.mark.parametrize("path", sorted(STUDIES.glob("*.toml")), ids=lambda path: path.stem)


@ALL
def test_every_row_was_made_with_the_settings_that_the_study_lists(path: Path) -> None:
    study = Study.read(path)
    listed = {training.name: training.config for training in study.trainings}
    rows = list(csv.DictReader(study.table.open(encoding="utf-8")))
    assert rows
    for row in rows:
        assert row["config"] == listed[row["training"]], (row["training"], row["fold"])
        assert int(row["fold"]) in study.training(row["training"]).folds
    twice = [key for key, n in Counter((r["training"], r["case"], r["organ"]) for r in rows).items() if n > 1]
    assert not twice, "a case is scored once, by the fold that did not see it"


@ALL
def test_every_committed_column_is_one_of_today(path: Path) -> None:
    with path.with_suffix(".csv").open(encoding="utf-8") as stream:
        assert set(next(csv.reader(stream))) <= set(columns())


@ALL
def test_the_script_prints_the_committed_table(
    path: Path,
    scripts: Callable[..., ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["run", str(path), "--table"])
    scripts("benchmarks/studies/run.py").main()
    said = capsys.readouterr().out
    assert said.strip() == as_markdown(read_table(path.with_suffix(".csv")))
    assert all(f"| {training.name} |" in said for training in Study.read(path).trainings)


def test_the_scripts_need_no_command_line() -> None:
    for path in STUDIES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            assert not isinstance(node, ast.ImportFrom) or ".cli" not in (node.module or ""), path.name
