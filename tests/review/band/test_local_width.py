"""The local width of a border: ramps whose slope is known, its limits, and what a band of it measures on a scan."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erf

from napari_boundaryseg.review.band.local_width import WIDEST, Widths, local_width_mm, widths_of


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 2.0, 3.0), (2.0, 1.0, 1.0)])
@pytest.mark.parametrize("sd", [3.0, 4.0])
def test_of_a_border_that_is_blurred_it_follows_from_the_blur(spacing: tuple[float, float, float], sd: float) -> None:
    """A step behind a Gaussian, smoothed by 1 mm more, and its slope taken over two voxels."""
    place = (np.arange(81) - 40) * spacing[0]
    step = (1 + erf(place / sd / np.sqrt(2))) / 2
    width = local_width_mm(step[:, None, None] * np.ones((1, 6, 6)), spacing)
    wanted = 2 * spacing[0] / erf(spacing[0] / np.sqrt(2 * (sd**2 + 1)))
    assert width[40, 3, 3] == pytest.approx(min(wanted, WIDEST * min(spacing)), rel=0.01)


def test_along_another_axis_it_is_the_same() -> None:
    ramp = np.clip((np.arange(40) - 15) / 10, 0, 1)
    found = [
        local_width_mm(np.moveaxis(ramp[:, None, None] * np.ones((1, 9, 9)), 0, axis), np.roll((2.0, 1.0, 1.0), axis))
        for axis in range(3)
    ]
    for axis in (1, 2):
        np.testing.assert_allclose(np.moveaxis(found[axis], axis, 0), found[0])
    assert found[0][20, 4, 4] == pytest.approx(20.0, rel=0.01)


def test_it_is_at_least_a_voxel_and_where_nothing_falls_the_widest() -> None:
    flat = local_width_mm(np.ones((9, 9, 9)), (2.0, 0.5, 3.0))
    assert (flat == 0.5 * WIDEST).all()
    sharp = local_width_mm((np.arange(9) > 4)[:, None, None] * np.ones((1, 9, 9)), (8.0, 8.0, 8.0))
    assert sharp.min() >= 8.0


def test_widths_are_means_of_area_and_quantiles() -> None:
    """A plate across the scan: 100 faces of 6 mm² below at width 2, as many above at width 6."""
    mask, width = np.zeros((6, 10, 10), bool), np.full((6, 10, 10), 2.0)
    mask[2:4] = True
    width[3:] = 6.0
    assert widths_of(mask, width, (1.0, 2.0, 3.0)) == Widths(4.0, 2.0, 6.0)
    assert widths_of(mask, width, (1.0, 2.0, 3.0), factor=0.5) == Widths(2.0, 1.0, 3.0)
    assert widths_of(np.zeros_like(mask), width, (1.0, 2.0, 3.0)) is None


def test_the_widest_is_twenty_voxels_of_the_finest_axis() -> None:
    assert local_width_mm(np.zeros((5, 5, 5)), (2.0, 0.5, 3.0)) == pytest.approx(np.full((5, 5, 5), 10.0))
