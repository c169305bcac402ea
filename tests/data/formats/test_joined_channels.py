"""Labels that lie a little off their scan's grid: taken only where every voxel stays itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data.formats.channels import fitted
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.errors import InputError

SHAPE = (6, 7, 8)


def scan(affine: np.ndarray) -> Volume:
    return Volume(np.zeros((1, *SHAPE), np.int16), Geometry(SHAPE, affine))


def moved(affine: np.ndarray, mm: tuple[float, float, float]) -> Geometry:
    away = affine.copy()
    away[:3, 3] += mm
    return Geometry(SHAPE, away)


@pytest.mark.parametrize("axis", range(3))
def test_half_the_smallest_side_counts_along_every_axis(axis: int) -> None:
    affine = np.diag([0.5, 1.0, 4.0, 1.0])
    near, far = np.zeros(3), np.zeros(3)
    near[axis], far[axis] = 0.24, 0.26
    assert "up to 0.24 mm off" in fitted(Path("a.nii"), moved(affine, tuple(near)), scan(affine))[1][0]
    with pytest.raises(InputError, match=r"corners up to 0\.26 mm apart"):
        fitted(Path("a.nii"), moved(affine, tuple(far)), scan(affine))


def test_where_axes_lean_half_a_voxel_is_less_than_half_its_side() -> None:
    affine = np.eye(4)
    affine[:3, 1] = (np.cos(np.radians(30)), np.sin(np.radians(30)), 0)  # two sides of 1 mm, 30 degrees apart
    for mm, fits in (((0.0, 0.2, 0.0), True), ((0.0, 0.3, 0.0), False)):
        shift = np.linalg.solve(affine[:3, :3], mm)
        assert (np.abs(shift).max() <= 0.5) == fits
        if fits:
            assert fitted(Path("a.nii"), moved(affine, mm), scan(affine))[1]
        else:
            with pytest.raises(InputError, match="do not fit"):
                fitted(Path("a.nii"), moved(affine, mm), scan(affine))
