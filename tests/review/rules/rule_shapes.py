"""Shapes for the rules: drawn with the slices first, and stored in many ways."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from napari_boundaryseg.data.labels import LabelScheme, preset
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.review.rules.check import check
from napari_boundaryseg.review.rules.finding import Finding

SPACING = (3.0, 1.0, 1.0)
"""Slices of 3 mm."""
SHAPE = (30, 70, 64)
PELVIS = preset("pelvis-ct")

Stored = tuple[tuple[int, int, int], tuple[int, int, int], float]
"""Where slices, rows and columns go, which of them are flipped, and by how many degrees the grid is turned."""
WAYS: list[Stored] = [
    ((2, 1, 0), (1, 1, 1), 0.0),
    ((0, 1, 2), (1, -1, 1), 0.0),
    ((1, 2, 0), (-1, 1, -1), 0.0),
    ((2, 0, 1), (-1, -1, -1), 0.0),
    ((2, 1, 0), (-1, 1, 1), 17.0),
    ((0, 2, 1), (1, 1, -1), 33.0),
]


def ellipsoid(
    middle_mm: Sequence[float],
    half_mm: Sequence[float],
    shape: tuple[int, int, int] = SHAPE,
    spacing: Sequence[float] = SPACING,
) -> np.ndarray:
    """Bool (S, R, C) of what lies within an ellipsoid, in mm from the first voxel."""
    at = np.stack(np.indices(shape, float), axis=-1) * spacing
    return np.asarray((((at - middle_mm) / half_mm) ** 2).sum(axis=-1) <= 1)


def tube(
    axis: int, radius_mm: float, shape: tuple[int, int, int] = SHAPE, spacing: Sequence[float] = SPACING
) -> np.ndarray:
    """Bool (S, R, C) of a round tube along an axis, which ends a few voxels before the scan does."""
    at = np.stack(np.indices(shape, float), axis=-1) * spacing
    middle = np.multiply(shape, spacing) / 2 + 0.3
    away = np.delete(at - middle, axis, axis=-1)
    inside = (away**2).sum(axis=-1) <= radius_mm**2
    index = np.indices(shape)[axis]
    return np.asarray(inside & (index >= 4) & (index < shape[axis] - 4))


def stored(
    array: np.ndarray,
    way: Stored = WAYS[0],
    spacing: Sequence[float] = SPACING,
    scheme: LabelScheme = PELVIS,
) -> LabelMap:
    """Labels drawn as (S, R, C), where S grows to the head, R to the back and C to the left, stored in some way."""
    places, flips, degrees = way
    order = np.argsort(places)
    moved = np.transpose(array, order)
    for axis, place in enumerate(places):
        if flips[axis] < 0:
            moved = np.flip(moved, place)
    towards = {0: (0, 0, 1), 1: (0, -1, 0), 2: (-1, 0, 0)}
    affine = np.eye(4)
    for axis, place in enumerate(places):
        affine[:3, place] = np.array(towards[axis]) * spacing[axis] * flips[axis]
        if flips[axis] < 0:
            affine[:3, 3] -= affine[:3, place] * (array.shape[axis] - 1)
    turn, angle = np.eye(4), np.radians(degrees)
    turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    labels = np.ascontiguousarray(moved).astype(np.uint8)
    return LabelMap(labels, Geometry(labels.shape, turn @ affine), scheme)


def slices_first(voxel: tuple[int, int, int], way: Stored, shape: tuple[int, int, int] = SHAPE) -> tuple[int, int, int]:
    """A stored voxel as (s, r, c)."""
    places, flips, _ = way
    s, r, c = (voxel[place] if flips[axis] > 0 else shape[axis] - 1 - voxel[place] for axis, place in enumerate(places))
    return s, r, c


def said(labels: LabelMap, *rules: str, **more: object) -> tuple[Finding, ...]:
    """Findings of some rules."""
    return check(labels, only=rules or None, **more)  # type: ignore[arg-type]


def all_flips() -> list[Stored]:
    """Every order of axes and every flip: 48."""
    return [
        (places, flips, 0.0)  # type: ignore[misc]
        for places in itertools.permutations((0, 1, 2))
        for flips in itertools.product((1, -1), repeat=3)
    ]
