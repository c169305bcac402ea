"""Crop: of the chosen organ, what lies near another one stays."""

from __future__ import annotations

from pydantic import Field

from napari_boundaryseg.data.boxes import around
from napari_boundaryseg.editing.tools.clean.near import within
from napari_boundaryseg.editing.tools.clean.second_organ import second_organ
from napari_boundaryseg.editing.tools.clean_tool import CLEAN_TOOLS, CleanTool
from napari_boundaryseg.editing.tools.scene import Scene, Written
from napari_boundaryseg.editing.tools.tool_settings import ToolSettings
from napari_boundaryseg.errors import InputError


class CropSettings(ToolSettings):
    """How near is near."""

    within_mm: float = Field(
        20.0, ge=0.1, le=200, title="Distance", description="What lies farther from the second organ is removed"
    )


def crop(scene: Scene, settings: CropSettings) -> Written | None:
    """The organ without what lies farther from a second organ than a distance, between the middles of voxels.

    Parameters
    ----------
    scene : Scene
    settings : CropSettings

    Returns
    -------
    Written, or None where all of it lies near

    Raises
    ------
    InputError
        Without a second organ, or where nothing of the chosen one lies near it: all would be removed.

    Examples
    --------
    >>> import numpy as np
    >>> scene = Scene(np.array([[[2, 0, 1, 1, 1, 1]]], np.uint8), 1, (1.0, 1.0, 4.0), other=2)
    >>> crop(scene, CropSettings(within_mm=12.0)).labels
    array([[[1, 1, 0, 0]]], dtype=uint8)
    """
    other, organ = second_organ(scene), scene.labels == scene.organ
    box = around(organ, scene.spacing_mm)
    if box is None:
        return None
    reach = (settings.within_mm, settings.within_mm)
    near = organ[box] & within(other, scene.spacing_mm, (reach, reach, reach), box)
    if not near.any():
        far = (
            f"all of the chosen organ lies more than {settings.within_mm:g} mm from it"
            if other.any()
            else "it is not drawn"
        )
        raise InputError("second organ", far, "Enter a larger distance, or choose another organ")
    return scene.written(box, near)


CLEAN_TOOLS.register("crop")(
    CleanTool(
        label="Crop to a distance",
        words="What lies far from a second organ is removed from the chosen one",
        settings=CropSettings,
        act=crop,
        needs_other=True,
        position=70,
    )
)
