"""Fill holes: what the chosen organ encloses becomes the organ."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from napari_boundaryseg.data.boxes import around
from napari_boundaryseg.editing.tools.clean_tool import CLEAN_TOOLS, CleanTool
from napari_boundaryseg.editing.tools.scene import Scene, Written
from napari_boundaryseg.editing.tools.tool_settings import ToolSettings


class FillHolesSettings(ToolSettings):
    """What counts as a hole."""

    per_slice: bool = Field(
        True,
        title="In each slice",
        description="Also what is enclosed within a slice of this plane, though open in space; else in space alone",
    )


def fill_holes(scene: Scene, settings: FillHolesSettings) -> Written | None:
    """The organ with its holes filled; another organ in a hole is spared, and the organ closes round it.

    A hole is what no way leads out of from voxel to voxel through their faces: a gap at a corner lets nothing through.
    What is open to the edge of the scan is no hole in space.

    Parameters
    ----------
    scene : Scene
    settings : FillHolesSettings

    Returns
    -------
    Written, or None without a hole

    Examples
    --------
    >>> labels = np.ones((5, 7, 7), np.uint8)
    >>> labels[:, 3, 3] = 0  # a shaft through all slices
    >>> scene = Scene(labels, 1, (3.0, 1.0, 1.0))
    >>> int(fill_holes(scene, FillHolesSettings()).labels.sum()) - int(labels.sum())
    5
    >>> fill_holes(scene, FillHolesSettings(per_slice=False)) is None
    True
    """
    organ = scene.labels == scene.organ
    box = around(organ, scene.spacing_mm)
    if box is None:
        return None
    here = np.ascontiguousarray(organ[box])
    # What is enclosed in space is so in each slice too.
    return scene.written(box, here | _enclosed(here, scene.axis if settings.per_slice else None))


def _enclosed(mask: np.ndarray, across: int | None) -> np.ndarray:
    """What has no way out of the array; within the slices alone, where an axis across them is given."""
    from scipy.ndimage import generate_binary_structure, label

    faces = generate_binary_structure(3, 1)
    if across is not None:
        faces.swapaxes(0, across)[[0, -1]] = False
    parts, count = label(~mask, structure=faces)
    closed = np.ones(count + 1, bool)
    closed[0] = False
    for axis in range(3):
        if axis != across:
            closed[parts.swapaxes(0, axis)[[0, -1]]] = False
    return closed[parts]


CLEAN_TOOLS.register("fill-holes")(
    CleanTool(
        label="Fill holes",
        words="What the chosen organ encloses becomes the organ; other organs are spared",
        settings=FillHolesSettings,
        act=fill_holes,
        position=10,
    )
)
