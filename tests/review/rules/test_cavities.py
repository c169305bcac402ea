"""Cavities; the oracle is SciPy's filling of holes."""

from __future__ import annotations

import numpy as np
import pytest
from rule_shapes import SHAPE, ellipsoid, said, stored
from scipy.ndimage import binary_fill_holes

from napari_boundaryseg.review.rules.drawn import drawn
from napari_boundaryseg.review.rules.families.cavities import cavities_of
from napari_boundaryseg.review.rules.finding import Finding

BALL = ellipsoid((45, 35, 32), (25, 20, 20))


def cavities(array: np.ndarray) -> tuple[Finding, ...]:
    return said(stored(array), "cavities")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cavities_are_what_another_library_fills(seed: int) -> None:
    mask = np.zeros(SHAPE, bool)
    mask[3:-3, 5:-5, 5:-5] = np.random.default_rng(seed).random((SHAPE[0] - 6, SHAPE[1] - 10, SHAPE[2] - 10)) < 0.7
    parts, sizes = cavities_of(drawn(stored(mask)).structures["Bladder"])
    assert sizes.sum() == (parts > 0).sum() == (binary_fill_holes(mask) & ~mask).sum() > 100


def test_a_cavity_has_its_volume_and_its_place() -> None:
    array = BALL.copy()
    array[14, 30:34, 30:35] = False
    (found,) = cavities(array)
    assert found.sentence == "Bladder: a cavity of 0.06 mL on slice 15."
    assert found.value == pytest.approx(20 * 0.003)
    assert not array[14, found.voxel[1], found.voxel[0]]
    array[17, 40, 40] = array[12, 25, 30] = False
    assert cavities(array)[1].sentence.startswith("Bladder: 2 cavities of together 2 voxels, the largest on slice ")


def test_a_bay_that_is_open_is_no_cavity_and_one_that_is_closed_by_a_corner_is_none_either() -> None:
    array = BALL.copy()
    array[14, 30, 30:] = False
    assert cavities(array) == ()
    plate = np.zeros(SHAPE, bool)
    plate[13:16, 20:40, 20:40] = True
    plate[14, 30, 30] = False
    assert len(cavities(plate)) == 1
    plate[13, 30, 30] = False
    assert cavities(plate) == ()


def test_what_another_organ_fills_is_no_cavity() -> None:
    array = BALL.astype(int)
    array[13:16, 30:34, 30:34] = 2
    assert cavities(array) == ()
    array[14, 31, 31] = 0
    assert {found.organs for found in cavities(array)} == {("Bladder",), ("Prostate",)}


def test_at_an_end_of_the_scan_a_hole_in_the_slice_is_closed() -> None:
    """How it goes on is not seen."""
    array = np.zeros(SHAPE, bool)
    array[:6, 20:50, 20:50] = True
    array[0, 30:36, 30:36] = False
    assert [found.slice for found in cavities(array)] == [0]
    array[0, 30, 36:] = False
    assert cavities(array) == ()


def test_a_missing_slice_is_no_cavity() -> None:
    array = BALL.copy()
    array[14] = False
    assert cavities(array) == ()
