"""Agreement of two drawings of a slice, beside the surface Dice of another implementation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_boundaryseg.data.metrics.agreement import agreement

NEAR = {1: 1.0, 2: 2.5}


def slow(a: np.ndarray, b: np.ndarray, tolerance_mm: float, spacing_mm: tuple[float, float]) -> tuple[int, int]:
    """Border pixels near the other border, and all, by distance transforms."""
    cross = ndimage.generate_binary_structure(2, 1)
    edges = [mask & ~ndimage.binary_erosion(mask, cross, border_value=1) for mask in (a, b)]
    near = 0
    for one, other in (edges, edges[::-1]):
        if other.any():
            apart = ndimage.distance_transform_edt(~other, sampling=spacing_mm)
            near += int((apart[one] <= max(tolerance_mm, *spacing_mm) + 1e-4).sum())
    return near, int(sum(edge.sum() for edge in edges))


def test_it_is_the_share_of_both_borders_that_is_near_the_other() -> None:
    nothing, square, near = np.zeros((9, 9), int), np.zeros((9, 9), int), {1: 0.5}
    square[3:6, 3:6] = 1
    assert agreement(nothing, nothing, near, (1.0, 1.0)) == 1
    assert agreement(square, nothing, near, (1.0, 1.0)) == 0
    assert agreement(2 * square, square, near, (1.0, 1.0)) == 0
    assert agreement(square, square, near, (1.0, 1.0)) == 1
    assert agreement(np.roll(square, 1, 0), square, near, (1.0, 1.0)) == 1, "the next pixel"
    assert agreement(np.roll(square, 2, 0), square, near, (1.0, 1.0)) < 1


@pytest.mark.parametrize("seed", range(4))
def test_all_organs_count_together_as_distance_transforms_say(seed: int) -> None:
    rng = np.random.default_rng(seed)
    spacing = (float(rng.uniform(0.5, 2)), float(rng.uniform(0.5, 2)))
    found, wanted = (np.digitize(ndimage.gaussian_filter(rng.normal(size=(30, 40)), 3), (0, 0.1)) for _ in range(2))
    counts = np.sum([slow(found == n, wanted == n, mm, spacing) for n, mm in NEAR.items()], axis=0)
    assert 0 < counts[0] < counts[1]
    assert agreement(found, wanted, NEAR, spacing) == pytest.approx(counts[0] / counts[1])
