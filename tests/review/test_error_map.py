"""The error map: counted by hand, beside all pairs of points, and the Hausdorff distance that it must have."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.distance import cdist

from napari_boundaryseg.data.metrics import compare_masks
from napari_boundaryseg.review.error_map import box_round, error_map

CUBE = np.zeros((14, 14, 14), bool)
CUBE[4:10, 4:10, 4:10] = True


def slowly(judged: np.ndarray, reference: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """All pairs of border voxels."""
    edges = [np.argwhere(m & ~ndimage.binary_erosion(m, border_value=1)) for m in (judged, reference)]
    apart = cdist(*(edge * np.array(spacing_mm) for edge in edges)).min(axis=1)
    found = np.full(judged.shape, np.nan)
    for at, mm in zip(edges[0], apart, strict=True):
        found[tuple(at)] = -mm if reference[tuple(at)] else mm
    return found


def blobs(seed: int) -> tuple[np.ndarray, np.ndarray, tuple[float, float, float]]:
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=(18, 17, 16)), 2)
    other = field + 0.5 * ndimage.gaussian_filter(rng.normal(size=field.shape), 1.5)
    i, j, k = rng.uniform(0.5, 3, 3)
    return field > 0.02, other > 0.02, (float(i), float(j), float(k))


@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_all_pairs_of_border_voxels_give(seed: int) -> None:
    a, b, spacing_mm = blobs(seed)
    np.testing.assert_allclose(error_map(a, b, spacing_mm), slowly(a, b, spacing_mm), rtol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_its_largest_sizes_are_the_hausdorff_distance(seed: int) -> None:
    a, b, spacing_mm = blobs(seed)
    largest = max(np.nanmax(np.abs(error_map(*pair, spacing_mm))) for pair in ((a, b), (b, a)))
    assert largest == pytest.approx(compare_masks(a, b, spacing_mm)["hd_mm"], rel=1e-6)


def test_outside_is_above_0_and_inside_below() -> None:
    larger, smaller = (ndimage.binary_dilation(CUBE, np.ones((3, 3, 3))), ndimage.binary_erosion(CUBE))
    out, within, same = (error_map(mask, CUBE, (2.0, 2.0, 2.0)) for mask in (larger, smaller, CUBE))
    assert (np.nanmin(out), np.nanmax(within)) == (2, -2)
    assert np.nanmin(same) == np.nanmax(same) == 0
    assert np.count_nonzero(~np.isnan(out)) == 8**3 - 6**3, "on the border, and nowhere else"
    assert out.dtype == np.float32


def test_where_the_scan_ends_there_is_no_border() -> None:
    a, b = (np.arange(10)[:, None, None] * np.ones((10, 6, 6)) < n for n in (5, 3))
    found = error_map(a, b, (1.5, 1.0, 1.0))
    assert np.argwhere(~np.isnan(found)).tolist() == [[4, j, k] for j in range(6) for k in range(6)]
    assert (found[4] == 3).all()


def test_without_a_border_there_is_no_distance() -> None:
    nothing, everything = np.zeros_like(CUBE), np.ones_like(CUBE)
    for one, other in ((nothing, CUBE), (CUBE, nothing), (everything, CUBE), (CUBE, everything), (nothing, nothing)):
        found = error_map(one, other, (1, 1, 1))
        assert found.shape == CUBE.shape
        assert np.isnan(found).all()
    assert box_round(nothing, nothing) is None


def test_the_box_holds_both_with_a_rim_where_the_scan_has_one() -> None:
    a, b = np.zeros((9, 9, 9), bool), np.zeros((9, 9, 9), bool)
    a[0, 3, 4] = b[2, 5, 8] = True
    assert box_round(a, b) == (slice(0, 4), slice(2, 7), slice(3, 9))
    assert box_round(a, np.zeros_like(a)) == (slice(0, 2), slice(2, 5), slice(3, 6))
