"""Remove islands: small pieces of the chosen organ go."""

from __future__ import annotations

import math

from pydantic import Field

from napari_boundaryseg.data.boxes import around
from napari_boundaryseg.data.components import pieces_of
from napari_boundaryseg.editing.tools.clean.pieces import of_size
from napari_boundaryseg.editing.tools.clean_tool import CLEAN_TOOLS, CleanTool
from napari_boundaryseg.editing.tools.scene import Scene, Written
from napari_boundaryseg.editing.tools.tool_settings import ToolSettings


class RemoveIslandsSettings(ToolSettings):
    """What is small."""

    least_ml: float = Field(
        0.1,
        ge=0.001,
        le=1000,
        title="Smaller than",
        description="Pieces of less volume are removed; the largest always stays",
        json_schema_extra={"step": 0.05},
    )


def remove_islands(scene: Scene, settings: RemoveIslandsSettings) -> Written | None:
    """The organ without its pieces of less than this volume.

    The largest piece stays, however small: a small organ does not vanish.

    Parameters
    ----------
    scene : Scene
    settings : RemoveIslandsSettings

    Returns
    -------
    Written, or None without an island

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.zeros((20, 20, 20), np.uint8)
    >>> labels[2:9, 2:9, 2:9] = labels[12:14, 12:14, 12:14] = 1
    >>> found = remove_islands(Scene(labels, 1, (1.0, 1.0, 1.0)), RemoveIslandsSettings())
    >>> int(found.labels.sum()) == 7**3
    True
    """
    organ = scene.labels == scene.organ
    box = around(organ, scene.spacing_mm)
    if box is None:
        return None
    parts, sizes = pieces_of(organ[box])
    least_vox = math.ceil(settings.least_ml * 1000 / math.prod(scene.spacing_mm) - 1e-6)
    return scene.written(box, of_size(parts, sizes, min(least_vox, int(sizes.max()))))


CLEAN_TOOLS.register("remove-islands")(
    CleanTool(
        label="Remove islands",
        words="Pieces of the chosen organ below a volume are removed",
        settings=RemoveIslandsSettings,
        act=remove_islands,
        position=30,
    )
)
