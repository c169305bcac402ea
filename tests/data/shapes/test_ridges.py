"""The ridge of a map: one thin line where the map is highest, however wide its band."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.data.shapes.ridges import ridge


def ring(
    radius: float, width: float, spacing: tuple[float, float], flat: bool = False
) -> tuple[np.ndarray, tuple[float, float]]:
    """A band round a circle, in mm, and its centre in voxels."""
    row, column = np.indices((round(60 / spacing[0]), round(60 / spacing[1])))
    off = np.hypot((row * spacing[0] - 30.2), (column * spacing[1] - 29.7)) - radius
    band = np.abs(off) < width if flat else np.exp(-((off / width) ** 2) / 2)
    return np.asarray(band, np.float32), (30.2 / spacing[0], 29.7 / spacing[1])


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("width", [1.5, 3.0])
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.6, 0.6), (2.0, 0.7)])
def test_a_band_becomes_the_line_in_its_middle(spacing: tuple[float, float], width: float, flat: bool) -> None:
    values, centre = ring(18.0, width, spacing, flat)
    pieces = ridge(values, spacing)
    off = np.hypot(*((pieces.reshape(-1, 2) - centre) * spacing).T) - 18.0
    assert np.abs(off).mean() < 0.25 * max(spacing) + (0.35 if flat else 0)
    length = np.hypot(*(np.diff(pieces, axis=1)[:, 0] * spacing).T).sum()
    assert 0.75 * 2 * np.pi * 18 < length < 1.35 * 2 * np.pi * 18, "one line, almost without gaps"


def test_a_coarse_grid_has_the_line_of_its_wide_bands() -> None:
    spacing = (6.0, 3.6)
    values, centre = ring(18.0, 9.0, spacing)
    pieces = ridge(values, spacing)
    off = np.hypot(*((pieces.reshape(-1, 2) - centre) * spacing).T) - 18.0
    assert np.abs(off).mean() < 0.25 * max(spacing)
    length = np.hypot(*(np.diff(pieces, axis=1)[:, 0] * spacing).T).sum()
    assert 0.6 * 2 * np.pi * 18 < length < 1.35 * 2 * np.pi * 18


def test_two_borders_near_each_other_stay_two() -> None:
    column = np.indices((30, 40))[1]
    values = np.exp(-((column - 15.0) ** 2) / 2) + np.exp(-((column - 20.0) ** 2) / 2)
    pieces = ridge(values)
    assert sorted({round(float(at)) for at in pieces[..., 1].ravel()}) == [15, 20]
    assert len(pieces) == 2 * 29


def test_the_ridge_lies_between_two_voxels_where_the_map_does() -> None:
    column = np.indices((20, 30))[1]
    pieces = ridge(np.exp(-((column - 11.4) ** 2) / 4))
    np.testing.assert_allclose(pieces[..., 1], 11.4, atol=0.06)


def test_what_is_unlikely_or_a_single_voxel_has_none() -> None:
    assert ridge(np.zeros((9, 9))).shape == (0, 2, 2)
    assert ridge(ring(10, 1.5, (1.0, 1.0))[0] * 0.49).shape == (0, 2, 2)
    one = np.zeros((9, 9))
    one[4, 4] = 1.0
    assert len(ridge(one)) == 0


def test_the_map_is_not_changed() -> None:
    values = ring(10, 2.0, (1.0, 1.0))[0]
    before = values.copy()
    values.flags.writeable = False
    ridge(values)
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize(("mm", "most"), [(0.7, 0), (3.0, 3)])
def test_a_plateau_has_none_however_it_ripples(mm: float, most: int) -> None:
    row, column = np.indices((60, 60)) * 0.7
    blob = 0.75 * np.clip((16 - np.hypot(row - 21, column - 21)) / 8, 0, 1)
    assert len(ridge(blob + 0.004 * np.sin(row * 1.5), (mm, mm))) <= most
