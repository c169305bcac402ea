"""Errors of a border: the map in its box is the whole scan's, small places are counted, colours end evenly."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.review.border_errors import border_errors
from napari_boundaryseg.review.error_map import error_map

SPACING = (2.0, 1.0, 1.0)


def block(*box: tuple[int, int], shape: tuple[int, int, int] = (24, 40, 40)) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[tuple(slice(*part) for part in box)] = True
    return mask


@pytest.mark.parametrize("at", [(4, 16), (0, 12), (12, 24)])  # within the scan, and cut by either end of it
def test_the_map_in_its_box_is_that_of_the_whole_scan(at: tuple[int, int]) -> None:
    reference = block(at, (5, 25), (5, 25))
    judged = reference | block((at[0] + 3, at[0] + 6), (25, 31), (8, 22))
    found = border_errors(judged, reference, SPACING, 1.0)
    assert found is not None
    whole = np.full(judged.shape, np.nan, np.float32)
    whole[tuple(slice(n, n + size) for n, size in zip(found.corner, found.signed_mm.shape))] = found.signed_mm
    assert np.array_equal(whole, error_map(judged, reference, SPACING), equal_nan=True)
    assert float(np.nanmax(found.signed_mm)) == 6.0


def test_a_place_of_less_border_than_is_asked_for_is_counted_only() -> None:
    reference = block((4, 16), (5, 25), (5, 25))
    judged = reference | block((6, 9), (25, 28), (8, 22)) | block((12, 13), (5, 7), (25, 28))
    listed = [border_errors(judged, reference, SPACING, 1.0, least_mm2=least) for least in (0.0, 25.0, 1e6)]
    assert [(len(one.places), one.n_small) for one in listed if one] == [(2, 0), (1, 1), (0, 2)]
    assert listed[1] is not None and listed[1].places[0].sentence.startswith("3.0 mm too large on slice ")


def test_slices_are_counted_along_the_axis_that_is_said() -> None:
    reference = block((4, 16), (5, 25), (5, 25))
    judged = reference | block((6, 12), (25, 30), (8, 22))
    found = border_errors(judged, reference, SPACING, 1.0, slice_axis=1)
    assert found is not None and found.places[0].slice == found.places[0].voxel[1] == 29


def test_colours_end_where_19_of_20_voxels_lie_but_between_two_and_five_tolerances() -> None:
    reference = block((4, 16), (5, 25), (5, 25))
    same = border_errors(reference, reference, SPACING, 1.5)
    assert same is not None and same.limit_mm == 3.0 and same.places == ()
    judged = reference | block((4, 16), (25, 29), (5, 25))  # one of six sides is 4 mm out
    moved, strict = (border_errors(judged, reference, SPACING, mm) for mm in (1.0, 0.5))
    assert moved is not None and strict is not None
    sizes = np.abs(moved.signed_mm[np.isfinite(moved.signed_mm)])
    assert 2.0 < moved.limit_mm < 5.0
    assert np.count_nonzero(sizes <= moved.limit_mm) >= 0.95 * sizes.size
    assert strict.limit_mm == 2.5


def test_where_one_is_empty_there_is_nothing() -> None:
    reference = block((4, 16), (5, 25), (5, 25))
    assert border_errors(np.zeros_like(reference), reference, SPACING, 1.0) is None
    assert border_errors(reference, np.zeros_like(reference), SPACING, 1.0) is None
