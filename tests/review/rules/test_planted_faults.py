"""The benchmark of planted faults: its table adds up, and each fault is what its table says; the oracle is SciPy."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rule_shapes import SHAPE, ellipsoid, said, stored
from scipy.stats import binomtest

from napari_boundaryseg.data.labels import preset

FOLDER = Path(__file__).resolve().parents[3] / "benchmarks" / "review"
TABLE = tomllib.loads((FOLDER / "planted_faults.toml").read_text())
BARRED = [row for row in TABLE["fault"] if row.get("barred", True)]


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", [str(FOLDER), *sys.path])
    import planted_faults

    return planted_faults


def test_the_table_has_500_faults_of_12_kinds() -> None:
    assert sum(row["n"] * len(row.get("sets", TABLE["sets"])) for row in BARRED) == 500
    assert len({row["kind"] for row in BARRED}) == 12


@pytest.mark.parametrize(("found", "n"), [(0, 5), (14, 14), (38, 42), (478, 500)])
def test_intervals_are_those_of_another_library(benchmark: Any, found: int, n: int) -> None:
    from rules_report import wilson

    theirs = binomtest(found, n).proportion_ci(method="wilson")
    assert wilson(found, n) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


def test_a_patient_is_in_one_half_for_good(benchmark: Any) -> None:
    from expert_labels import half_of

    halves = [half_of("hippocampus", f"subj{n:03}") for n in range(400)]
    assert halves == [half_of("hippocampus", f"subj{n:03}") for n in range(400)]
    assert 160 < halves.count("set") < 240


@pytest.mark.parametrize("row", BARRED, ids=lambda row: f"{row['plant']} {row['size']}")
def test_a_fault_is_planted_as_the_table_says_and_found(benchmark: Any, row: dict[str, Any]) -> None:
    """In two halves of an ellipsoid, of which a rule that needs accepted cases gets eight alike."""
    from faults import PLANT, Canvas

    from napari_boundaryseg.review.rules.check import measures

    array = ellipsoid((45, 35, 32), (33, 28, 24)) * np.where(np.arange(SHAPE[1]) < 35, 1, 2)[:, None]
    labels = stored(array, scheme=preset("hippocampus"))
    fault = PLANT[row["plant"]](Canvas(labels, "Hippocampus_A", 2, np.random.default_rng(1)), row["size"])
    assert fault is not None and fault.organ == "Hippocampus_A"
    changed = fault.labels.array.shape != labels.array.shape or (fault.labels.array != labels.array).any()
    assert changed
    if row["plant"] in ("island", "cavity"):
        ml = fault.region.sum() * labels.geometry.voxel_ml
        assert ml == pytest.approx(row["size"]["ml"], abs=labels.geometry.voxel_ml)
    if row["plant"] == "volume":
        assert fault.labels.volumes_ml()["Hippocampus_A"] == pytest.approx(
            row["size"]["factor"] * labels.volumes_ml()["Hippocampus_A"], rel=0.01
        )
    before = {one.identity for one in said(labels, accepted=[measures(labels)] * 8)}
    after = said(fault.labels, beside=fault.beside, accepted=[measures(labels)] * 8)
    case = benchmark.Case("x", "x", "x", "set", labels, 2)
    assert benchmark.is_found(row, case, fault, [one for one in after if one.identity not in before])
    assert not benchmark.is_found(row, case, fault, [])
