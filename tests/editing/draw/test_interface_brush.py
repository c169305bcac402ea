"""Interface brush, against each voxel alone: two organs stay exactly what they are together."""

from __future__ import annotations

import numpy as np
import pytest
from stroke_pictures import SHAPE, SPACING, Voxel, after, stroke, under_brush

from napari_boundaryseg.editing.tools.draw.interface_brush import InterfaceBrushSettings, interface_brush
from napari_boundaryseg.editing.tools.scene import Scene


def labels() -> np.ndarray:
    """Organs 1 and 2 that touch, and 3 a voxel beyond a gap; blocks one can draw on paper."""
    found = np.zeros(SHAPE, np.uint8)
    found[1:5, 3:11, 2:7] = 1
    found[1:5, 3:11, 7:11] = 2
    found[1:5, 3:11, 12:15] = 3
    return found


def neighbours(voxel: Voxel, axis: int) -> list[Voxel]:
    """Side by side in the slice, within the array."""
    steps = [np.eye(3, dtype=int)[a] * s for a in range(3) if a != axis for s in (-1, 1)]
    beside = [tuple(int(x) for x in np.add(voxel, step)) for step in steps]
    return [one for one in beside if all(0 <= x < n for x, n in zip(one, SHAPE, strict=True))]


@pytest.mark.parametrize("pressed", [0, 1, 2, 3])
@pytest.mark.parametrize("seed", range(20))
def test_as_each_voxel_alone(seed: int, pressed: int) -> None:
    rng = np.random.default_rng(seed)
    axis = seed % 3
    before = labels()
    if seed % 2:
        before[rng.random(SHAPE) < 0.1] = 0
        before[rng.random(SHAPE) < 0.05] = 3
    way = stroke(rng, axis, spared=1)
    radius = rng.uniform(1, 5)
    under = under_brush(way, radius, axis)
    touching = {before[voxel] for voxel in under if any(before[one] == pressed for one in neighbours(voxel, axis))}
    expected = before.copy()
    if pressed:
        for voxel in under:
            if before[voxel] in touching - {0}:
                expected[voxel] = pressed
    settings = InterfaceBrushSettings(radius_mm=radius)
    found = after(before, interface_brush(Scene(before, 1, SPACING, axis, pressed), way, settings))
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(found == 0, before == 0)


def test_an_organ_beyond_a_gap_keeps_what_it_has() -> None:
    before = labels()
    scene = Scene(before, 1, SPACING, 0, 1)
    found = after(before, interface_brush(scene, np.array([(3, 6, 6), (3, 6, 14)]), InterfaceBrushSettings()))
    assert (found[3] == 1).sum() > (before[3] == 1).sum()
    np.testing.assert_array_equal(found == 3, before == 3)
    np.testing.assert_array_equal((found == 1) | (found == 2), (before == 1) | (before == 2))


def test_the_organ_that_was_pressed_grows_whichever_is_chosen() -> None:
    before = labels()
    for chosen in (0, 1, 2, 3):
        scene = Scene(before, chosen, SPACING, 0, 2)
        found = after(before, interface_brush(scene, np.array([(3, 6, 7)]), InterfaceBrushSettings(radius_mm=2.0)))
        assert (found[3] == 2).sum() > (before[3] == 2).sum()


def test_none_begun_on_background_and_none_far_from_what_it_touches() -> None:
    before, way = labels(), np.array([(3, 6, 9)])
    assert interface_brush(Scene(before, 1, SPACING, 0, 0), way, InterfaceBrushSettings()) is None
    assert interface_brush(Scene(before, 1, SPACING, 0, 1), way, InterfaceBrushSettings(radius_mm=1.0)) is None


def test_labels_of_two_bytes() -> None:
    before, way, settings = labels(), np.array([(3, 6, 7)]), InterfaceBrushSettings(radius_mm=2.0)
    large = before.astype(np.uint16) * 300
    found = interface_brush(Scene(large, 300, SPACING, 0, 600), way, settings)
    assert found is not None
    assert found.labels.dtype == np.uint16
    expected = after(before, interface_brush(Scene(before, 1, SPACING, 0, 2), way, settings))
    np.testing.assert_array_equal(after(large, found), 300 * expected.astype(int))
