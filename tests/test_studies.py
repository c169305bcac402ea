"""The committed scores of the studies belong to the trainings that their files list, and the scripts run."""

from __future__ import annotations

import ast
import csv
import sys
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from napari_boundaryseg.engine.evaluation.study import Study
from napari_boundaryseg.engine.evaluation.study_table import as_markdown, columns, read_table

STUDIES = Path(__file__).parents[1] / "benchmarks" / "studies"
ALL = pytest.mark.parametrize("path", sorted(STUDIES.glob("*.toml")), ids=lambda path: path.stem)


def planned(path: Path) -> set[str]:
    """The trainings of a study that were not run yet."""
    return set(tomllib.loads(path.read_text("utf-8")).get("planned", ()))


@ALL
def test_what_is_planned_is_listed_and_was_not_run(path: Path) -> None:
    study, done = Study.read(path), {row["training"] for row in read_table(path.with_suffix(".csv"))}
    listed = {training.name for training in study.trainings}
    assert planned(path) <= listed
    assert done == listed - planned(path)


@ALL
def test_every_row_was_made_with_the_settings_that_the_study_lists(path: Path) -> None:
    study = Study.read(path)
    listed = {training.name: training.config for training in study.trainings}
    rows = read_table(study.table)
    for row in rows:
        assert row["config"] == listed[row["training"]], (row["training"], row["fold"])
        assert int(row["fold"]) in study.training(row["training"]).folds
    twice = [key for key, n in Counter((r["training"], r["case"], r["organ"]) for r in rows).items() if n > 1]
    assert not twice, "a case is scored once, by the fold that did not see it"


@ALL
def test_every_committed_column_is_one_of_today(path: Path) -> None:
    if not path.with_suffix(".csv").is_file():
        assert planned(path) == {training.name for training in Study.read(path).trainings}
        return
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
    assert all(f"| {t.name} |" in said for t in Study.read(path).trainings if t.name not in planned(path))


def test_the_scripts_need_no_command_line() -> None:
    for path in STUDIES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            assert not isinstance(node, ast.ImportFrom) or ".cli" not in (node.module or ""), path.name
