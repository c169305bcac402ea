"""Metrics: the numbers by hand, missing structures, and MONAI."""

import math

import numpy as np
import pytest
from scipy import ndimage

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.metrics import compare_masks, evaluate, surface_distances
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError

A = np.zeros((24, 24, 24), bool)
A[6:16, 6:16, 6:16] = True
SMALL = np.zeros_like(A)
SMALL[7:15, 7:15, 7:15] = True
SPECK = A.copy()
SPECK[22, 22, 22] = True
KEYS = ("dsc", "jaccard", "asd_mm", "hd_mm", "hd95_mm")


@pytest.mark.parametrize(
    ("b", "spacing", "expected"),
    [
        (np.roll(A, 2, 0), (1, 1, 1), (0.8, 0.666667, 0.688525, 2, 2)),
        (np.roll(A, 2, 0), (3, 1, 1), (0.8, 0.666667, 1.696721, 6, 6)),
        (SMALL, (1, 1, 1), (0.677249, 0.512, 1.058190, 1.732051, 1.414214)),
        (SMALL, (3, 1, 1), (0.677249, 0.512, 1.676242, 3.316625, 3.162278)),
        (SPECK, (1, 1, 1), (0.9995, 0.999001, 0.012410, 12.124356, 0)),
        (A, (1, 1, 1), (1, 1, 0, 0, 0)),
        (A, (3, 1, 0.5), (1, 1, 0, 0, 0)),
        (A, (0.01, 70, 2.2), (1, 1, 0, 0, 0)),
    ],
)
def test_by_hand(b, spacing, expected):
    row = compare_masks(b, A, spacing)
    for key, value in zip(KEYS, expected, strict=True):
        assert row[key] == pytest.approx(value, abs=1e-6), key


def test_surface_voxels_and_why_not_the_mean_of_the_two_directed_means():
    there, back = surface_distances(SMALL, A, (1, 1, 1))
    assert (len(there), len(back)) == (296, 488)
    assert (there.mean() + back.mean()) / 2 == pytest.approx(1.046743, abs=1e-6)
    assert (there.sum() + back.sum()) / (296 + 488) == pytest.approx(1.058190, abs=1e-6)


@pytest.mark.parametrize("b", [np.roll(A, 2, 0), SMALL, SPECK, A], ids=["rolled", "smaller", "speck", "same"])
@pytest.mark.filterwarnings("ignore")
def test_monai_agrees_by_hand(b):
    metrics = pytest.importorskip("monai.metrics")
    import torch

    row = compare_masks(b, A, (1, 1, 1))
    one, two = (torch.from_numpy(m)[None, None] for m in (b, A))
    theirs = {
        "dsc": metrics.compute_dice(one, two),
        "jaccard": metrics.compute_iou(one, two),
        "asd_mm": metrics.compute_average_surface_distance(one, two, include_background=True, symmetric=True),
        "hd_mm": metrics.compute_hausdorff_distance(one, two, include_background=True),
        "hd95_mm": metrics.compute_hausdorff_distance(one, two, include_background=True, percentile=95),
    }
    for key in KEYS:
        assert row[key] == pytest.approx(float(theirs[key]), abs=1e-5), key


def blobs(seed):
    """Two random shapes that overlap in part, away from the array's border, and a spacing."""
    rng = np.random.default_rng(seed)
    a, b = np.zeros((14, 13, 12), bool), np.zeros((14, 13, 12), bool)
    a[2:9, 3:9, 2:9] = rng.random((7, 6, 7)) > 0.2
    b[4:12, 4:10, 3:10] = rng.random((8, 6, 7)) > 0.1
    return a, b, tuple(rng.uniform(0.4, 3.0, 3))


def brute_force(a, b, spacing, tolerance):
    """Every distance between every pair of surface voxels."""
    one, two = (np.argwhere(surface(m)) * np.asarray(spacing, float) for m in (a, b))
    pairs = np.linalg.norm(one[:, None] - two[None], axis=2)
    there, back = pairs.min(1), pairs.min(0)
    return {
        "asd_mm": (there.sum() + back.sum()) / (len(there) + len(back)),
        "hd_mm": max(there.max(), back.max()),
        "hd95_mm": max(np.percentile(there, 95), np.percentile(back, 95)),
        "surface_dice": ((there <= tolerance).sum() + (back <= tolerance).sum()) / (len(there) + len(back)),
        "apl_mm": brute_force_path(a, b, spacing, tolerance),
    }


def surface(mask):
    return mask & ~ndimage.binary_erosion(mask, border_value=1)


def brute_force_path(a, b, spacing, tolerance):
    count = 0
    for k in range(a.shape[2]):
        drawn, wanted = (np.argwhere(surface(m[..., k])) * np.asarray(spacing[:2]) for m in (a, b))
        near = [len(drawn) and np.linalg.norm(drawn - point, axis=1).min() <= tolerance for point in wanted]
        count += len(wanted) - sum(near)
    return count * (spacing[0] + spacing[1]) / 2


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("tolerance", [0.0, 0.9, 2.0])
def test_everything_equals_brute_force(seed, tolerance):
    a, b, spacing = blobs(seed)
    row = compare_masks(a, b, spacing, tolerance)
    for key, value in brute_force(a, b, spacing, tolerance).items():
        assert row[key] == pytest.approx(value, abs=1e-9), key


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.filterwarnings("ignore")
def test_distances_equal_monai(seed):
    metrics = pytest.importorskip("monai.metrics")
    import torch

    a, b, spacing = blobs(seed)
    one, two = (torch.from_numpy(m)[None, None] for m in (a, b))
    for step in ((1.0, 1.0, 1.0), spacing):
        row, kw = compare_masks(a, b, step, 1.1), {"include_background": True, "spacing": step}
        asd = metrics.compute_average_surface_distance(one, two, symmetric=True, **kw)
        assert row["asd_mm"] == pytest.approx(float(asd), abs=1e-4)
        for key, percentile in (("hd_mm", None), ("hd95_mm", 95)):
            theirs = metrics.compute_hausdorff_distance(one, two, percentile=percentile, **kw)
            assert row[key] == pytest.approx(float(theirs), abs=1e-4)
        near = metrics.compute_surface_dice(one, two, class_thresholds=[1.1], **kw)
        assert row["surface_dice"] == pytest.approx(float(near), abs=1e-6)


def test_a_distance_equal_to_the_tolerance_counts_on_oblique_grids_too():
    turn = np.radians(17.3)
    affine = np.eye(4)
    affine[:2, :2] = 0.7 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    found = label_map(np.roll(A, 1, 0).astype(np.uint8), affine.astype(np.float32))
    scores = evaluate(found, label_map(A.astype(np.uint8), affine.astype(np.float32)), tolerance_mm=0.7)["Bladder"]
    assert scores["surface_dice"] == 1
    assert scores["apl_mm"] == 0


def test_a_mask_that_fills_the_scan_has_no_surface():
    row = compare_masks(np.ones_like(A), A, (1, 1, 1))
    assert row["missing"] is False
    assert row["dsc"] == pytest.approx(2 * 1000 / (1000 + 24**3))
    assert math.isnan(row["hd_mm"])


def test_the_scans_border_is_no_surface():
    """An organ cut by the field of view, found one voxel too thick: both lie open at the border."""
    a, b = np.zeros((10, 10, 10), bool), np.zeros((10, 10, 10), bool)
    a[:5], b[:4] = True, True
    row = compare_masks(a, b, (1, 1, 1), 0.5)
    assert (row["asd_mm"], row["hd_mm"], row["surface_dice"]) == (1, 1, 0)


def test_real_shapes_equal_brute_force(shared_data):
    from napari_boundaryseg.data.formats import read_labels

    path = sorted((shared_data / "hippocampus" / "labels").glob("*.nii*"))[0]
    array = np.asarray(read_labels(path).array)
    a, b = ndimage.binary_dilation(array == 1), array == 1
    row = compare_masks(a, b, (1, 1, 1), 0.5)
    for key, value in brute_force(a, b, (1, 1, 1), 0.5).items():
        assert row[key] == pytest.approx(value, abs=1e-9), key


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
    assert set(scores) == {"NCR", "ED", "ET", "WT", "TC", "Average"}
    hippocampus = label_map((array == 1).astype(np.uint8), scheme="hippocampus")
    assert evaluate(hippocampus, hippocampus)["Hippocampus_A"]["tolerance_mm"] == 0.5


def test_a_composite_is_the_mean_of_its_members_and_needs_them_all():
    truth, found = np.zeros((8, 8, 8), np.uint8), np.zeros((8, 8, 8), np.uint8)
    truth[2:6, 2:6, 2:6], truth[3:5, 3:5, 3:5] = 1, 2
    found[2:6, 2:6, 2:5], found[3:5, 3:5, 3:4] = 1, 2
    scores = evaluate(label_map(found, scheme="kits"), label_map(truth, scheme="kits"))
    assert scores["Composite"]["dsc"] == pytest.approx((2 * 48 / (48 + 64) + 2 * 4 / (4 + 8)) / 2)
    assert scores["Kidney_All"]["dsc"] == pytest.approx(2 * 48 / (48 + 64))
    assert scores["Kidney_Tumour"]["dsc"] == pytest.approx(2 * 4 / (4 + 8))
    assert scores["Composite"]["missing"] is False
    only_kidney = label_map(np.minimum(truth, 1), scheme="kits")
    assert "Composite" not in evaluate(only_kidney, only_kidney)
    assert evaluate(only_kidney, label_map(truth, scheme="kits"))["Composite"]["missing"] is True


def test_other_grids_are_refused():
    array = np.ones((4, 4, 4), np.uint8)
    with pytest.raises(InputError, match="reference's grid"):
        evaluate(label_map(array), label_map(array, np.diag([1, 1, 2.0, 1])))


def test_an_integer_that_only_the_prediction_knows_is_scored():
    reference = np.zeros((8, 8, 8), np.uint8)
    reference[2:4, 2:4, 2:4] = 1
    found = reference.copy()
    found[5:7, 5:7, 5:7] = 3
    geometry = Geometry(reference.shape, np.eye(4))
    scores = evaluate(LabelMap(found, geometry), LabelMap(reference, geometry))
    assert set(scores) == {"Label 1", "Label 3"}
    assert scores["Label 3"]["missing"] is True
    assert scores["Label 3"]["dsc"] == 0
    extra = label_map(np.where(found == 3, 200, found))
    assert set(evaluate(extra, label_map(reference))) == {"Bladder", "Label 200"}


def test_names_come_from_the_map_that_has_them():
    array = np.zeros((8, 8, 8), np.uint8)
    array[2:4, 2:4, 2:4] = 1
    unnamed = LabelMap(array, Geometry(array.shape, np.eye(4)))
    assert set(evaluate(label_map(array), unnamed)) == set(evaluate(unnamed, label_map(array))) == {"Bladder"}


def test_maps_that_name_an_integer_differently_are_refused():
    array = np.ones((4, 4, 4), np.uint8)
    with pytest.raises(InputError, match="the integer 1 is Bladder there and Prostate in the reference"):
        evaluate(label_map(array), label_map(array, scheme="prostate"))


@pytest.mark.parametrize(("apart_mm", "told"), [(0.0, False), (0.0009, False), (0.2, True), (0.45, True)])
def test_a_grid_that_is_less_than_half_a_voxel_off_is_taken_for_the_same_and_told(apart_mm, told, recwarn):
    moved = np.eye(4)
    moved[1, 3] = apart_mm
    array = A.astype(np.uint8)
    assert evaluate(label_map(array, moved), label_map(array))["Bladder"]["dsc"] == 1
    assert [apart_mm > 0.01 for one in recwarn if "less than half a voxel" in str(one.message)] == [True] * told


def test_a_grid_that_is_more_than_half_a_voxel_off_is_refused():
    moved = np.eye(4)
    moved[1, 3] = 0.55
    with pytest.raises(InputError, match=r"corners up to 0\.55 mm apart"):
        evaluate(label_map(A.astype(np.uint8), moved), label_map(A.astype(np.uint8)))
