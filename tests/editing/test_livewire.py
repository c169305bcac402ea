"""Livewire: the cheapest way, as another implementation finds it; straight without a pull; inside the slice."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from napari_boundaryseg.editing.tools.livewire import LEAST, REACH_MM, STRAIGHT, bent, edge_strength, scaled

SPACING = (1.5, 0.75)


def field(seed: int, shape: tuple[int, int] = (24, 30)) -> np.ndarray:
    return scaled(ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), 1.5))


def cheapest(cost: np.ndarray, a: tuple[int, int], b: tuple[int, int]) -> float:
    """Between two pixels, over the eight neighbours of each: half of both costs times the distance."""
    numbers = np.arange(cost.size).reshape(cost.shape)
    rows, columns, weights = [], [], []
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = (slice(0, cost.shape[0] - dy), slice(max(0, -dx), cost.shape[1] - max(0, dx)))
        there = (slice(dy, None), slice(max(0, dx), cost.shape[1] + min(0, dx)))
        rows.append(numbers[here].ravel())
        columns.append(numbers[there].ravel())
        weights.append((cost[here] + cost[there]).ravel() / 2 * np.hypot(dy * SPACING[0], dx * SPACING[1]))
    graph = coo_array(
        (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), shape=(cost.size, cost.size)
    )
    return float(dijkstra(graph.tocsr(), directed=False, indices=numbers[a])[numbers[b]])


def priced(line: list[tuple[float, float]], cost: np.ndarray) -> float:
    """What a line along pixels costs."""
    pixels = [tuple(np.round(np.array(point) / SPACING).astype(int)) for point in line]
    steps = pairwise(pixels)
    return sum((cost[a] + cost[b]) / 2 * float(np.hypot(*((np.array(a) - b) * SPACING))) for a, b in steps if a != b)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("pull", [0.3, 1.0])
def test_it_is_the_cheapest_way(seed: int, pull: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndimage, "gaussian_filter1d", lambda line, *args, **kw: line)  # as it is along pixels
    edges = field(seed)
    start, end = (6 * SPACING[0], 8 * SPACING[1]), (17 * SPACING[0], 22 * SPACING[1])
    line = bent(start, end, edges, SPACING, pull)
    cost = LEAST + STRAIGHT * (1 / pull - 1) + (1 - edges) ** 2
    assert (line[0], line[-1]) == (start, end)
    assert priced(line, cost) == pytest.approx(cheapest(cost, (6, 8), (17, 22)))


def test_without_a_pull_it_is_straight_and_with_a_weak_one_nearly() -> None:
    edges = field(1)
    start, end = (3.0, 3.0), (30.0, 15.0)
    assert bent(start, end, edges, SPACING, 0.0) == [start, end]
    across = np.array([end[1] - start[1], start[0] - end[0]]) / np.hypot(27, 12)
    away = [
        np.abs((np.array(bent(start, end, edges, SPACING, pull)) - start) @ across).max() for pull in (0.02, 0.5, 1.0)
    ]
    assert away[0] <= max(SPACING)
    assert away[0] < away[1] <= away[2] + 1.0


def test_it_follows_a_round_border() -> None:
    y, x = np.mgrid[:60, :60]
    image = ndimage.gaussian_filter(((y - 30) ** 2 + (x - 30) ** 2 < 15**2).astype(float), 1.0)
    edges = edge_strength(image, (1.0, 1.0), 1.0)
    line = np.array(bent((15.0, 30.0), (30.0, 45.0), edges, (1.0, 1.0), 0.5))
    assert np.abs(np.hypot(*(line - 30).T) - 15).max() < 1.2


@pytest.mark.parametrize("place", [(-3.0, 2.0), (80.0, 5.0), (2.0, -4.0)])
def test_a_corner_beside_the_slice_is_reached(place: tuple[float, float]) -> None:
    line = bent((5.0, 5.0), place, field(2), SPACING, 0.5)
    assert line[-1] == place
    assert np.isfinite(line).all()
    assert np.abs(np.array(line)).max() <= 80 + REACH_MM


def test_edges_run_from_none_to_full() -> None:
    image = np.random.default_rng(0).normal(size=(40, 50)) * 700
    found = edge_strength(image, SPACING, 1.0)
    assert found.min() == 0
    assert found.max() == 1
    assert (found == 0).mean() == pytest.approx(0.2, abs=0.02)
    np.testing.assert_allclose(edge_strength(3 * image + 40, SPACING, 1.0), found, atol=1e-4)
    assert not edge_strength(np.full((9, 9), 5.0), SPACING, 1.0).any()


@pytest.mark.parametrize("damage", [np.nan, np.inf, -np.inf])
def test_a_damaged_voxel_is_no_edge_and_does_no_harm(damage: float) -> None:
    image = ndimage.gaussian_filter(np.random.default_rng(3).normal(size=(40, 50)), 2) * 100
    broken = image.copy()
    broken[20, 25] = damage
    found, whole = edge_strength(broken, SPACING, 1.0), edge_strength(image, SPACING, 1.0)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[:10], whole[:10], atol=0.2)
    wild = whole.copy()
    wild[15:25] = damage
    line = bent((6.0, 6.0), (45.0, 30.0), wild, SPACING, 0.5)
    assert np.isfinite(line).all()
    assert not edge_strength(np.full((9, 9), damage), SPACING, 1.0).any()
