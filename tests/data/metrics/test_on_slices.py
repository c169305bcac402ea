"""Metrics on the slices that were looked at, against slow loops over the points of contours."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from napari_boundaryseg.data.labels import LabelScheme, Organ, Region
from napari_boundaryseg.data.metrics import evaluate, evaluate_on
from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError

SPACING = (0.7, 1.3, 3.0)
SCHEME = LabelScheme(
    name="two",
    organs=(
        Organ(id=1, name="One", colour="#E69F00", tolerance_mm=1.0),
        Organ(id=4, name="Four", colour="#0072B2", tolerance_mm=2.0),
    ),
    regions=(Region(name="Both", members=(1, 4), colour="#009E73", tolerance_mm=1.5),),
)


def blob(seed: int, shape: tuple[int, int, int] = (18, 16, 9)) -> LabelMap:
    """Two organs with ragged borders that touch."""
    rng = np.random.default_rng(seed)
    i, j, k = np.indices(shape)
    noise = rng.normal(0, 0.4, shape)
    there = ((i - 9) / 6) ** 2 + ((j - 8) / 5) ** 2 + ((k - 4) / 4) ** 2 + noise < 1
    return LabelMap(np.where(there, np.where(i < 9, 1, 4), 0), Geometry(shape, np.diag([*SPACING, 1])), SCHEME, "blob")


def contour(plane: np.ndarray) -> np.ndarray:
    """The pixels that touch another by a side, one by one."""
    found = []
    for at in np.argwhere(plane):
        for step in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            beside = tuple(at + step)
            if all(0 <= one < n for one, n in zip(beside, plane.shape, strict=True)) and not plane[beside]:
                found.append(at)
                break
    return np.array(found, float).reshape(-1, 2)


def by_hand(a: np.ndarray, b: np.ndarray, axis: int, slices: tuple[int, ...], tolerance: float) -> dict[str, float]:
    steps = [mm for one, mm in enumerate(SPACING) if one != axis]
    both = total = 0
    there: list[float] = []
    back: list[float] = []
    for n in slices:
        one, two = np.take(a, n, axis), np.take(b, n, axis)
        both, total = both + int((one & two).sum()), total + int(one.sum() + two.sum())
        lines = [contour(plane) * steps for plane in (one, two)]
        for found, (start, end) in zip((there, back), (lines, lines[::-1]), strict=True):
            found += list(cdist(start, end).min(1)) if len(start) and len(end) else [math.inf] * len(start)
    near = sum(mm <= tolerance + 1e-4 for mm in (*there, *back))
    whole = math.inf not in (*there, *back)
    return {
        "dsc": 2 * both / total,
        "surface_dice": near / (len(there) + len(back)),
        "hd_mm": max(*there, *back) if whole else math.nan,
        "asd_mm": float(np.mean([*there, *back])) if whole else math.nan,
        "hd95_mm": max(np.percentile(there, 95), np.percentile(back, 95)) if whole else math.nan,
        "apl_mm": sum(mm > tolerance + 1e-4 for mm in back) * sum(steps) / 2,
    }


@pytest.mark.parametrize(("axis", "slices"), [(0, (8, 4, 6)), (1, (8, 9)), (2, (2, 3, 6)), (2, (4,))])
def test_every_metric_is_that_of_a_loop_over_the_slices(axis: int, slices: tuple[int, ...]) -> None:
    found, truth = blob(1), blob(2)
    rows = evaluate_on(found, truth, LookedAt(axis=axis, slices={1: slices, 4: slices}))
    for name, members, tolerance in (("One", [1], 1.0), ("Four", [4], 2.0), ("Both", [1, 4], 1.5)):
        masks = (np.isin(one.array, members) for one in (found, truth))
        if name not in rows:
            assert not any(np.take(mask, slices, axis).any() for mask in masks)
            continue
        for metric, value in by_hand(*masks, axis, slices, tolerance).items():
            assert rows[name][metric] == pytest.approx(value, abs=1e-9, nan_ok=True), (name, metric)
    assert rows


def test_what_lies_on_other_slices_changes_nothing() -> None:
    found, truth = blob(1), blob(2)
    looked = LookedAt(axis=2, slices={1: (2, 5), 4: (5,)})
    rows = evaluate_on(found, truth, looked)
    rng = np.random.default_rng(0)
    others = []
    for labels in (found, truth):
        array = labels.array.copy()
        for n in set(range(9)) - {2, 5}:
            array[:, :, n] = rng.choice([0, 1, 4], array.shape[:2])
        array[:, :, 2][array[:, :, 2] == 4] = 0
        others.append(replace(labels, array=array))
    again = evaluate_on(*others, looked)
    for name in ("One", "Four", "Both"):
        assert {key: again[name][key] for key in again[name]} == pytest.approx(rows[name], nan_ok=True)


def test_an_organ_counts_on_its_own_slices_and_a_region_where_all_of_it_is_known() -> None:
    found, truth = blob(1), blob(2)
    rows = evaluate_on(found, truth, LookedAt(axis=2, slices={1: None, 4: ()}))
    assert list(rows) == ["One"]
    assert rows["One"]["dsc"] == pytest.approx(evaluate(found, truth)["One"]["dsc"])
    assert rows["One"]["volume_ml"] == pytest.approx(evaluate(found, truth)["One"]["volume_ml"])


def test_an_organ_that_one_of_the_two_lacks_on_a_slice_has_no_distance() -> None:
    truth = blob(2)
    array = truth.array.copy()
    array[:, :, 4] = 0
    found = replace(truth, array=array)
    row = evaluate_on(found, truth, LookedAt(axis=2, slices={1: (3, 4)}))["One"]
    assert math.isnan(row["hd_mm"])
    assert math.isnan(row["asd_mm"])
    assert 0 < row["surface_dice"] < 1
    assert not row["missing"]
    gone = evaluate_on(found, truth, LookedAt(axis=2, slices={1: (4,)}))["One"]
    assert gone["missing"]
    assert (gone["dsc"], gone["surface_dice"]) == (0.0, 0.0)
    back = evaluate_on(truth, found, LookedAt(axis=2, slices={1: (4,)}))["One"]
    assert not back["in_reference"]


def test_slices_that_are_far_from_the_organ_say_nothing() -> None:
    assert evaluate_on(blob(1), blob(2), LookedAt(axis=0, slices={1: (0,)})) == {}
    with pytest.raises(InputError, match="does not have"):
        evaluate_on(blob(1), blob(2), LookedAt(axis=2, slices={1: (9,)}))
