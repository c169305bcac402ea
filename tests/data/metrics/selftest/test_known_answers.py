"""The check set: its figures counted again from integers, met by the metrics, noticed when a metric is broken."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, replace
from itertools import product

import numpy as np
import pytest

from napari_boundaryseg.data.metrics import label_maps, metric, structure_pair
from napari_boundaryseg.data.metrics.metric import metrics
from napari_boundaryseg.data.metrics.selftest import check, solids
from napari_boundaryseg.data.metrics.selftest.known_answer import KnownAnswer
from napari_boundaryseg.data.metrics.surface import AT_TOLERANCES

ANSWERS = check.known_answers()
OWN = [one.name for one in metrics(AT_TOLERANCES) if one.compute.__module__.startswith("napari_boundaryseg.")]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.name)
def test_every_metric_is_as_it_is_known(answer: KnownAnswer) -> None:
    found = list(check.check([answer]))
    assert [f"{one.metric.name} {one.value} {one.expected}" for one in found if not one.right] == []
    for organ in answer.expected:
        assert {one.metric.name for one in found if one.organ == organ} == set(OWN)


def test_the_shapes_are_those_that_were_asked_for() -> None:
    assert len({answer.name for answer in ANSWERS}) == len(ANSWERS) == 13
    told = " ".join(answer.name for answer in ANSWERS)
    for word in ("sphere", "shell", "one voxel", "long voxels", "both empty", "empty prediction", "empty reference"):
        assert word in told
    for word in ("border of the scan", "two organs that touch", "single voxel", "planes 2.8 mm apart", "island"):
        assert word in told


def neighbours(p: tuple[int, ...], axes: tuple[int, ...] = (0, 1, 2)) -> list[tuple[int, ...]]:
    return [tuple(c + d * (n == axis) for n, c in enumerate(p)) for axis in axes for d in (-1, 1)]


def slowly(answer: KnownAnswer, organ: int) -> dict[str, float]:
    """Everything from sets of voxels, pair by pair: no array, no tree, no distance transform."""
    shape = answer.reference.shape
    within = set(product(*map(range, shape)))
    a, b = ({p for p in within if labels[p] == organ} for labels in (answer.prediction, answer.reference))

    def edge(mask: set, axes: tuple[int, ...] = (0, 1, 2)) -> list:
        return [p for p in mask if any(q in within and q not in mask for q in neighbours(p, axes))]

    def apart(start: list, end: list, axes: tuple[int, ...] = (0, 1, 2)) -> list[float]:
        steps = answer.spacing_mm
        return sorted(
            min(
                (math.dist([p[n] * steps[n] for n in axes], [q[n] * steps[n] for n in axes]) for q in end),
                default=math.inf,
            )
            for p in start
        )

    def rank95(found: list[float]) -> float:
        place = 0.95 * (len(found) - 1)
        low = int(place)
        return found[low] + (place - low) * (found[min(low + 1, len(found) - 1)] - found[low])

    there, back = apart(edge(a), edge(b)), apart(edge(b), edge(a))
    off = 0
    for k in range(shape[2]):
        drawn, wanted = ([p for p in edge(mask, (0, 1)) if p[2] == k] for mask in (a, b))
        off += sum(mm > answer.tolerance_mm for mm in apart(wanted, drawn, (0, 1)))
    near = {mm: sum(d <= mm + 1e-9 for d in there + back) / len(there + back) for mm in (answer.tolerance_mm, 1, 2, 3)}
    ml = math.prod(answer.spacing_mm) / 1000
    return {
        "dsc": 2 * len(a & b) / (len(a) + len(b)),
        "jaccard": len(a & b) / len(a | b),
        "asd_mm": (sum(there) + sum(back)) / len(there + back),
        "hd_mm": max(there + back),
        "hd95_mm": max(rank95(there), rank95(back)),
        "surface_dice": near[answer.tolerance_mm],
        **{f"surface_dice_{mm}mm": near[mm] for mm in (1, 2, 3)},
        "apl_mm": off * (answer.spacing_mm[0] + answer.spacing_mm[1]) / 2,
        "volume_ml": len(a) * ml,
        "reference_ml": len(b) * ml,
    }


@pytest.mark.parametrize("answer", [one for one in ANSWERS if "empty" not in one.name], ids=lambda answer: answer.name)
def test_the_known_answers_are_what_sets_of_voxels_give(answer: KnownAnswer) -> None:
    for organ, expected in answer.expected.items():
        assert expected == pytest.approx(slowly(answer, organ), abs=1e-12)


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("wrong_by", [1.0 + 1e-6, math.nan])
def test_a_broken_metric_is_noticed(monkeypatch: pytest.MonkeyPatch, name: str, wrong_by: float) -> None:
    right = metric._registry[name]
    monkeypatch.setitem(
        metric._registry._entries, name, replace(right, compute=lambda pair: right.compute(pair) * wrong_by)
    )
    assert {one.metric.name for one in check.check() if not one.right} == {name}


def forgets_the_spacing(a: np.ndarray, b: np.ndarray, spacing_mm: object) -> tuple[np.ndarray, np.ndarray]:
    return original(a, b, (1.0, 1.0, 1.0))


def sees_a_surface_at_the_end_of_the_scan(a: np.ndarray, b: np.ndarray, spacing_mm: object) -> tuple:
    return original(np.pad(a, 1), np.pad(b, 1), spacing_mm)


original = structure_pair.surface_distances


@pytest.mark.parametrize(
    ("broken", "where"),
    [
        (forgets_the_spacing, "long voxels"),
        (sees_a_surface_at_the_end_of_the_scan, "border of the scan"),
    ],
)
def test_faults_that_libraries_differ_in_are_noticed(monkeypatch: pytest.MonkeyPatch, broken, where: str) -> None:
    monkeypatch.setattr(structure_pair, "surface_distances", broken)
    assert any(where in one.answer.name for one in check.check() if not one.right)


def test_the_other_percentile_and_the_pooled_one_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def pooled(pair: structure_pair.StructurePair) -> float:
        return float(np.percentile(np.concatenate(pair.distances_mm), 95)) if pair.has_distances else math.nan

    right = metric._registry["hd95_mm"]
    monkeypatch.setitem(metric._registry._entries, "hd95_mm", replace(right, compute=pooled))
    assert "island" in " ".join(one.answer.name for one in check.check() if not one.right)


def test_a_structure_of_neither_map_has_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `evaluate` leaves out stands in the table of metrics."""
    (both_empty,) = [answer for answer in ANSWERS if answer.name == "both empty"]
    assert check._measured(both_empty) == {}
    right = metric._registry["dsc"]
    monkeypatch.setitem(metric._registry._entries, "dsc", replace(right, absent=0.0))
    assert [one.metric.name for one in check.check([both_empty]) if not one.right] == ["dsc"]


def test_none_equals_none_only() -> None:
    made = check.Checked(ANSWERS[0], 1, metrics()[0], math.nan, math.nan)
    assert made.right
    assert not replace(made, value=0.0).right
    assert not replace(made, expected=0.0).right
    assert not replace(made, value=1.0, expected=1.0 + 2e-9).right
    assert replace(made, value=1.0, expected=1.0 + 1e-10).right
    assert replace(made, value=0.001, expected=0.001 + 9e-10).right
    assert replace(made, value=1000.0, expected=1000.0 + 1e-7).right
    assert not replace(made, value=math.inf, expected=1.0).right
    with pytest.raises(FrozenInstanceError):
        made.value = 1.0  # type: ignore[misc]


def test_evaluate_is_what_is_checked() -> None:
    """The check runs through the same function as scores of patients do."""
    assert check.evaluate is label_maps.evaluate
    assert solids.CUBE.sum() == 1000
