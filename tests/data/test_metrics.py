"""Metrics: the numbers by hand, missing structures, and MONAI."""

import math

import numpy as np
import pytest

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.metrics import compare_masks, evaluate
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError

A = np.zeros((24, 24, 24), bool)
A[6:16, 6:16, 6:16] = True
SMALL = np.zeros_like(A)
SMALL[7:15, 7:15, 7:15] = True
SPECK = A.copy()
SPECK[22, 22, 22] = True
KEYS = ("dsc", "jaccard", "asd_mm", "hd_mm", "hd95_mm")


@pytest.mark.parametrize(("b", "spacing", "expected"), [
    (np.roll(A, 2, 0), (1, 1, 1), (0.8, 0.666667, 0.688525, 2, 2)),
    (np.roll(A, 2, 0), (3, 1, 1), (0.8, 0.666667, 1.696721, 6, 6)),
    (SMALL, (1, 1, 1), (0.677249, 0.512, 1.058190, 1.732051, 1.414214)),
    (SMALL, (3, 1, 1), (0.677249, 0.512, 1.676242, 3.316625, 3.162278)),
    (SPECK, (1, 1, 1), (0.9995, 0.999001, 0.012410, 12.124356, 0)),
    (A, (3, 1, 0.5), (1, 1, 0, 0, 0)),
])
def test_by_hand(b, spacing, expected):
    row = compare_masks(b, A, spacing)
    for key, value in zip(KEYS, expected, strict=True):
        assert row[key] == pytest.approx(value, abs=1e-6), key


def brute_surface_dice(a, b, spacing, tolerance):
    from napari_boundaryseg.data.boundaries import inner_boundary

    one, two = (np.argwhere(inner_boundary(m)) * np.asarray(spacing, float) for m in (a, b))
    d = np.linalg.norm(one[:, None] - two[None], axis=2)
    return ((d.min(1) <= tolerance).sum() + (d.min(0) <= tolerance).sum()) / (len(one) + len(two))


def test_surface_dice_equals_brute_force():
    rng = np.random.default_rng(0)
    a, b = np.zeros((12, 12, 12), bool), np.zeros((12, 12, 12), bool)
    a[3:9, 3:9, 2:9] = True
    b[2:9, 4:9, 3:10] = rng.random((7, 5, 7)) > 0.1
    for tolerance in (0.5, 1.0, 2.0):
        assert compare_masks(a, b, (2, 1, 1), tolerance)["surface_dice"] == pytest.approx(
            brute_surface_dice(a, b, (2, 1, 1), tolerance))


def test_distances_equal_monai():
    metrics = pytest.importorskip("monai.metrics")
    import torch

    one, two = (torch.from_numpy(m)[None, None] for m in (SMALL, A))
    row = compare_masks(SMALL, A, (1, 1, 1))
    ours = metrics.compute_average_surface_distance(one, two, include_background=True, symmetric=True)
    assert row["asd_mm"] == pytest.approx(float(ours), abs=1e-5)
    assert row["hd95_mm"] == pytest.approx(
        float(metrics.compute_hausdorff_distance(one, two, include_background=True, percentile=95)), abs=1e-5)


def test_added_path_is_the_contour_that_must_be_drawn_anew():
    assert compare_masks(A, A, (1, 1, 1), 0.0)["apl_mm"] == 0
    lost = A.copy()
    lost[..., 8:] = False
    assert compare_masks(lost, A, (1, 1, 2), 0.0)["apl_mm"] == 8 * 36
    assert compare_masks(np.zeros_like(A), A, (0.5, 0.5, 2), 0.0)["apl_mm"] == 10 * 36 * 0.5


def label_map(array, affine=None, scheme="pelvis-mr"):
    return LabelMap(array, Geometry(array.shape, np.eye(4) if affine is None else affine), preset(scheme))


def test_a_missing_structure_is_reported_and_has_no_distance():
    reference = np.zeros((8, 8, 8), np.uint8)
    reference[2:4, 2:4, 2:4], reference[5:7, 5:7, 5:7] = 1, 2
    found = np.where(reference == 1, 1, 0).astype(np.uint8)
    scores = evaluate(label_map(found), label_map(reference))
    assert set(scores) == {"Bladder", "Prostate"}
    assert scores["Bladder"]["dsc"] == 1
    missing = scores["Prostate"]
    assert missing["missing"] is True
    assert missing["dsc"] == missing["surface_dice"] == 0
    assert math.isnan(missing["asd_mm"])
    assert missing["reference_ml"] == pytest.approx(0.008)


def test_regions_are_scored_too_and_tolerances_are_the_structures_own():
    array = np.zeros((8, 8, 8), np.uint8)
    array[2:4], array[4], array[5] = 1, 2, 4
    scores = evaluate(label_map(array, scheme="brats-2022"), label_map(array, scheme="brats-2022"))
    assert set(scores) == {"NCR", "ED", "ET", "WT", "TC"}
    hippocampus = label_map((array == 1).astype(np.uint8), scheme="hippocampus")
    assert evaluate(hippocampus, hippocampus)["Hippocampus_A"]["tolerance_mm"] == 0.5


def test_other_grids_are_refused():
    array = np.ones((4, 4, 4), np.uint8)
    with pytest.raises(InputError, match="reference's grid"):
        evaluate(label_map(array), label_map(array, np.diag([1, 1, 2.0, 1])))
