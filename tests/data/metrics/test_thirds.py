"""Thirds of an organ: cut along the patient however the scan is stored, and with no surface where they are cut."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.distance import cdist

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.metrics import evaluate, every, names
from napari_boundaryseg.data.metrics.surface import AT_TOLERANCES
from napari_boundaryseg.data.metrics.thirds import evaluate_thirds, third_names, third_of
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError

SHAPE = (16, 18, 22)


def label_map(array: np.ndarray, affine: np.ndarray | None = None, scheme: str = "prostate") -> LabelMap:
    return LabelMap(
        array.astype(np.uint8), Geometry(array.shape, np.eye(4) if affine is None else affine), preset(scheme)
    )


def pear(seed: int = 0) -> np.ndarray:
    """Wider towards the head, so that no third is another."""
    i, j, k = np.indices(SHAPE)
    rng = np.random.default_rng(seed)
    wobble = ndimage.gaussian_filter(rng.normal(size=SHAPE), 2)
    return ((i - 8) ** 2 + (j - 9) ** 2 < (1 + 0.3 * k) ** 2 + 8 * wobble) & (k >= 3) & (k < 20)


def tilted(degrees: float, spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> np.ndarray:
    """An affine that is turned about the patient's left-right axis."""
    turn, affine = np.radians(degrees), np.eye(4)
    affine[1:3, 1:3] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    affine[:3, :3] = affine[:3, :3] * spacing_mm
    affine[:3, 3] = 11, -7, 5
    return affine


def test_nine_slices_are_three_times_three_and_ten_leave_one_more_to_the_middle() -> None:
    for n, wanted in ((9, [3, 3, 3]), (10, [3, 4, 3]), (11, [4, 3, 4]), (1, [0, 1, 0]), (2, [1, 0, 1])):
        found = third_of(np.ones((2, 2, n), bool), np.diag([1, 1, 3.0, 1]))[0, 0]
        assert np.bincount(found, minlength=3).tolist() == wanted
        assert list(found) == sorted(found)


def test_the_extent_is_the_organs_not_the_arrays_and_outer_thirds_have_no_end() -> None:
    mask = np.zeros((3, 3, 20), bool)
    mask[1, 1, 5:14] = True
    found = third_of(mask, np.eye(4))[0, 0]
    assert found.tolist() == [0] * 8 + [1] * 3 + [2] * 9
    box = (slice(1, 2), slice(1, 2), slice(5, 14))
    assert third_of(mask[box], np.eye(4), box)[0, 0].tolist() == [0] * 3 + [1] * 3 + [2] * 3


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", list(itertools.product((1, -1), repeat=3)))
def test_thirds_are_the_same_however_the_scan_is_stored(order: tuple[int, ...], flips: tuple[int, ...]) -> None:
    base = np.diag([0.9, 1.1, 1.6, 1.0])
    truth, found = pear(1), np.roll(pear(2), 1, axis=1)
    wanted = evaluate_thirds(label_map(found, base), label_map(truth, base), 1.0)["Prostate"]
    affine = np.eye(4)
    for new, old in enumerate(order):
        affine[:3, new] = base[:3, old] * flips[old]
    affine[:3, 3] = [(SHAPE[old] - 1) * base[old, old] if flips[old] < 0 else 0 for old in range(3)]
    stored = [np.flip(m, [axis for axis in range(3) if flips[axis] < 0]).transpose(order) for m in (found, truth)]
    turned = evaluate_thirds(*(label_map(m, affine) for m in stored), 1.0)["Prostate"]
    assert list(turned) == ["apex", "middle", "base"]
    for third, row in wanted.items():
        assert turned[third] == pytest.approx(row)


def slowly(prediction: np.ndarray, reference: np.ndarray, affine: np.ndarray, tolerance_mm: float) -> list[dict]:
    """Each third by the heights of the voxels' eight corners and all pairs of surface voxels, in patient mm."""
    points = [np.argwhere(m) for m in (prediction, reference)]
    corners = [p + np.array(c) for p in points[1] for c in itertools.product((-0.5, 0.5), repeat=3)]
    heights = (np.array(corners) @ affine[:3, :3].T + affine[:3, 3])[:, 2]
    cuts = np.linspace(heights.min(), heights.max(), 4)
    surfaces = [
        np.argwhere(m & ~ndimage.binary_erosion(m, border_value=1)) @ affine[:3, :3].T + affine[:3, 3]
        for m in (prediction, reference)
    ]
    pairs = cdist(*surfaces)
    rows = []
    for n in range(3):
        low, high = [-np.inf, *cuts[1:3]][n], [*cuts[1:3], np.inf][n]
        there, back = (
            d[(s[:, 2] > low) & (s[:, 2] <= high)]
            for d, s in ((pairs.min(1), surfaces[0]), (pairs.min(0), surfaces[1]))
        )
        inside = [{tuple(p) for p in q if low < (affine[:3, :3] @ p + affine[:3, 3])[2] <= high} for q in points]
        both = np.concatenate([there, back])
        rows.append(
            {
                "dsc": 2 * len(inside[0] & inside[1]) / (len(inside[0]) + len(inside[1])),
                "asd_mm": both.mean(),
                "hd_mm": both.max(),
                "hd95_mm": max(np.percentile(there, 95), np.percentile(back, 95)),
                "surface_dice": (both <= tolerance_mm).mean(),
                "surface_dice_2mm": (both <= 2).mean(),
                "reference_ml": len(inside[1]) * abs(np.linalg.det(affine[:3, :3])) / 1000,
            }
        )
    return rows


@pytest.mark.parametrize("degrees", [0.0, 17.0, 38.0, 80.0, 163.0])
def test_each_third_is_what_all_pairs_of_points_in_the_patient_give(degrees: float) -> None:
    affine = tilted(degrees, (0.9, 1.2, 1.7))
    truth, found = pear(1), np.roll(pear(2), 1, axis=0)
    rows = evaluate_thirds(label_map(found, affine), label_map(truth, affine), 1.3, AT_TOLERANCES)["Prostate"]
    for row, wanted in zip(rows.values(), slowly(found, truth, affine, 1.3), strict=True):
        for name, value in wanted.items():
            assert row[name] == pytest.approx(value, abs=1e-9), name


def test_parts_make_up_the_whole() -> None:
    affine = tilted(25.0)
    found, truth = label_map(np.roll(pear(3), 1, axis=2), affine), label_map(pear(1), affine)
    whole = evaluate(found, truth, 0.9)["Prostate"]
    parts = evaluate_thirds(found, truth, 0.9)["Prostate"].values()
    for name in ("volume_ml", "reference_ml", "apl_mm"):
        assert sum(part[name] for part in parts) == pytest.approx(whole[name])
    assert max(part["hd_mm"] for part in parts) == whole["hd_mm"]


def test_a_cut_is_no_surface_and_no_contour() -> None:
    """In coronal slices a cut across the patient runs through every contour."""
    truth = pear(1)
    lying = np.array(
        [[1, 0, 0, 0], [0, 0, 3, 0], [0, 1, 0, 0], [0, 0, 0, 1.0]]
    )  # the last axis to the front, 3 mm slices
    same = label_map(truth.transpose(0, 2, 1), lying)
    for row in evaluate_thirds(same, same, 0.0)["Prostate"].values():
        assert (row["dsc"], row["hd_mm"], row["surface_dice"], row["apl_mm"]) == (1, 0, 1, 0)
    nothing = label_map(np.zeros_like(same.array), lying)
    whole = evaluate(nothing, same, 0.0)["Prostate"]["apl_mm"]
    assert sum(row["apl_mm"] for row in evaluate_thirds(nothing, same, 0.0)["Prostate"].values()) == whole


def test_a_prediction_that_does_not_reach_a_third_has_distances_there() -> None:
    truth = np.zeros((8, 8, 14), bool)
    truth[2:6, 2:6, 1:13] = True
    short = truth & (np.arange(14) < 8)
    rows = evaluate_thirds(label_map(short), label_map(truth), 1.0)["Prostate"]
    assert (rows["base"]["dsc"], rows["base"]["hd_mm"], rows["base"]["missing"]) == (0, 5, False)
    assert rows["base"]["hd95_mm"] == 5
    assert rows["base"]["volume_ml"] == 0
    assert rows["apex"]["dsc"] == 1
    assert [row["surface_dice"] for row in rows.values()] == [1, 1, 0], "the last slice of the middle is 1 mm off"
    rows = evaluate_thirds(label_map(short), label_map(truth), 0.9)["Prostate"]
    assert 0 == rows["base"]["surface_dice"] < rows["middle"]["surface_dice"] < rows["apex"]["surface_dice"] == 1


def test_what_is_missing_altogether_is_said_of_each_third() -> None:
    nothing = label_map(np.zeros(SHAPE))
    for row in evaluate_thirds(nothing, label_map(pear()))["Prostate"].values():
        assert (row["missing"], row["in_reference"], row["dsc"], row["surface_dice"]) == (True, True, 0, 0)
        assert math.isnan(row["asd_mm"])
    assert evaluate_thirds(label_map(pear()), nothing) == {}


def test_a_third_without_any_of_the_organ_is_left_out() -> None:
    """Two pieces far apart have no middle."""
    pieces = np.zeros((6, 6, 30), bool)
    pieces[2:4, 2:4, 1:5] = pieces[2:4, 2:4, 25:29] = True
    found = pieces.copy()
    found[2:4, 2:4, 14] = True
    rows = evaluate_thirds(label_map(found), label_map(pieces))["Prostate"]
    assert list(rows) == ["apex", "base"]
    assert [row["dsc"] for row in rows.values()] == [1, 1]


def test_a_third_without_a_surface_has_no_distance_and_agrees_where_it_is_the_same() -> None:
    """An organ that fills the scan across has a surface at its ends only."""
    truth = np.zeros((4, 4, 20), bool)
    truth[..., 2:17] = True
    found = truth & (np.arange(20) < 16)
    rows = evaluate_thirds(label_map(found), label_map(truth), 0.5)["Prostate"]
    assert [row["surface_dice"] for row in rows.values()] == [1, 1, 0]
    assert math.isnan(rows["middle"]["hd_mm"])
    assert math.isnan(rows["middle"]["asd_mm"])
    assert [rows[third]["hd_mm"] for third in ("apex", "base")] == [0, 1]


def test_metrics_that_mean_nothing_of_a_part_are_left_out() -> None:
    asked = [one.name for one in every() if one.on_request]
    row = evaluate_thirds(label_map(pear()), label_map(pear()), also=asked)["Prostate"]["apex"]
    assert set(row) == {*names(), *AT_TOLERANCES, "tolerance_mm", "missing", "in_reference"} | (
        {one.name for one in every() if one.of_parts} & set(asked)
    )
    assert {"border_dsc", "slice_dsc", "slice_hd_mm", "mean_iou"}.isdisjoint(row)
    assert set(asked) < set(evaluate(label_map(pear()), label_map(pear()), also=asked)["Prostate"])


def test_only_of_the_prostate_and_its_zones_people_say_apex_and_base() -> None:
    assert third_names("Prostate_PZ") == third_names("Prostate") == ("apex", "middle", "base")
    assert third_names("Prostatic") == third_names("Label 1") == ("inferior third", "middle third", "superior third")


def test_tolerances_are_the_organs_own_and_other_grids_are_refused() -> None:
    both = label_map(pear(), scheme="hippocampus")
    assert {row["tolerance_mm"] for row in evaluate_thirds(both, both)["Hippocampus_A"].values()} == {0.5}
    with pytest.raises(InputError, match="reference's grid"):
        evaluate_thirds(label_map(pear()), label_map(pear(), np.diag([1, 1, 2.0, 1])))
