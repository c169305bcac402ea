"""The bricks of the phantoms: smooth fields, solids, the canvas; and the two brain phantoms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_boundaryseg.phantom import border_contrast, brain, two_part_structure
from napari_boundaryseg.phantom.fields import smooth_noise, spline_weights, waves
from napari_boundaryseg.phantom.shapes import Canvas, Capsule, Ellipsoid


@pytest.mark.parametrize(("spacing", "step"), [(1.0, 1.0), (0.7, 32.0), (2.5, 3.0)])
def test_spline_weights_are_a_partition_of_one(spacing: float, step: float) -> None:
    weights = spline_weights(50, spacing, step)
    assert weights.shape[0] == 50
    assert weights.min() >= 0
    assert np.allclose(weights.sum(axis=1), 1, atol=1e-5)


def test_smooth_noise_has_unit_spread_and_the_asked_for_grain() -> None:
    field = smooth_noise(np.random.default_rng(0), (80, 80, 30), (1.0, 1.0, 2.0), 6.0)
    assert field.shape == (80, 80, 30)
    assert field.std() == pytest.approx(1, abs=0.1)
    near = np.corrcoef(field[:-1].ravel(), field[1:].ravel())[0, 1]
    far = np.corrcoef(field[:-30].ravel(), field[30:].ravel())[0, 1]
    assert near > 0.95
    assert abs(far) < 0.15


def test_waves_have_about_unit_spread() -> None:
    x, y, z = np.meshgrid(*[np.linspace(-1, 1, 40, dtype=np.float32)] * 3, indexing="ij")
    spreads = [waves(np.random.default_rng(s), x, y, z, 0.7).std() for s in range(5)]
    assert np.mean(spreads) == pytest.approx(1, abs=0.2)


@pytest.fixture
def canvas() -> Canvas:
    axes = (np.arange(-30, 31, dtype=np.float32), np.arange(-25, 26, dtype=np.float32), np.arange(-20, 21, 2))
    return Canvas(*np.meshgrid(*axes, indexing="ij"))


def test_distances_to_a_ball_and_to_a_rod_are_exact(canvas: Canvas) -> None:
    at = canvas.x, canvas.y, canvas.z
    radius = np.sqrt(canvas.x**2 + canvas.y**2 + canvas.z**2)
    ball = Ellipsoid((0, 0, 0), (9, 9, 9)).distance(*at)
    assert np.allclose(ball[radius > 1], (radius - 9)[radius > 1], atol=1e-4)
    rod = Capsule((-10, 0, 0), (10, 0, 0), 4).distance(*at)
    assert rod[30, 25 + 6, 10] == pytest.approx(2)
    assert rod[30 + 17, 25, 10] == pytest.approx(3)


def test_painting_in_a_box_equals_painting_everywhere(canvas: Canvas) -> None:
    solid = Ellipsoid((8, -6, 4), (11, 5, 7), 35)
    canvas.paint(solid, 3)
    assert np.array_equal(canvas.map == 3, solid.distance(canvas.x, canvas.y, canvas.z) < 0)


def test_paint_keeps_off_what_it_may_not_cover(canvas: Canvas) -> None:
    canvas.paint(Ellipsoid((0, 0, 0), (9, 9, 9)), 1)
    canvas.paint(Ellipsoid((0, 0, 0), (12, 12, 12)), 2, over=(0,))
    canvas.paint(Ellipsoid((0, 0, 0), (9, 9, 9)), 5, over=(1,), depth_mm=3)
    assert canvas.map[30, 25, 10] == 5
    assert canvas.map[30 + 8, 25, 10] == 1
    assert canvas.map[30 + 11, 25, 10] == 2


def test_what_lies_off_the_canvas_is_ignored(canvas: Canvas) -> None:
    canvas.paint(Ellipsoid((500, 0, 0), (9, 9, 9)), 1)
    assert not canvas.map.any()


def test_a_brain_has_four_channels_and_a_nested_tumour() -> None:
    scan, labels = brain(3)
    assert scan.array.shape == (4, 64, 64, 64)
    assert scan.channels == ("t1", "t1c", "t2", "flair")
    assert labels.scheme.name == "brats-2023"
    core, oedema, rim = (labels.mask(name) for name in ("NCR", "ED", "ET"))
    assert all(mask.sum() > 50 for mask in (core, oedema, rim))
    around = ndimage.binary_dilation(core) & ~core
    assert rim[around].mean() > 0.95
    t1, t1c, _, flair = scan.array
    assert t1c[rim].mean() > 1.6 * t1[rim].mean()
    assert flair[oedema].mean() > 1.4 * flair[(scan.array[0] > 0) & (labels.array == 0)].mean()
    assert np.array_equal(scan.array, brain(3)[0].array)


def test_varied_brains_have_smaller_and_larger_tumours_and_other_brightness() -> None:
    usual, varied = ([brain(seed, (32, 32, 32), 5.0, varied=v) for seed in range(12)] for v in (False, True))
    sizes = [[float((labels.array > 0).sum()) for _, labels in group] for group in (usual, varied)]
    assert np.std(np.log(sizes[1])) > 1.3 * np.std(np.log(sizes[0]))
    ratios = [[np.median(s.array[2][s.array[2] > 0]) / np.median(s.array[0][s.array[0] > 0]) for s, _ in group]
              for group in (usual, varied)]  # fmt: skip
    assert np.std(ratios[1]) > 1.5 * np.std(ratios[0])


def test_two_parts_touch_without_a_visible_border() -> None:
    for seed in range(4):
        scan, labels = two_part_structure(seed)
        front, back = labels.mask("Hippocampus_A"), labels.mask("Hippocampus_P")
        assert scan.array.shape == (1, 36, 50, 36)
        assert (ndimage.binary_dilation(front) & back).sum() > 20
        assert 0.7 < labels.volumes_ml()["Hippocampus_A"] < 4.5
        assert 0.4 < labels.volumes_ml()["Hippocampus_P"] < 3
        near = ndimage.binary_dilation(front, iterations=3) & ndimage.binary_dilation(back, iterations=3)
        deep = ndimage.binary_erosion(front | back, iterations=2) & near
        smooth = ndimage.gaussian_filter(scan.array[0], 1)
        assert abs(smooth[deep & front].mean() - smooth[deep & back].mean()) < 3


def test_the_outside_of_the_two_parts_is_visible() -> None:
    scan, labels = two_part_structure(5)
    contrast = border_contrast(scan.array[0], labels.array > 0, scan.spacing_mm, 6.0)
    assert np.median(contrast) > 2
