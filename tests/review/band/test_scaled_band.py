"""The scaled band of an organ is the same from a part of the scan as from all of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.review.band.band_lines import scaled_field
from napari_boundaryseg.review.band.local_width import local_width_mm, widths_of
from napari_boundaryseg.review.band.scaled_band import scaled_band, width_in

SPACING = (2.0, 0.8, 1.1)


def likely(centre: tuple[float, ...], sigma: float = 3.0) -> np.ndarray:
    grid = np.stack(np.indices((40, 60, 50)), -1) * SPACING
    return gaussian_filter((np.linalg.norm(grid - np.array(centre), axis=-1) < 11).astype(float), sigma)


@pytest.mark.parametrize("centre", [(40.0, 24.0, 27.0), (4.0, 24.0, 50.0)])
@pytest.mark.parametrize("factor", [0.1, 0.3])
def test_it_is_that_of_the_whole_scan(centre: tuple[float, ...], factor: float) -> None:
    probability = likely(centre)
    mask = probability > 0.5
    band = scaled_band(mask, probability, SPACING, factor)
    width = local_width_mm(probability, SPACING)
    whole = scaled_field(mask, SPACING, width, factor)
    assert band is not None and whole is not None
    assert band.widths == pytest.approx(widths_of(mask, width, SPACING, factor))
    where: Box = tuple(  # type: ignore[assignment]
        slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(band.field.part, whole.part, strict=True)
    )
    one, other = (
        field.depth[tuple(slice(w.start - p.start, w.stop - p.start) for w, p in zip(where, field.part, strict=True))]
        for field in (band.field, whole)
    )
    near = np.abs(other) <= factor
    np.testing.assert_allclose(one[near], other[near], rtol=1e-9)
    assert near.sum() > 100
    missed = np.ones(whole.depth.shape, bool)
    missed[tuple(slice(w.start - p.start, w.stop - p.start) for w, p in zip(where, whole.part, strict=True))] = False
    assert not (np.abs(whole.depth)[missed] <= factor).any(), "nothing of the band lies outside of its part"


def test_without_a_border_there_is_none() -> None:
    assert scaled_band(np.zeros((4, 4, 4), bool), np.zeros((4, 4, 4)), (1.0, 1.0, 1.0), 1.0) is None
    assert scaled_band(np.ones((4, 4, 4), bool), np.ones((4, 4, 4)), (1.0, 1.0, 1.0), 1.0) is None


def test_a_width_at_the_scans_end_is_that_of_the_whole() -> None:
    probability = likely((4.0, 24.0, 50.0), 2.0)
    box = (slice(0, 9), slice(10, 45), slice(35, 50))
    np.testing.assert_allclose(width_in(probability, box, SPACING), local_width_mm(probability, SPACING)[box])
