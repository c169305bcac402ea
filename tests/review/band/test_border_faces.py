"""The faces of a border: place and area of every one, by a loop over pairs of voxels."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.review.band.border_faces import border_faces


def one_by_one(mask: np.ndarray, spacing: tuple[float, ...]) -> list[tuple[float, ...]]:
    """Middle and area of each, sorted."""
    found = []
    for at in np.ndindex(mask.shape):
        for axis in range(mask.ndim):
            beside = tuple(n + (axis == other) for other, n in enumerate(at))
            if beside[axis] < mask.shape[axis] and mask[at] != mask[beside]:
                middle = [(a + b) / 2 * mm for a, b, mm in zip(at, beside, spacing)]
                found.append((*middle, float(np.prod([mm for n, mm in enumerate(spacing) if n != axis]))))
    return sorted(found)


@pytest.mark.parametrize(
    ("shape", "spacing"), [((5, 6, 7), (0.7, 1.1, 2.5)), ((8, 9), (3.0, 0.5)), ((4, 3, 2), (1, 1, 1))]
)
def test_every_face_has_its_place_and_its_area(shape: tuple[int, ...], spacing: tuple[float, ...]) -> None:
    mask = np.random.default_rng(len(shape)).random(shape) < 0.4
    middles, areas = border_faces(mask, spacing)
    found = sorted((*middle, area) for middle, area in zip(middles.tolist(), areas.tolist(), strict=True))
    assert len(found) > 10
    np.testing.assert_allclose(found, one_by_one(mask, spacing))


@pytest.mark.parametrize("fill", [False, True])
def test_what_is_all_or_nothing_has_no_faces(fill: bool) -> None:
    middles, areas = border_faces(np.full((3, 4, 5), fill), (1.0, 1.0, 1.0))
    assert (middles.shape, areas.shape) == ((0, 3), (0,))


def test_a_box_has_the_surface_of_a_box() -> None:
    mask = np.zeros((9, 9, 9), bool)
    mask[2:5, 3:7, 1:6] = True
    a, b, c = 3 * 0.5, 4 * 2.0, 5 * 3.0
    assert border_faces(mask, (0.5, 2.0, 3.0))[1].sum() == pytest.approx(2 * (a * b + b * c + a * c))
