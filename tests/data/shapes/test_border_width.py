"""The width of a blurred border, against discs whose width is known."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.data.shapes.border_width import border_width_mm

SPACING = (3.0, 0.5, 0.8)


def disc(radius_mm: float, ramp_mm: float) -> np.ndarray:
    """A disc whose probability falls from 1 to 0 over so many mm."""
    down, across = np.mgrid[-40:40:0.5, -40:40:0.8]
    return np.clip((radius_mm - np.hypot(down, across)) / ramp_mm + 0.5, 0, 1)


@pytest.mark.parametrize("radius", [12.0, 20.0, 30.0])
@pytest.mark.parametrize("ramp", [4.0, 8.0, 16.0])
def test_two_thirds_of_the_ramp_whatever_the_size(radius: float, ramp: float) -> None:
    assert border_width_mm(disc(radius, ramp)[None], 0, SPACING)[0] == pytest.approx(2 / 3 * ramp, rel=0.06)


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_the_same_across_any_axis(order: tuple[int, ...]) -> None:
    stack = np.stack([disc(20, 4), disc(20, 12), disc(10, 4)])
    turned = np.transpose(stack, order)
    spacing = [SPACING[axis] for axis in order]
    found = border_width_mm(turned, order.index(0), spacing)
    np.testing.assert_allclose(found, border_width_mm(stack, 0, SPACING), rtol=1e-5)
    assert found[1] > 2 * found[0]


def test_a_slice_without_a_border_is_as_wide_as_its_doubt_and_no_wider_than_the_widest() -> None:
    faint = 0.3 * (disc(1.5, 0.01) > 0.5)
    found = border_width_mm(np.stack([disc(20, 8), faint, 0.3 * (disc(30, 1) > 0.5), 0 * faint]), 0, SPACING)
    assert found[1] == pytest.approx(2 * 1.5 * 0.84**0.5, rel=0.1)
    assert found[2] == found[0]
    assert found[3] == 0
    assert border_width_mm(np.zeros((2, 5, 5)), 0, SPACING).tolist() == [0, 0]
