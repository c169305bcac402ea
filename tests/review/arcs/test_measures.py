"""Measures of doubt on maps of which they can be computed by hand or by quadrature."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from napari_boundaryseg.review.arcs import slabs
from napari_boundaryseg.review.arcs.cutting import cut
from napari_boundaryseg.review.arcs.measures import LEAST, measured

SPACING = (0.5, 0.5, 2.0)
SOFT_MM = 1.5


def at_row(border: float, n: int = 80, slices: int = 3) -> np.ndarray:
    """Rows up to a border belong to the organ: a straight line across the whole scan."""
    labels = np.zeros((n, n, slices), np.uint8)
    labels[: int(border + 0.5)] = 1
    return labels


def logistic(x: float | np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.asarray(x)))


def ramp(border: float, n: int = 80, slices: int = 3) -> np.ndarray:
    """(2, I, J, K): the organ's probability falls off over the rows, and is one half at the border."""
    organ = logistic((border - np.arange(n)) * SPACING[0] / SOFT_MM)
    organ = np.broadcast_to(organ[:, None, None], (n, n, slices))
    return np.stack([1 - organ, organ]).astype(np.float32)


def entropy(p: float) -> float:
    p = float(np.clip(p, LEAST, 1 - LEAST))
    return -(p * np.log(p) + (1 - p) * np.log(1 - p))


def mean_within(mm: float, of: object, **more: object) -> float:
    return quad(of, -mm, mm, limit=200, **more)[0] / (2 * mm)  # type: ignore[arg-type]


def of(labels: np.ndarray, maps: object, tolerance: float = 2.0, **more: object) -> dict[str, np.ndarray]:
    arcs = cut(labels, [1], SPACING, 2, 8.0)
    assert len(arcs) == 15
    return measured(arcs, labels, tolerance, probabilities=maps, classes=(0, 1), **more)  # type: ignore[arg-type]


def test_where_the_labels_are_the_models_doubt_is_the_entropy_of_the_organ() -> None:
    found = of(at_row(39.5), ramp(39.5))
    assert found["doubt"] == pytest.approx(mean_within(4.0, lambda x: entropy(logistic(x / SOFT_MM))), rel=0.04)
    assert found["entropy"] == pytest.approx(mean_within(6.0, lambda x: entropy(logistic(x / SOFT_MM))), rel=0.04)
    assert found["width"] == pytest.approx(2 * SOFT_MM * np.log(9), rel=0.08)
    assert found["gap"] == pytest.approx(0.0, abs=0.05)


def test_where_the_border_was_moved_doubt_is_how_unlikely_the_labels_are() -> None:
    """By 10 voxels, 5 mm, outwards: the labels between the two borders are what the model denies."""

    def said(x: float) -> float:
        p = float(np.clip(logistic(-(x + 5.0) / SOFT_MM), LEAST, 1 - LEAST))
        return max(entropy(p), -np.log(p) if x < 0 else -np.log(1 - p))

    found = of(at_row(49.5), ramp(39.5))
    assert found["doubt"] == pytest.approx(mean_within(4.0, said, points=[0.0]), rel=0.06)
    assert found["gap"] == pytest.approx(5.0, abs=0.05)
    still = of(at_row(39.5), ramp(39.5))
    assert found["doubt"].min() > 2 * still["doubt"].max()
    assert found["entropy"].max() < 0.7 * still["entropy"].min()  # which alone would have called it certain


def test_the_entropy_is_of_all_classes_and_the_doubt_of_the_organ_alone() -> None:
    labels = at_row(39.5)
    maps = np.stack([np.full(labels.shape, p, np.float32) for p in (0.5, 0.25, 0.25)])
    arcs = cut(labels, [1], SPACING, 2, 8.0)
    found = measured(arcs, labels, 2.0, probabilities=maps, classes=(0, 1, 5))
    assert found["entropy"] == pytest.approx(1.5 * np.log(2), rel=1e-5)
    inside, outside = -np.log(0.25), entropy(0.25)
    assert found["doubt"] == pytest.approx((inside + outside) / 2, rel=0.05)


def test_what_there_is_not_is_not_measured() -> None:
    labels = at_row(39.5)
    arcs = cut(labels, [1], SPACING, 2, 8.0)
    assert set(measured(arcs, labels, 1.0)) == {"jump", "bend"}
    image = np.zeros((1, *labels.shape), np.float32)
    assert set(measured(arcs, labels, 1.0, image=image)) == {"jump", "bend", "gradient"}
    assert measured([], labels, 1.0) == {}


def test_a_blurred_border_is_more_doubtful_than_a_sharp_one_by_its_gradient() -> None:
    """Of a ramp of so many grey values a millimetre the gradient is known; the mean over arcs is 1."""
    labels = at_row(39.5)
    rows = (np.arange(80) - 39.5) * SPACING[0]
    steep = np.where(np.arange(80) < 40, 40.0, 10.0)[None, :]  # grey values a millimetre, by column
    image = np.clip(rows[:, None] * steep, -80, 80)[None, :, :, None] * np.ones((1, 1, 1, 3))
    arcs = cut(labels, [1], SPACING, 2, 8.0)
    found = measured(arcs, labels, 1.0, image=image)["gradient"]
    column = np.array([arc.centre[1] for arc in arcs])
    left, right = found[column < 30], found[column > 50]
    assert left.mean() / right.mean() == pytest.approx(4.0, rel=0.15)
    assert left.max() < right.min() < 0
    assert found.mean() == pytest.approx(-1.0)


def test_a_cone_jumps_by_how_much_its_radius_grows_and_does_not_bend() -> None:
    n = 60
    rows, columns = np.mgrid[-n : n + 1, -n : n + 1]
    labels = np.stack([np.hypot(rows, columns) * 0.5 < radius for radius in (10, 12, 14, 16, 18)], axis=2)
    arcs = [arc for arc in cut(labels.astype(np.uint8), [1], SPACING, 2, 8.0) if arc.slice in (1, 2, 3)]
    found = measured(arcs, labels, 1.0)
    assert found["jump"] == pytest.approx(2.0, abs=0.25)
    assert found["bend"] == pytest.approx(0.0, abs=0.25)


def test_one_slice_that_was_moved_bends_by_as_much() -> None:
    labels = np.zeros((80, 80, 5), np.uint8)
    labels[20:60, 20:60] = 1
    labels[:, :, 2] = np.roll(labels[:, :, 2], 8, axis=0)  # 4 mm
    arcs = [arc for arc in cut(labels, [1], SPACING, 2, 8.0) if arc.slice == 2]
    found = measured(arcs, labels, 1.0)
    flat = np.array([np.ptp(arc.points[:, 0]) < 0.1 and abs(arc.points[:, 1] - 39.5).max() < 12 for arc in arcs])
    assert flat.any()
    assert found["bend"][flat] == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize("kind", ["function", "file", "small slabs"])
def test_maps_may_lie_in_a_file_or_come_box_by_box(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels, maps = at_row(39.5, slices=7), ramp(38.0, slices=7)
    maps = np.clip(maps + np.linspace(0, 0.1, 7, dtype=np.float32), 0, 1)
    arcs = cut(labels, [1], SPACING, 2, 8.0)
    wanted = measured(arcs, labels, 2.0, probabilities=maps, classes=(0, 1))
    asked = []

    def given(box: tuple[slice, slice, slice]) -> np.ndarray:
        asked.append(box)
        return maps[(slice(None), *box)]

    source: object = given
    if kind == "file":
        np.save(tmp_path / "maps.npy", maps)
        source = np.load(tmp_path / "maps.npy", mmap_mode="r")
    if kind == "small slabs":
        monkeypatch.setattr(slabs, "SLAB_BYTES", 1)
    found = measured(arcs, labels, 2.0, probabilities=source, classes=(0, 1))  # type: ignore[arg-type]
    assert set(found) == set(wanted)
    for name in wanted:
        assert found[name] == pytest.approx(wanted[name])
    if kind == "small slabs":
        assert len(asked) == 7
        assert max(box[2].stop - box[2].start for box in asked) == 3


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_slices_may_lie_across_any_axis(axis: int) -> None:
    labels, maps = at_row(39.5), ramp(38.0)
    base = of(labels, maps)
    turned, source = np.moveaxis(labels, 2, axis), np.moveaxis(maps, 3, axis + 1)
    spacing = tuple(np.insert(np.array(SPACING[:2]), axis, SPACING[2]))
    arcs = cut(turned, [1], spacing, axis, 8.0)
    found = measured(arcs, turned, 2.0, probabilities=source, classes=(0, 1))
    for name in base:
        assert found[name] == pytest.approx(base[name], rel=1e-5, abs=1e-6)
