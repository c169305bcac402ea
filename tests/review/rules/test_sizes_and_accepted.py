"""Volumes: nearly nothing, unusual in adults, unlike accepted cases; the oracle for intervals is SciPy's t."""

from __future__ import annotations

import math

import numpy as np
import pytest
from rule_shapes import SHAPE, WAYS, ellipsoid, said, stored
from scipy import stats

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.review.rules.accepted import CaseMeasures, expected
from napari_boundaryseg.review.rules.check import measures
from napari_boundaryseg.review.rules.families.sizes import unusual
from napari_boundaryseg.review.rules.finding import Finding
from napari_boundaryseg.review.rules.usual import USUAL

SARCOMA = preset("sarcoma")
TUMOUR = ellipsoid((45, 35, 32), (20, 15, 15))
ML = float(TUMOUR.sum() * 0.003)


def of(*volumes_ml: float, name: str = "GTV") -> list[CaseMeasures]:
    return [CaseMeasures({name: ml}) for ml in volumes_ml]


def sizes(array: np.ndarray, accepted: list[CaseMeasures] | None = None, scheme: str = "sarcoma") -> list[Finding]:
    rules = ("nearly-nothing", "volume", "volume-ratio")
    return [*said(stored(array, scheme=preset(scheme)), *rules, accepted=accepted or [])]


@pytest.mark.parametrize("n", [8, 20, 100])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.998])
def test_the_interval_holds_the_next_value_as_often_as_it_says(n: int, confidence: float) -> None:
    """2000 draws of n + 1 normal values; within four standard errors."""
    rng = np.random.default_rng(n)
    values = rng.normal(3, 2, (2000, n + 1))
    inside = 0
    for row in values:
        span = expected(row[:-1].tolist(), confidence)
        assert span is not None
        inside += span[0] <= row[-1] <= span[1]
    assert inside / 2000 == pytest.approx(confidence, abs=4 * math.sqrt(confidence * (1 - confidence) / 2000))
    low, high = expected(values[0, :-1].tolist(), confidence) or (0, 0)
    theirs = stats.t(n - 1, values[0, :-1].mean(), values[0, :-1].std(ddof=1) * math.sqrt(1 + 1 / n))
    assert (low, high) == pytest.approx(theirs.interval(confidence))


def test_with_few_accepted_cases_nothing_is_expected() -> None:
    assert expected([1.0] * 7, 0.9) is None
    assert sizes(TUMOUR, of(*[0.1 * ML] * 7)) == []


def test_a_volume_unlike_accepted_ones_is_said_with_what_they_let_expect() -> None:
    near = [ML * factor for factor in (0.9, 0.95, 0.97, 1.0, 1.0, 1.03, 1.05, 1.1)]
    assert sizes(TUMOUR, of(*near)) == []
    (much,) = sizes(TUMOUR, of(*[ml / 2 for ml in near]))
    (little,) = sizes(TUMOUR, of(*[ml * 2 for ml in near]))
    low, high = map(math.exp, expected([math.log(ml / 2) for ml in near], 0.95) or (0, 0))
    assert much.sentence == (
        f"GTV: {ML:.1f} mL is unusually much: accepted cases let {low:.2f} to {high:.1f} mL expect."
    )
    assert "unusually little" in little.sentence and little.value == pytest.approx(ML)


def test_where_anything_goes_nothing_is_said() -> None:
    assert sizes(TUMOUR, of(*[100 * ML * 3.0**n for n in range(8)])) == []


def test_an_organ_that_the_scan_cuts_may_have_any_volume() -> None:
    array = ellipsoid((0, 35, 32), (20, 15, 15))
    assert sizes(array, of(*[5 * ML * (1 + n / 100) for n in range(9)])) == []


def test_a_volume_ratio_is_told_of_both_organs() -> None:
    array = np.zeros(SHAPE, int)
    array[ellipsoid((45, 15, 32), (20, 12, 15))] = 1
    array[ellipsoid((45, 50, 32), (20, 8, 15))] = 2
    ratio = (array == 1).sum() / (array == 2).sum()
    assert 1.4 < ratio < 1.6
    alike = [CaseMeasures({"Hippocampus_A": 15.0 + n * 1.5, "Hippocampus_P": 10.0 + n * 1.1}) for n in range(9)]
    assert [f.rule for f in sizes(array, alike, "hippocampus")].count("volume-ratio") == 0
    double = [CaseMeasures({"Hippocampus_A": 30.0 + n, "Hippocampus_P": 10.0 + n / 3.1}) for n in range(9)]
    (found,) = [f for f in sizes(array, double, "hippocampus") if f.rule == "volume-ratio"]
    assert found.organs == ("Hippocampus_A", "Hippocampus_P")
    assert found.sentence.startswith(
        f"Hippocampus_A is {ratio:.2f} times as large as Hippocampus_P: accepted cases let "
    )
    assert found.value == pytest.approx(ratio)


@pytest.mark.parametrize(("voxels", "spoken"), [(1, True), (16, True), (17, True), (19, True), (20, False)])
def test_an_organ_of_nearly_nothing(voxels: int, spoken: bool) -> None:
    """Voxels of 3 mm³: 0.05 mL are 16 and two thirds, and 20 voxels are the least of any."""
    array = np.zeros(SHAPE, bool)
    array[10, 20, 20 : 20 + voxels] = True
    assert [f.rule for f in sizes(array)] == ["nearly-nothing"] * spoken


def test_nearly_nothing_is_said_in_voxels_and_against_accepted_cases() -> None:
    array = np.zeros(SHAPE, bool)
    array[10, 20, 20] = True
    assert sizes(array)[0].sentence == "GTV: it is nearly nothing, 1 voxel or 0.0030 mL."
    array[10, 20, 20:22] = True
    assert sizes(array)[0].sentence == "GTV: it is nearly nothing, 2 voxels or 0.01 mL."
    array[10, 20:30, 20:30] = True
    assert sizes(array) == []
    (found, *_) = sizes(array, of(*[50.0 + n for n in range(9)]))
    assert found.rule == "nearly-nothing"


@pytest.mark.parametrize("way", WAYS)
def test_what_a_case_leaves_for_others_is_in_the_patient(way: tuple) -> None:  # type: ignore[type-arg]
    array = np.zeros(SHAPE, int)
    array[ellipsoid((60, 35, 32), (20, 12, 15))] = 1
    array[ellipsoid((0, 15, 15), (20, 9, 9))] = 2
    found = measures(stored(array, way), body_mm=(1.0, 2.0, 3.0))
    turn = np.radians(way[2])
    assert set(found.volumes_ml) == {"Bladder"} == set(found.ends)
    assert found.volumes_ml["Bladder"] == pytest.approx((array == 1).sum() * 0.003)
    right, front, head = found.middles_mm["Bladder"]
    s, r, c = (np.argwhere(array == 1).mean(axis=0)) * (3, 1, 1)
    assert right == pytest.approx(-c)
    assert front == pytest.approx(-r * math.cos(turn) - s * math.sin(turn))
    assert head == pytest.approx(-r * math.sin(turn) + s * math.cos(turn))
    assert found.body_mm == (1.0, 2.0, 3.0) and "Prostate" in found.middles_mm


@pytest.mark.parametrize(
    ("organ", "low", "high"),
    [
        ("Bladder", 20, 1200),
        ("Prostate", 10, 250),
        ("Rectum", 10, 300),
        ("Hippocampus_A", 0.5, 3.9),
        ("Hippocampus_P", 0.5, 3.3),
        ("Kidney", 50, 900),
        ("Spleen", 40, 1500),
        ("Femur_Head_L", 20, 120),
        ("Femur_Head_R", 20, 120),
    ],
)
def test_what_is_usual_in_adults_is_usual_up_to_its_limits(organ: str, low: float, high: float) -> None:
    usual = USUAL[organ]
    assert [unusual(ml, False, usual) for ml in (low, high)] == [None, None]
    little, much = unusual(0.999 * low, False, usual), unusual(1.001 * high, False, usual)
    assert little is not None and much is not None
    assert "implausibly little" in little and "implausibly much" in much
    assert f"{low:g} to {high:g} mL are usual" in little and f"{low:g} to {high:g} mL are usual" in much
    assert unusual(0.999 * low, True, usual) is None, "the scan cuts it"


def test_the_axis_and_the_body_of_a_case_are_named() -> None:
    with pytest.raises(TypeError, match="positional"):
        measures(stored(TUMOUR, scheme=SARCOMA), 1)  # type: ignore[misc]
