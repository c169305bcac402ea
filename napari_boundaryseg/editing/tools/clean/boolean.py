"""Subtract or add: the chosen organ keeps a gap to another one, or takes it over.

Labels do not overlap. So what two organs share is nothing (there is no "intersect"), and what a subtraction takes away
is a margin round the other organ.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from napari_boundaryseg.data.boxes import around
from napari_boundaryseg.editing.tools.clean.near import closer
from napari_boundaryseg.editing.tools.clean.second_organ import second_organ
from napari_boundaryseg.editing.tools.clean_tool import CLEAN_TOOLS, CleanTool
from napari_boundaryseg.editing.tools.scene import Scene, Written
from napari_boundaryseg.editing.tools.tool_settings import ToolSettings


class BooleanSettings(ToolSettings):
    """What the other organ does to the chosen one."""

    how: Literal["subtract", "add"] = Field(
        "subtract",
        title="Second organ",
        description="Keep a gap to it, or make it part of the chosen organ",
        json_schema_extra={"words": {"subtract": "Keep a gap to it", "add": "Take it over"}},
    )
    gap_mm: float = Field(
        2.0, ge=0.1, le=100, title="Gap", description="So much stays free between the two; the chosen organ gives way"
    )


def boolean(scene: Scene, settings: BooleanSettings) -> Written | None:
    """The chosen organ without what lies closer to the second one than a gap, or with all of the second one.

    The gap is what is free between the two, from voxel face to voxel face: of a gap thinner than a voxel, one voxel
    stays free. Where the second organ is not drawn, nothing changes.

    Parameters
    ----------
    scene : Scene
    settings : BooleanSettings

    Returns
    -------
    Written, or None where nothing changes

    Raises
    ------
    InputError
        Without a second organ.

    Examples
    --------
    >>> import numpy as np
    >>> scene = Scene(np.array([[[1, 1, 1, 1, 2, 2]]], np.uint8), 1, (1.0, 1.0, 1.0), other=2)
    >>> boolean(scene, BooleanSettings()).labels
    array([[[1, 1, 0, 0]]], dtype=uint8)
    >>> boolean(scene, BooleanSettings(how="add")).labels
    array([[[1, 1]]], dtype=uint8)
    """
    other = second_organ(scene)
    if settings.how == "add":
        box = around(other, scene.spacing_mm)
        if box is None:
            return None
        return scene.written(box, other[box] | (scene.labels[box] == scene.organ), scene.other)
    organ = scene.labels == scene.organ
    box = around(organ, scene.spacing_mm)
    if box is None:
        return None
    return scene.written(box, organ[box] & ~closer(other, scene.spacing_mm, settings.gap_mm, box))


CLEAN_TOOLS.register("boolean")(
    CleanTool(
        label="Subtract or add",
        words="The chosen organ keeps a gap to a second organ, or takes it over",
        settings=BooleanSettings,
        act=boolean,
        needs_other=True,
        position=60,
    )
)
