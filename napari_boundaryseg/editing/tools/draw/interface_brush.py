"""Interface brush: moves the border between two organs that touch; the two together stay exactly as they were."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.editing.tools.draw_tool import DRAW_TOOLS, DrawTool
from napari_boundaryseg.editing.tools.scene import Scene, Written
from napari_boundaryseg.editing.tools.swept import swept, wider
from napari_boundaryseg.editing.tools.tool_settings import RadiusSettings


class InterfaceBrushSettings(RadiusSettings):
    """The disc that moves the border."""


def interface_brush(scene: Scene, way: np.ndarray, settings: InterfaceBrushSettings) -> Written | None:
    """The organ in which the stroke began, with the voxels of organs that it touches under the disc.

    An organ gives way where one of its voxels under the disc has a neighbour of the growing organ, side by side in the
    slice. Background stays background, and no voxel becomes it: no gap, no overlap.

    Parameters
    ----------
    scene : Scene
        `pressed` is the organ that grows, whichever is chosen.
    way : (N, 3) array of float
        The disc goes from the last point but one to the last.
    settings : InterfaceBrushSettings

    Returns
    -------
    Written, or None where nothing changes or the stroke began on background

    Examples
    --------
    >>> labels = np.zeros((1, 9, 12), np.uint8)
    >>> labels[0, 2:7, 1:6], labels[0, 2:7, 6:11] = 1, 2
    >>> scene = Scene(labels, 1, (3.0, 1.0, 1.0), pressed=2)
    >>> found = interface_brush(scene, np.array([(0, 4, 7), (0, 4, 6)]), InterfaceBrushSettings(radius_mm=3.0))
    >>> print(found.labels[0])
    [[0 0 0 0 0 0 0 0]
     [1 2 2 2 2 2 2 2]
     [1 2 2 2 2 2 2 2]
     [2 2 2 2 2 2 2 2]
     [1 2 2 2 2 2 2 2]
     [1 2 2 2 2 2 2 2]
     [0 0 0 0 0 0 0 0]]
    """
    from scipy.ndimage import binary_dilation

    found = swept(way, settings.radius_mm, scene.spacing_mm, scene.labels.shape, scene.axis)
    if scene.pressed == 0 or found is None:
        return None
    box, disc = found
    before = scene.labels[box]
    wide, place = wider(box, scene.labels.shape, scene.axis)
    grows = np.squeeze(scene.labels[wide] == scene.pressed, scene.axis)
    beside = np.expand_dims(binary_dilation(grows), scene.axis)[place]
    others = disc & (before != 0) & (before != scene.pressed)
    gives_way = others & np.isin(before, np.unique(before[others & beside]))
    if not gives_way.any():
        return None
    return Written(box, np.where(gives_way, scene.pressed, before).astype(before.dtype, copy=False))


DRAW_TOOLS.register("interface_brush")(
    DrawTool(
        label="Interface",
        words="Press inside an organ and drag over one that it touches: the border between them moves, nothing else",
        key="I",
        settings=InterfaceBrushSettings,
        act=interface_brush,
        goes_on=True,
        of_pressed=True,
        position=25,
    )
)
