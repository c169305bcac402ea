"""Figures of papers on 2-D networks: against MONAI's, slice by slice, and over the classes of a whole scan."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from monai.metrics import compute_dice, compute_hausdorff_distance, compute_iou

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.metrics import compare_masks, evaluate, every, measured, names
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError

ASKED = ("slice_dsc", "slice_hd_mm", "mean_iou")


def two(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two blobs in 24 x 20 x 6 voxels that differ in each slice; the prediction lacks one and has one too many."""
    rng = np.random.default_rng(seed)
    x, y = np.mgrid[:24, :20]
    masks = []
    for _ in range(2):
        slices = [np.hypot(x - rng.uniform(9, 14), y - rng.uniform(8, 12)) < rng.uniform(3, 6) for _ in range(6)]
        masks.append(np.stack(slices, 2))
    masks[0][..., 1] = False
    masks[1][..., 5] = False
    return masks[0], masks[1]


def as_batch(mask: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(mask[None, None].astype(np.float32))


def test_figures_per_slice_are_the_mean_of_monais() -> None:
    a, b = two()
    spacing = (0.5, 1.5, 4.0)
    row = compare_masks(a, b, spacing, also=ASKED)
    dice = [float(compute_dice(as_batch(a[..., k]), as_batch(b[..., k]), ignore_empty=False)) for k in range(6)]
    assert (dice[1], dice[5]) == (0, 0), "a slice of which only one holds it counts"
    assert row["slice_dsc"] == pytest.approx(np.mean(dice))
    both = [k for k in range(6) if a[..., k].any() and b[..., k].any()]
    far = [
        float(compute_hausdorff_distance(as_batch(a[..., k]), as_batch(b[..., k]), spacing=spacing[:2])) for k in both
    ]
    assert row["slice_hd_mm"] == pytest.approx(np.mean(far))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_lie_across_the_axis_that_is_said(axis: int) -> None:
    a, b = (np.moveaxis(mask, 2, axis) for mask in two())
    spacing = np.insert([0.5, 1.5], axis, 4.0)
    row = compare_masks(a, b, spacing.tolist(), slice_axis=axis, also=ASKED)
    straight = compare_masks(*two(), (0.5, 1.5, 4.0), also=ASKED)
    assert [row[name] for name in ASKED] == pytest.approx([straight[name] for name in ASKED])


def test_mean_iou_is_that_of_both_classes_in_the_whole_scan() -> None:
    a, b = two()
    pair = [torch.stack([as_batch(~mask)[0, 0], as_batch(mask)[0, 0]])[None] for mask in (a, b)]
    oracle = float(compute_iou(*pair, include_background=True).mean())
    assert compare_masks(a, b, (1, 1, 1), also=ASKED)["mean_iou"] == pytest.approx(oracle)
    grid = Geometry(a.shape, np.eye(4))
    one, other = (LabelMap(mask.astype(np.uint8), grid, preset("prostate")) for mask in (a, b))
    found = evaluate(one, other, also=ASKED)["Prostate"]
    assert found["mean_iou"] == pytest.approx(oracle), "also where the masks are cut out before they are compared"
    assert found["mean_iou"] > found["dsc"] > found["jaccard"], "what the paper calls Jaccard is above its Dice"


def test_a_missing_structure_has_no_distance_and_no_overlap() -> None:
    a, _ = two()
    row = compare_masks(np.zeros_like(a), a, (1, 1, 1), also=ASKED)
    assert row["slice_dsc"] == 0
    assert math.isnan(row["slice_hd_mm"])
    assert 0 < row["mean_iou"] < 0.5, "the background is still there"
    whole = np.ones((4, 4, 4), bool)
    assert compare_masks(whole, whole, (1, 1, 1), also=ASKED)["mean_iou"] == 1


def test_tables_are_as_wide_as_ever_unless_somebody_asks() -> None:
    assert not set(ASKED) & set(names())
    assert set(ASKED) <= {metric.name for metric in every()}
    a, b = two()
    assert not set(ASKED) & set(compare_masks(a, b, (1, 1, 1)))
    assert measured([{}]) == names()
    assert measured([{"mean_iou": 0.5}]) == names(["mean_iou"])
    assert names(["slice_dsc"]).index("slice_dsc") == 1, "beside the DSC"
    with pytest.raises(InputError, match="Did you mean 'mean_iou'"):
        names(["mean_io"])


@pytest.mark.parametrize("scheme", ["brats-2022", "brats-2023", "msd-brain-tumour"])
def test_the_average_of_brats_is_that_of_its_three_regions(scheme: str) -> None:
    rng, its = np.random.default_rng(1), preset(scheme)
    grid = Geometry((8, 8, 8), np.eye(4))
    one, other = (LabelMap(rng.choice([0, *its.ids], (8, 8, 8)).astype(np.uint8), grid, its) for _ in range(2))
    found = evaluate(one, other, also=ASKED)
    for name in ("dsc", "hd95_mm", "slice_dsc"):
        assert found["Average"][name] == pytest.approx(np.mean([found[of][name] for of in ("WT", "TC", "ET")]))
