"""Model's border: under the brush, the chosen organ becomes as the model found it."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.editing.tools.draw_tool import DRAW_TOOLS, DrawTool
from napari_boundaryseg.editing.tools.scene import Scene, Written
from napari_boundaryseg.editing.tools.swept import swept
from napari_boundaryseg.editing.tools.tool_settings import RadiusSettings


class ModelBorderSettings(RadiusSettings):
    """Where the model's border is taken."""

    in_slice: bool = Field(
        True, title="This slice only", description="Leave the slices beside it; else the brush is a ball"
    )


def model_border(scene: Scene, way: np.ndarray, settings: ModelBorderSettings) -> Written | None:
    """The organ, as the model found it where the brush has swept, and as it was elsewhere.

    Where the model has not looked, the organ stays as it is.

    Parameters
    ----------
    scene : Scene
    way : (N, 3) array of float
        The brush goes from the last point but one to the last.
    settings : ModelBorderSettings

    Returns
    -------
    Written, or None where nothing changes or no model has looked at the scan

    Examples
    --------
    >>> model = np.zeros((1, 5, 9), np.uint8)
    >>> model[0, 1:4] = 1
    >>> scene = Scene(np.zeros_like(model), 1, (3.0, 1.0, 1.0), model=model)
    >>> print(model_border(scene, np.array([(0, 2, 4)]), ModelBorderSettings(radius_mm=2.0)).labels[0])
    [[0 0 0 0 0]
     [0 1 1 1 0]
     [1 1 1 1 1]
     [0 1 1 1 0]
     [0 0 0 0 0]]
    """
    if scene.model is None:
        return None
    axis = scene.axis if settings.in_slice else None
    found = swept(way, settings.radius_mm, scene.spacing_mm, scene.labels.shape, axis)
    if found is None:
        return None
    box, under = found
    if scene.model_box is not None:
        under = under & _within(box, scene.model_box)
    here, wanted = scene.labels[box] == scene.organ, scene.model[box] == scene.organ
    return scene.written(box, np.where(under, wanted, here))


def _within(box: Box, other: Box) -> np.ndarray:
    """Which voxels of a box lie in another one too."""
    sides = [
        (np.arange(part.start, part.stop) >= of.start) & (np.arange(part.start, part.stop) < of.stop)
        for part, of in zip(box, other, strict=True)
    ]
    return np.asarray(sides[0][:, None, None] & sides[1][:, None] & sides[2])


DRAW_TOOLS.register("model_border")(
    DrawTool(
        label="Model's border",
        words="Paint where the chosen organ shall be as the model found it",
        key="O",
        settings=ModelBorderSettings,
        act=model_border,
        goes_on=True,
        needs_model=True,
        position=35,
    )
)
