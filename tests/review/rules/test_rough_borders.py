"""Rough borders: teeth of single pixels."""

from __future__ import annotations

import numpy as np
import pytest
from rule_shapes import SHAPE, ellipsoid, said, stored
from scipy.ndimage import binary_dilation, binary_erosion

from napari_boundaryseg.review.rules.drawn import drawn
from napari_boundaryseg.review.rules.families.rough_borders import roughness
from napari_boundaryseg.review.rules.finding import Finding

BALL = ellipsoid((45, 35, 32), (30, 25, 22))


def rough(array: np.ndarray) -> tuple[Finding, ...]:
    return said(stored(array), "rough-borders")


def with_noise(*slices: int) -> np.ndarray:
    array = BALL.copy()
    rng = np.random.default_rng(3)
    for s in slices:
        band = binary_dilation(BALL[s], iterations=2) & ~binary_erosion(BALL[s], iterations=2)
        array[s] = np.where(band, rng.random(band.shape) < 0.5, BALL[s])
    return array


def test_a_comb_has_the_roughness_that_one_counts() -> None:
    """A square of 20 pixels with 10 teeth on one side: each tooth and each gap but those at the ends is turned."""
    array = np.zeros(SHAPE, bool)
    array[10, 20:40, 20:40] = True
    plain = drawn(stored(array)).structures["Bladder"]
    assert roughness(plain)[0] == pytest.approx(4 / 80), "its four corners"
    array[10, 19, 20:40:2] = True
    comb = drawn(stored(array)).structures["Bladder"]
    sides = 80 + 2 * 10
    turned = sum(
        (array[10, r - 1 : r + 2, c - 1 : c + 2].sum() > 4) != array[10, r, c]
        for r in range(15, 45)
        for c in range(15, 45)
    )
    assert roughness(comb)[0] == pytest.approx(turned / sides)


def test_rough_slices_are_one_finding_and_smooth_ones_none() -> None:
    (found,) = rough(with_noise(12, 13, 14))
    assert found.sentence.startswith("Bladder: the border is rough on slices 13 to 15; up to ")
    assert found.key == "slices 12 to 14" and found.slice in (12, 13, 14)
    assert 0.3 < found.value < 1
    assert rough(BALL) == ()
    assert len(rough(with_noise(9, 10, 11, 18, 19, 20))) == 2
    assert rough(with_noise(9, 20)) == (), "a single slice"


def test_between_two_organs_each_has_its_own_teeth() -> None:
    """Ten teeth of the one and the nine gaps between them, which are the other's."""
    array = np.zeros(SHAPE, int)
    array[10, 20:40, 20:40] = 1
    array[10, 19, 20:40:2] = 1
    alone = roughness(drawn(stored(array)).structures["Bladder"])[0]
    array[10, 10:20][array[10, 10:20] == 0] = 2
    beside = roughness(drawn(stored(array)).structures["Bladder"])[0]
    assert (alone - beside) * 100 == pytest.approx(9)


def test_a_tiny_border_is_too_short_to_be_rough() -> None:
    array = np.zeros(SHAPE, bool)
    array[10, 20, 20] = array[10, 21, 21] = array[10, 22, 20] = True
    one = drawn(stored(array)).structures["Bladder"]
    assert np.isnan(roughness(one)).all() and rough(array) == ()
