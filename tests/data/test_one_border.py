"""One border: whatever stands for it lies where the faces of the mask are, in slabs, balls and touching organs."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from napari_boundaryseg.data.boundaries import canny_boundary, inner_boundary, sobel_edges, thick_boundary
from napari_boundaryseg.data.contour_targets import contour_targets
from napari_boundaryseg.data.labels import LabelScheme, Organ
from napari_boundaryseg.data.metrics.structure_pair import surface_distances
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.engine.inference.assembling.border_probability import of_probability
from napari_boundaryseg.engine.inference.assembling.reliability import border
from napari_boundaryseg.engine.recipes.settings import Targets
from napari_boundaryseg.losses.difficulty_ce import difficulty
from napari_boundaryseg.losses.signed_distance import signed_distance_mm
from napari_boundaryseg.losses.sobel import EDGE, edge_masks
from napari_boundaryseg.losses.target_maps import GridLabels

SHAPE = (16, 20, 22)
SPACINGS = [(1.0, 1.0, 1.0), (3.0, 1.0, 1.0), (0.7, 1.3, 2.0)]
Z, Y, X = np.indices(SHAPE)


def drawn() -> dict[str, np.ndarray]:
    """Two organs each, as class indices; the second one is absent, or touches the first."""
    slab, sheet = np.zeros(SHAPE, int), np.zeros(SHAPE, int)
    slab[5:11], sheet[:, :, 7:12] = 1, 1
    ball = ((Z - 7) ** 2 + (Y - 9) ** 2 + (X - 10) ** 2 <= 36).astype(int)
    flat = (9 * (Z - 7) ** 2 + (Y - 9) ** 2 + (X - 10) ** 2 <= 64).astype(int)
    touching = np.zeros(SHAPE, int)
    touching[3:12, 4:15, 3:11], touching[5:14, 6:18, 11:19] = 1, 2
    return {"slab": slab, "sheet": sheet, "ball": ball, "flat ball": flat, "touching organs": touching}


def faces(mask: np.ndarray, axes: tuple[int, ...] = (0, 1, 2)) -> np.ndarray:
    """(n, 3) middles of the faces between inside and outside, voxel by voxel."""
    found = []
    for at in product(*map(range, mask.shape)):
        for axis in axes:
            there = tuple(n + (axis == k) for k, n in enumerate(at))
            if there[axis] < mask.shape[axis] and mask[at] != mask[there]:
                found.append([n + 0.5 * (axis == k) for k, n in enumerate(at)])
    return np.array(found)


def apart(voxels: np.ndarray, middles: np.ndarray) -> tuple[float, float]:
    """The farthest that a voxel's centre lies from a face, and a face from a voxel's centre, in voxels."""
    centres = np.argwhere(voxels)
    return cKDTree(middles).query(centres)[0].max(), cKDTree(centres).query(middles)[0].max()


@pytest.fixture(params=drawn())
def labels(request: pytest.FixtureRequest) -> np.ndarray:
    return drawn()[request.param]


@pytest.fixture(params=SPACINGS, ids=str)
def spacing_mm(request: pytest.FixtureRequest) -> tuple[float, float, float]:
    return request.param


@pytest.fixture
def scheme() -> LabelScheme:
    return LabelScheme(
        name="two",
        organs=(Organ(id=1, name="One", colour="#ff0000"), Organ(id=2, name="Two", colour="#00ff00")),
    )


def test_inner_and_thick_boundaries_lie_half_a_voxel_from_every_face(labels: np.ndarray) -> None:
    mask = labels == 1
    middles = faces(mask)
    assert apart(inner_boundary(mask), middles) == (0.5, 0.5)
    assert apart(thick_boundary(mask), middles) == (0.5, 0.5)
    assert mask[inner_boundary(mask)].all()
    for side in (mask, ~mask):
        assert apart(thick_boundary(mask) & side, middles) == (0.5, 0.5)


def test_targets_and_metrics_have_the_organs_side(
    labels: np.ndarray, spacing_mm: tuple[float, float, float], scheme: LabelScheme
) -> None:
    mask = labels == 1
    inner = inner_boundary(mask)
    settings = Targets(mode="distance", sigma_mm=1.5, difficulty_sigma_mm=0.1)
    hard, soft = contour_targets(labels, (1,), (1,), settings, spacing_mm)
    np.testing.assert_array_equal(hard[0] == 1, inner)
    np.testing.assert_array_equal(soft[0] == 1, inner)
    weights = difficulty(GridLabels(labels, spacing_mm, scheme, settings))[0]
    np.testing.assert_array_equal(weights > 1.1, inner | inner_boundary(labels == 2))
    there, _ = surface_distances(mask, np.zeros_like(mask), spacing_mm)
    assert len(there) == inner.sum()


def test_calibration_and_edges_have_both_sides(
    labels: np.ndarray, spacing_mm: tuple[float, float, float], scheme: LabelScheme
) -> None:
    thick = [thick_boundary(labels == organ) for organ in (1, 2)]
    for organ in (1, 2):
        np.testing.assert_array_equal(of_probability(labels == organ) == 1, thick[organ - 1])
    scan = LabelMap(labels.astype(np.uint8), Geometry(SHAPE, np.diag([*spacing_mm, 1.0])), scheme)
    np.testing.assert_array_equal(border(scan), thick[0] | thick[1])


def test_the_signed_distance_changes_its_sign_between_the_thick_voxels(
    labels: np.ndarray, spacing_mm: tuple[float, float, float]
) -> None:
    mask = labels == 1
    distance = signed_distance_mm(mask, spacing_mm)
    np.testing.assert_array_equal(distance < 0, mask)
    assert np.abs(distance[thick_boundary(mask)]).max() <= max(spacing_mm) + 1e-6


def test_a_metric_sees_the_step_between_two_borders(spacing_mm: tuple[float, float, float]) -> None:
    """Both surfaces lie on the inner side: the half voxel is taken out of the distance of walls that face one way."""
    for axis in range(3):
        one, other = (np.moveaxis(np.zeros(SHAPE, bool), axis, 0) for _ in range(2))
        one[3:], other[5:] = True, True
        there, back = surface_distances(*(np.moveaxis(a, 0, axis) for a in (one, other)), spacing_mm)
        assert set(there.round(9)) == set(back.round(9)) == {2 * spacing_mm[axis]}


@pytest.mark.parametrize("name", drawn())
def test_sobel_edges_have_both_sides_and_reach_further_where_it_bends(name: str) -> None:
    labels = drawn()[name]
    mask = labels == 1
    sobel = edge_masks(torch.from_numpy(labels)[None], 3)[0, 0].numpy()
    np.testing.assert_array_equal(sobel, sobel_edges(mask) >= EDGE - 1e-9)
    if "ball" in name:
        assert apart(sobel, faces(mask)) == (pytest.approx(np.sqrt(1.25)), 0.5)
    else:
        np.testing.assert_array_equal(sobel, thick_boundary(mask))


def test_canny_is_near_the_border_and_knows_faces_in_its_slices_only(labels: np.ndarray) -> None:
    mask = labels == 1
    canny = canny_boundary(mask)
    middles = faces(mask, (1, 2))
    if not len(middles):
        assert not canny.any()
        return
    middles = middles[(np.abs(middles[:, 1:] - (np.array(SHAPE[1:]) - 1) / 2) < np.array(SHAPE[1:]) / 2 - 1).all(1)]
    voxels_away, faces_away = apart(canny, middles)
    assert max(voxels_away, faces_away) <= np.sqrt(1.25) + 1e-9


def test_canny_is_now_on_one_side_and_now_on_the_other() -> None:
    mask = drawn()["ball"] == 1
    assert 0 < mask[canny_boundary(mask)].mean() < 1
