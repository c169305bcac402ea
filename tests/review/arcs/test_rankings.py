"""The table of rankings: what the benchmark measured, and that nothing is called proven that was not."""

from __future__ import annotations

import csv
from dataclasses import fields, replace
from pathlib import Path

import pytest

from napari_boundaryseg.data.labels import PRESETS
from napari_boundaryseg.review.arcs.measures import MEASURES
from napari_boundaryseg.review.arcs.rankings import LEAST_LOW, LEAST_MEAN, NO_MODEL, Ranking, proven, rankings


def test_each_row_is_of_a_model_that_ships_or_of_none_and_of_an_organ_once(package: Path) -> None:
    weights = {path.stem for path in (package / "weights").glob("*.safetensors")}
    assert {row.model for row in rankings()} <= weights | {NO_MODEL}
    organs = {organ.name for scheme in PRESETS.values() for organ in scheme.organs}
    places = [(one.model, one.organ) for one in rankings()]
    assert len(places) == len(set(places))
    for one in rankings():
        assert one.organ in organs
        assert one.score in MEASURES
        assert (one.score == "gradient") == (one.model == NO_MODEL)
        assert one.low <= one.auroc <= one.high
        assert one.patients >= 3


def test_only_what_reaches_both_limits_is_proven() -> None:
    good = Ranking("m", "o", "doubt", 1.0, "cases", 20, LEAST_MEAN, LEAST_LOW, 0.9)
    assert good.proven
    assert not replace(good, auroc=LEAST_MEAN - 0.001).proven
    assert not replace(good, low=LEAST_LOW - 0.001).proven
    assert not replace(good, low=float("nan")).proven


def test_labels_without_a_model_and_models_that_nobody_measured_have_no_ranking() -> None:
    organs = [organ.name for scheme in PRESETS.values() for organ in scheme.organs]
    assert proven("somebody's own model", organs) == {}
    assert proven(NO_MODEL, organs) == {}
    assert set(proven("hippocampus-hmedn", organs)) == {"Hippocampus_A", "Hippocampus_P"}
    assert proven("hippocampus-hmedn", ["Bladder"]) == {}


def test_the_table_has_the_columns_of_a_ranking(package: Path) -> None:
    with (package / "review/arcs/rankings.csv").open(encoding="utf-8", newline="") as file:
        assert csv.DictReader(file).fieldnames == [one.name for one in fields(Ranking)]


def test_the_page_and_the_table_are_what_the_benchmark_makes_of_its_files(
    root: Path, scripts: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = scripts("benchmarks/studies/real_pelvis.py", *(f"benchmarks/review/{name}.py" for name in NEEDED))  # type: ignore[operator]
    shown, table = page.PAGE.read_text("utf-8"), page.TABLE.read_text("utf-8")
    monkeypatch.setattr(page, "PAGE", tmp_path / "arcs.md")
    monkeypatch.setattr(page, "TABLE", tmp_path / "rankings.csv")
    page.write_page()
    assert (tmp_path / "arcs.md").read_text("utf-8") == shown
    assert (tmp_path / "rankings.csv").read_text("utf-8") == table


NEEDED = ("unseen", "arc_figures", "arcs_page")
