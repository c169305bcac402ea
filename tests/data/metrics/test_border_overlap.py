"""Dice near the reference border: counted by hand, and against a slow search for the nearest border voxel."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from napari_boundaryseg.data.metrics import StructurePair, metrics, names


def value(prediction: np.ndarray, reference: np.ndarray, spacing_mm: tuple[float, float, float]) -> float:
    metric = next(metric for metric in metrics(["border_dsc"]) if metric.name == "border_dsc")
    return metric.of(StructurePair.of(prediction, reference, spacing_mm, tolerance_mm=1.0))


def slowly(prediction: np.ndarray, reference: np.ndarray, spacing_mm: tuple[float, float, float]) -> float:
    border = np.zeros(reference.shape, bool)
    for axis in range(3):
        first, second = [slice(None)] * 3, [slice(None)] * 3
        first[axis], second[axis] = slice(None, -1), slice(1, None)
        differ = reference[tuple(first)] != reference[tuple(second)]
        border[tuple(first)] |= differ
        border[tuple(second)] |= differ
    points = np.stack(np.indices(reference.shape), -1).reshape(-1, 3) * np.array(spacing_mm)
    near = (cdist(points, points[border.ravel()]).min(1) <= 3.0).reshape(reference.shape)
    a, b = prediction & near, reference & near
    return 2 * (a & b).sum() / (a.sum() + b.sum())


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (0.7, 1.3, 3.0), (4.0, 4.0, 4.0)])
def test_it_is_what_a_slow_search_gives(spacing_mm: tuple[float, float, float]) -> None:
    rng = np.random.default_rng(0)
    grid = np.stack(np.indices((16, 14, 12)), -1) - (8, 7, 6)
    for _ in range(5):
        reference = (grid**2 / rng.uniform(9, 36, 3)).sum(-1) < 1
        prediction = np.roll(reference, rng.integers(-2, 3, 3), (0, 1, 2))
        assert value(prediction, reference, spacing_mm) == pytest.approx(slowly(prediction, reference, spacing_mm))


def test_an_inside_that_is_right_says_nothing() -> None:
    reference = np.zeros((40, 40, 40), bool)
    reference[5:35, 5:35, 5:35] = True
    hollow = reference.copy()
    hollow[15:25, 15:25, 15:25] = False
    assert value(hollow, reference, (1.0, 1.0, 1.0)) == 1.0


def test_it_is_measured_on_request_and_knows_empty_masks() -> None:
    assert "border_dsc" not in names()
    full, empty = np.ones((4, 4, 4), bool), np.zeros((4, 4, 4), bool)
    assert value(empty, full, (1.0, 1.0, 1.0)) == 0.0
    assert np.isnan(value(full, full, (1.0, 1.0, 1.0))), "no border in the scan"
