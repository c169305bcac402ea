"""Slices of the scan's own grid in a flat view, whatever other layers there are; without a window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.ui.layers.access import only
from napari_boundaryseg.ui.layers.scan import show_scan
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid

SHAPE, SPACING = (7, 6, 5), (0.9, 1.1, 3.0)
"""Along x, y, z."""


@pytest.fixture(params=["alone", "smaller voxels", "four axes"])
def grid(request: pytest.FixtureRequest) -> ScanGrid:
    affine = np.diag([*SPACING, 1.0])
    scan = Volume(np.zeros((1, *SHAPE), np.float32), Geometry(SHAPE, affine), ("T2",), "demo", "MR")
    viewer: Any = ViewerModel()
    made = ScanGrid(viewer)
    assert not made.is_flat
    show_scan(viewer, scan)
    if request.param == "smaller voxels":
        viewer.add_image(np.zeros((90, 20, 20), np.float32), scale=(0.7, 0.2, 1), visible=False)
    if request.param == "four axes":
        viewer.add_image(np.zeros((3, 9, 9, 9), np.float32))
    made.show(scan.geometry.display)
    return made


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_are_those_of_the_scan_across_any_axis(grid: ScanGrid, axis: int) -> None:
    dims = grid.viewer.dims
    lead = tuple(range(dims.ndim - 3))
    dims.order = lead + tuple(len(lead) + one for one in ((0, 1, 2), (1, 0, 2), (2, 0, 1))[axis])
    assert grid.is_flat and grid.axis == axis
    others = [n for n in range(3) if n != axis]
    before = [grid.voxel()[n] for n in others]
    for at in range(grid.shape[axis]):
        grid.show_slice(at)
        assert grid.slice() == grid.voxel()[axis] == at
    grid.step(1)
    assert grid.slice() == grid.shape[axis] - 1, "there is none further on"
    grid.step(-2)
    assert grid.slice() == grid.shape[axis] - 3
    grid.step(-100)
    assert grid.slice() == 0
    grid.step(0)
    assert [grid.voxel()[n] for n in others] == before


def test_there_are_no_slices_in_3d_nor_without_a_scan(grid: ScanGrid) -> None:
    grid.viewer.dims.ndisplay = 3
    assert not grid.is_flat
    grid.viewer.dims.ndisplay = 2
    assert grid.is_flat
    if grid.viewer.dims.ndim == 4:
        grid.viewer.dims.order = (1, 2, 0, 3)
        assert not grid.is_flat, "an axis of another layer is shown"
    grid.show(None)
    assert not grid.is_flat


def test_a_scan_that_was_removed_from_the_list_still_has_its_slices(grid: ScanGrid) -> None:
    layers = grid.viewer.layers
    grid.viewer.add_labels(np.zeros(grid.shape, np.uint8), scale=grid.scale_mm)
    layers.remove(only(grid.viewer, "scan"))
    grid.show_slice(1)
    assert grid.is_flat and grid.slice() == 1
