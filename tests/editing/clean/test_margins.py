"""Margins: against dilation and erosion with an explicit ellipsoid, and against the patient's own directions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from organ_pictures import SPACING, applied, blobs
from pydantic import ValidationError
from scipy.ndimage import binary_dilation

from napari_boundaryseg.data.geometry import DisplayGrid
from napari_boundaryseg.editing.tools.clean.margins import MarginsSettings, margins
from napari_boundaryseg.editing.tools.scene import Scene

AXES = (("inferior_mm", "superior_mm"), ("anterior_mm", "posterior_mm"), ("right_mm", "left_mm"))
TOWARDS = {
    "right_mm": (1, 0, 0),
    "left_mm": (-1, 0, 0),
    "anterior_mm": (0, 1, 0),
    "posterior_mm": (0, -1, 0),
    "superior_mm": (0, 0, 1),
    "inferior_mm": (0, 0, -1),
}
"""In RAS+."""
SIX = [
    {"superior_mm": 6.0, "inferior_mm": 3.0, "anterior_mm": 2.0, "posterior_mm": 4.5, "left_mm": 0.0, "right_mm": 3.3},
    {"superior_mm": 5.0, "inferior_mm": 0.0, "anterior_mm": 3.0, "posterior_mm": 1.0, "left_mm": 4.0, "right_mm": 2.4},
    dict.fromkeys(TOWARDS, 5.0),
    dict.fromkeys(TOWARDS, 2.5),
]


def ellipsoid(sides: dict[str, float]) -> np.ndarray:
    """All offsets within reach, eighth by eighth."""
    reach = [int(max(sides[low], sides[high]) / mm) + 1 for (low, high), mm in zip(AXES, SPACING, strict=True)]
    there = np.zeros([2 * n + 1 for n in reach], bool)
    for offset in itertools.product(*(range(-n, n + 1) for n in reach)):
        total = 0.0
        for step, mm, (low, high) in zip(offset, SPACING, AXES, strict=True):
            half = sides[high if step > 0 else low]
            total += 0.0 if step == 0 else (step * mm / half) ** 2 if half else np.inf
        there[tuple(step + n for step, n in zip(offset, reach, strict=True))] = total <= 1 + 1e-6
    return there


def organ(scene: Scene, **sides: float) -> np.ndarray:
    return applied(scene, margins(scene, MarginsSettings(**sides))) == 1


@pytest.mark.parametrize("sides", SIX)
@pytest.mark.parametrize("seed", range(2))
def test_it_grows_as_by_dilation_with_the_ellipsoid_and_spares_others(sides: dict[str, float], seed: int) -> None:
    labels = blobs(seed)
    labels[labels == 3] = 0
    found = applied(Scene(labels, 1, SPACING), margins(Scene(labels, 1, SPACING), MarginsSettings(**sides)))
    wanted = binary_dilation(labels == 1, ellipsoid(sides)) & (labels != 2)
    assert ((found == 1) == wanted).all()
    assert ((found == 2) == (labels == 2)).all()


@pytest.mark.parametrize("sides", SIX)
@pytest.mark.parametrize("seed", range(2))
def test_it_shrinks_as_by_erosion_with_the_ellipsoid_but_not_from_the_edge_of_the_scan(
    sides: dict[str, float], seed: int
) -> None:
    labels = np.where(blobs(seed) == 3, 0, 1).astype(np.uint8)
    scene = Scene(labels, 1, SPACING)
    wanted = ~binary_dilation(labels == 0, ellipsoid(sides)[::-1, ::-1, ::-1])
    assert (organ(scene, **{name: -mm for name, mm in sides.items()}) == wanted).all()


@pytest.mark.parametrize("mm", [4.0, -4.0])
@pytest.mark.parametrize("side", TOWARDS)
def test_each_direction_is_the_patients_however_the_scan_is_stored(side: str, mm: float) -> None:
    affine = np.array([[0, 0, -2.0, 5], [-2.0, 0, 0, 7], [0, 2.0, 0, 9], [0, 0, 0, 1]])
    grid = DisplayGrid(affine, (15, 16, 17))
    stored = np.zeros((15, 16, 17), np.uint8)
    stored[5:10, 5:10, 5:10] = 1
    scene = Scene(grid.to_display(stored).copy(), 1, grid.scale_mm)
    after = grid.from_display(applied(scene, margins(scene, MarginsSettings(margin_mm=0.0, **{side: mm}))))
    middle = [affine[:3, :3] @ np.argwhere(one == 1).mean(0) for one in (stored, after)]
    assert middle[1] - middle[0] == pytest.approx(np.array(TOWARDS[side]) * mm / 2)
    assert int(after.sum()) - int(stored.sum()) == mm / 2 * 5 * 5


def test_all_sides_is_what_is_not_given() -> None:
    scene = Scene(np.where(blobs(0) == 1, 1, 0).astype(np.uint8), 1, SPACING)
    given = {**dict.fromkeys(TOWARDS, 3.0), "left_mm": 0.0}
    assert (organ(scene, margin_mm=3.0, left_mm=0.0) == organ(scene, **given)).all()
    assert MarginsSettings().margin_mm == 5.0


def test_of_both_signs_growing_comes_first() -> None:
    labels = np.where(blobs(1) == 1, 1, 0).astype(np.uint8)
    scene = Scene(labels, 1, SPACING)
    grown = organ(scene, margin_mm=0.0, superior_mm=5.0, left_mm=2.0)
    then = organ(scene._replace(labels=grown.astype(np.uint8)), margin_mm=0.0, anterior_mm=-2.0, right_mm=-0.8)
    both = organ(scene, margin_mm=0.0, superior_mm=5.0, left_mm=2.0, anterior_mm=-2.0, right_mm=-0.8)
    assert (both == then).all()
    assert not (both == grown).all()


def test_a_thin_organ_shrinks_to_nothing_and_no_margin_changes_nothing() -> None:
    labels = np.zeros((9, 9, 9), np.uint8)
    labels[3:6, 3:6, 3:6] = 1
    scene = Scene(labels, 1, (1.0, 1.0, 1.0))
    assert not organ(scene, margin_mm=-2.0).any()
    assert margins(scene, MarginsSettings(margin_mm=0.0)) is None
    assert margins(scene, MarginsSettings(margin_mm=0.9)) is None, "less than a voxel"


@pytest.mark.parametrize("mm", [50.1, -50.1, float("nan")])
@pytest.mark.parametrize("side", ["margin_mm", *TOWARDS])
def test_no_margin_is_beyond_50_mm(side: str, mm: float) -> None:
    with pytest.raises(ValidationError):
        MarginsSettings(**{side: mm})
