"""The page of the papers' claims: pairs by patient, and says of an interval what it holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from napari_boundaryseg.engine.evaluation import study_table
from napari_boundaryseg.engine.evaluation.study import Study


@pytest.fixture
def tool(scripts: Callable[..., ModuleType]) -> ModuleType:
    return scripts("benchmarks/studies/claims.py")


def row(training: str, config: str, case: str, group: str, organ: str, value: float) -> study_table.Row:
    scores = {metric.name: f"{value:.4f}" for metric in study_table.scored()}
    return {"training": training, "fold": 0, "config": config, "case": case, "group": group, "organ": organ, **scores}


def test_every_claim_is_of_trainings_that_a_study_lists(tool: ModuleType, root: Path) -> None:
    listed = {t.name for name in tool.STUDIES for t in Study.read(root / f"benchmarks/studies/{name}.toml").trainings}
    assert {name for claim in tool.CLAIMS for name in (claim.taken, claim.instead)} == listed


def test_patients_are_paired_and_other_settings_do_not_count(tool: ModuleType, root: Path, tmp_path: Path) -> None:
    study = Study.read(root / "benchmarks/studies/claims.toml")
    study = Study(tmp_path / "claims.toml", study.data, study.rows, study.trainings)
    own = {name: study.training(name).config for name in ("hrdn", "dstnet")}
    rows = [
        row("hrdn", own["hrdn"], "case1", "p1", "A", 0.9),
        row("hrdn", own["hrdn"], "case1", "p1", "B", 0.7),
        row("hrdn", own["hrdn"], "case2", "p1", "A", 0.6),
        row("hrdn", own["hrdn"], "case3", "p2", "A", 0.5),
        row("hrdn", "of other settings", "case4", "p3", "A", 0.1),
        row("dstnet", own["dstnet"], "case1", "p1", "A", 0.5),
        row("dstnet", own["dstnet"], "case3", "p2", "A", 0.4),
        row("dstnet", own["dstnet"], "case4", "p3", "A", 0.4),
    ]
    study_table.write_table(study.table, rows)
    found = tool.scores_of(study)
    changes = tool.paired(found["hrdn"], found["dstnet"], "dsc")
    assert changes == pytest.approx([0.8 - 0.5, 0.1]), "means over organs, of the cases that both have"
    lines = tool.compared(found)
    assert len(lines) == 3
    assert lines[2].startswith("| 002 | high-resolution pathway | 2 | +0.200 [+0.100, +0.300]")
    assert "better" in lines[2]


def test_a_case_without_an_organ_has_no_distance_and_is_counted(tool: ModuleType, root: Path, tmp_path: Path) -> None:
    study = Study.read(root / "benchmarks/studies/claims.toml")
    study = Study(tmp_path / "claims.toml", study.data, study.rows, study.trainings)
    rows = []
    for training in ("hrdn", "dstnet"):
        for n in range(4):
            made = row(training, study.training(training).config, f"case{n}", f"p{n}", "A", 0.5 + 0.1 * n)
            if training == "hrdn" and n == 0:
                made |= {"dsc": "0.0000", "asd_mm": "nan", "hd95_mm": "nan", "surface_dice": "0.0000"}
            rows.append(made)
    study_table.write_table(study.table, rows)
    found = tool.scores_of(study)
    assert len(tool.paired(found["hrdn"], found["dstnet"], "asd_mm")) == 3
    assert len(tool.paired(found["hrdn"], found["dstnet"], "dsc")) == 4
    assert "nan" not in tool.compared(found)[2]
    assert "| 1, 0 |" in tool.compared(found)[2]


def test_an_interval_leaves_out_zero_where_patients_agree(tool: ModuleType) -> None:
    rng = np.random.default_rng(0)
    metrics = {metric.name: metric for metric in study_table.scored()}
    sure, unsure = rng.normal(0.05, 0.02, 30), rng.normal(0.0, 0.02, 30)
    assert tool.verdict(*tool.interval(sure), metrics["surface_dice"]) == "better"
    assert tool.verdict(*tool.interval(sure), metrics["asd_mm"]) == "worse"
    assert tool.verdict(*tool.interval(unsure), metrics["surface_dice"]) == "no difference shown"
    low, high = tool.interval(sure)
    assert high - low == pytest.approx(2 * 1.96 * sure.std() / np.sqrt(30), rel=0.1)
