"""Nudge: a disc pushes the border of the chosen organ in the slice, outwards from inside it, inwards from outside."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from napari_boundaryseg.editing.tools.draw_tool import DRAW_TOOLS, DrawTool
from napari_boundaryseg.editing.tools.scene import Scene, Written
from napari_boundaryseg.editing.tools.swept import swept
from napari_boundaryseg.editing.tools.tool_settings import Over, Radius, RadiusSettings


class NudgeSettings(RadiusSettings):
    """The disc that pushes."""

    radius_mm: Radius = Field(6.0, description="Of the disc that pushes the border (Shift and wheel)")
    over: Over = False


def nudge(scene: Scene, way: np.ndarray, settings: NudgeSettings) -> Written | None:
    """The organ with what the disc has swept over added, or taken off.

    It is added where the stroke began in the organ, and taken off where it began outside: the border goes before the
    disc, as before the pearl of a treatment planning system.

    Parameters
    ----------
    scene : Scene
    way : (N, 3) array of float
        The disc goes from the last point but one to the last.
    settings : NudgeSettings

    Returns
    -------
    Written, or None where nothing changes

    Examples
    --------
    >>> labels = np.zeros((3, 20, 20), np.uint8)
    >>> labels[1, 5:15, 5:10] = 1
    >>> way = np.array([(1, 10, 7), (1, 10, 9)])
    >>> found = nudge(Scene(labels, 1, (3.0, 1.0, 1.0), pressed=1), way, NudgeSettings(radius_mm=3.0))
    >>> print(found.labels[0].astype(int))
    [[0 1 1 1 1 1 0 0 0]
     [0 1 1 1 1 1 1 1 0]
     [0 1 1 1 1 1 1 1 0]
     [1 1 1 1 1 1 1 1 1]
     [0 1 1 1 1 1 1 1 0]
     [0 1 1 1 1 1 1 1 0]
     [0 1 1 1 1 1 0 0 0]]
    """
    found = swept(way, settings.radius_mm, scene.spacing_mm, scene.labels.shape, scene.axis)
    if found is None:
        return None
    box, disc = found
    before = scene.labels[box]
    here = before == scene.organ
    if scene.pressed != scene.organ:
        return scene.written(box, here & ~disc)
    return scene.written(box, here | disc, settings.over)


DRAW_TOOLS.register("nudge")(
    DrawTool(
        label="Nudge",
        words="Press inside the chosen organ and push its border outwards, or outside and push it inwards",
        key="N",
        settings=NudgeSettings,
        act=nudge,
        goes_on=True,
        position=20,
    )
)
