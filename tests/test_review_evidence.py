"""The evidence for band, chart and comparison: pages follow from their committed tables, and their bars from these."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


@pytest.fixture
def band(scripts: Callable[..., ModuleType]) -> ModuleType:
    own = ("band_scores", "unseen_predictions", "band")
    return scripts("benchmarks/studies/real_pelvis.py", *(f"benchmarks/review/{name}.py" for name in own))


def test_the_page_of_the_band_follows_from_the_committed_scores(root: Path, band: ModuleType) -> None:
    """Without any scan."""
    folder = root / "benchmarks" / "review"
    points = {(row["set"], row["organ"]): float(row["points_mm"]) for row in rows_of(folder / "band_points.csv")}
    made = band.page(rows_of(folder / "band_scores.csv"), points, root / "benchmarks" / "studies")
    assert made == (root / "docs" / "evidence" / "band.md").read_text("utf-8")


def test_the_scores_name_public_cases_and_nothing_else(root: Path) -> None:
    for row in rows_of(root / "benchmarks" / "review" / "band_scores.csv"):
        assert row["case"].startswith(("hippocampus_", "STS_", "promise12_")) and "/" not in row["case"]


def test_margins_of_a_case_are_scored_with_a_scale_that_is_known(band: ModuleType, scripts: Callable) -> None:
    """A slab that was moved by 2 mm, with a probability that falls off by 1 in 5 mm across its faces."""
    scores = scripts("benchmarks/review/band_scores.py")
    place = np.arange(60, dtype=float)[:, None, None] * np.ones((1, 8, 8))
    found, wanted = (place > 19.5) & (place < 39.5), (place > 21.5) & (place < 41.5)
    probability = np.clip(0.5 + (10 - np.abs(place - 29.5)) / 5, 0, 1)
    row = scores.scored(found, probability, wanted, (1.0, 1.0, 1.0))
    assert (row["margin_mm"], row["margin_90_mm"]) == (2.0, 2.0)
    assert row["scale_place_mm"] == pytest.approx(5.0, rel=0.1)
    assert row["scaled_place"] == pytest.approx(0.4, rel=0.1) and row["scaled_scan"] == pytest.approx(0.4, rel=0.1)


def test_divisions_hold_what_they_promise_of_scores_without_ties(band: ModuleType) -> None:
    scores = np.random.default_rng(0).lognormal(size=200)
    held, width = band.divided(scores, 29, np.random.default_rng(1))
    assert held.mean() == pytest.approx(0.9, abs=0.01)
    assert width.mean() == pytest.approx(float(np.quantile(scores, 0.9)), rel=0.25)


def test_the_page_of_the_chart_follows_from_its_table_and_the_limits_are_those_that_ship(
    root: Path, scripts: Callable[..., ModuleType]
) -> None:
    from napari_boundaryseg.review.chart.limits import TABLE

    chart = scripts("benchmarks/review/chart.py")
    rows = rows_of(root / "docs" / "evidence" / "chart.csv")
    assert chart.page(rows) == (root / "docs" / "evidence" / "chart.md").read_text("utf-8")
    assert {(row["cases"], row["h"]) for row in rows} == {(row["cases"], row["h"]) for row in rows_of(TABLE)}
    usual = [row for row in rows if row["values"] == "normal"]
    assert all(float(row["run"]) >= 200 for row in usual)
    assert next(float(row["delay"]) for row in usual if row["cases"] == "0") <= 10


def test_the_page_of_null_comparisons_follows_from_its_table_and_meets_the_bar(
    root: Path, scripts: Callable[..., ModuleType]
) -> None:
    null = scripts("benchmarks/review/null_comparisons.py")
    rows = rows_of(root / "docs" / "evidence" / "null_comparisons.csv")
    typed = [{**row, "n": int(row["n"])} for row in rows]
    assert null.page(typed) == (root / "docs" / "evidence" / "null_comparisons.md").read_text("utf-8")
    for n in null.NULL:
        hits = [int(row["better"]) for row in typed if row["n"] == n and row["kind"] == "swapped"]
        assert len(hits) == len(null.PAIRS) and sum(hits) <= null.BAR * null.TRIALS * len(hits)


def test_a_comparison_of_swapped_sides_is_the_real_one(root: Path, scripts: Callable[..., ModuleType]) -> None:
    """With all sides swapped, or none, the verdict is that of the changes themselves."""
    from napari_boundaryseg.engine.evaluation.paired_change import verdict_of

    null = scripts("benchmarks/review/null_comparisons.py")
    patients = null.read_pairs(root / "benchmarks" / "studies" / "sarcoma.csv", "sgm", "sgm-coarse")
    changes = null.differences(patients)["surface_dice"]
    drawn = [patients[name] for name in patients]
    assert null.verdict(drawn, {}, np.zeros(len(drawn), bool)) == verdict_of(changes.tolist())
    assert null.verdict(drawn, {}, np.ones(len(drawn), bool)) == verdict_of((-changes).tolist())
    assert null.verdict(drawn, {"surface_dice": 1.0}, np.zeros(len(drawn), bool)) == "better"
