"""The table of rankings: what the benchmark measured, and that nothing is called proven that was not."""

from __future__ import annotations

import csv
from dataclasses import fields, replace
from pathlib import Path

import pytest

from napari_boundaryseg.data.labels import PRESETS
from napari_boundaryseg.review.arcs.measures import MEASURES
from napari_boundaryseg.review.arcs.rankings import (
    FIRST_PART,
    LEAST_LOW,
    LEAST_MEAN,
    NO_MODEL,
    Ranking,
    first_places,
    proven,
    rankings,
)


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


def test_what_first_places_held_is_less_than_all_and_more_than_their_part(package: Path) -> None:
    with (package / "review/arcs/first_places.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["model"] for row in rows} <= {one.model for one in rankings()}
    for row in rows:
        found = first_places(row["model"], row["organs"].split())
        assert found is not None
        assert FIRST_PART < found.low < found.held < found.perfect < 1
        assert set(row["organs"].split()) <= set(proven(row["model"], row["organs"].split()))
    assert first_places("hippocampus-hmedn", ["Hippocampus_A", "Hippocampus_P", "Bladder"]) is None
    assert first_places("somebody's own model", ["Hippocampus_A"]) is None


def test_the_page_and_the_table_are_what_the_benchmark_makes_of_its_files(
    root: Path, scripts: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = scripts("benchmarks/studies/real_pelvis.py", *(f"benchmarks/review/{name}.py" for name in NEEDED))  # type: ignore[operator]
    shown = {name: getattr(page, name) for name in ("PAGE", "TABLE", "FIRST")}
    for name, path in shown.items():
        monkeypatch.setattr(page, name, tmp_path / path.name)
    page.write_page()
    for path in shown.values():
        assert (tmp_path / path.name).read_text("utf-8") == path.read_text("utf-8"), path.name


NEEDED = ("unseen", "arc_figures", "arc_runs", "arcs_page")
