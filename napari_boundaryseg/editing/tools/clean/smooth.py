"""Smooth: the border of the chosen organ loses its steps and spikes, its volume stays."""

from __future__ import annotations

import math

import numpy as np
from pydantic import Field

from napari_boundaryseg.data.boxes import around
from napari_boundaryseg.data.components import pieces_of
from napari_boundaryseg.editing.tools.clean_tool import CLEAN_TOOLS, CleanTool
from napari_boundaryseg.editing.tools.scene import Scene, Written
from napari_boundaryseg.editing.tools.tool_settings import ToolSettings

TRUNCATE = 3.0
"""In standard deviations: where the Gaussian ends."""
SAME = 9
"""Decimals of the brightness, 1 at most: what differs by less is equal, so that rounding errors choose nothing."""


class SmoothSettings(ToolSettings):
    """How smooth it becomes."""

    sigma_mm: float = Field(
        1.5,
        ge=0.1,
        le=10,
        title="Width",
        description="Standard deviation of the Gaussian: details of the border finer than about twice this go",
    )


def smooth(scene: Scene, settings: SmoothSettings) -> Written | None:
    """The organ's smoothed border.

    Each piece is blurred by a Gaussian in space, in mm, and is then where it is brightest: on as many voxels as
    before, so that it keeps its volume and cannot vanish. Where several voxels are equally bright at the threshold,
    all of them or none are taken, whichever comes closer to the volume. Other organs' voxels cannot be chosen. At an
    edge of the scan the organ is taken to go on as it ends there.

    Parameters
    ----------
    scene : Scene
    settings : SmoothSettings

    Returns
    -------
    Written, or None where nothing changes

    Examples
    --------
    >>> labels = np.zeros((16, 16, 16), np.uint8)
    >>> labels[4:12, 4:12, 4:12] = labels[8, 8, 12:15] = 1  # a cube with a spike
    >>> found = smooth(Scene(labels, 1, (1.0, 1.0, 1.0)), SmoothSettings())
    >>> bool(found.labels[..., -1].any()), abs(int(found.labels.sum()) - int(labels.sum())) < 10
    (False, True)
    """
    from scipy.ndimage import find_objects

    organ = scene.labels == scene.organ
    box = around(organ, scene.spacing_mm, TRUNCATE * settings.sigma_mm)
    if box is None:
        return None
    parts, sizes = pieces_of(organ[box])
    free = (parts > 0) | (scene.labels[box] == 0)
    found = np.zeros(parts.shape, bool)
    sigma_vox = [settings.sigma_mm / mm for mm in scene.spacing_mm]
    room = [math.ceil(TRUNCATE * sigma) for sigma in sigma_vox]
    for n, tight in enumerate(find_objects(parts), start=1):
        near = tuple(slice(max(0, part.start - more), part.stop + more) for part, more in zip(tight, room, strict=True))
        found[near] |= _smoothed(parts[near] == n, free[near], sigma_vox, int(sizes[n - 1]))
    return scene.written(box, found)


def _smoothed(piece: np.ndarray, free: np.ndarray, sigma_vox: list[float], size: int) -> np.ndarray:
    """The brightest free voxels of a blurred piece, as nearly so many as can be without a choice by chance."""
    from scipy.ndimage import gaussian_filter

    bright = gaussian_filter(piece, sigma_vox, output=float, mode="nearest", truncate=TRUNCATE)
    bright = (bright / bright.max()).round(SAME)
    bright[~free] = -1
    threshold = np.partition(bright, -size, axis=None)[-size]
    with_equals, without = bright >= threshold, bright > threshold
    more, less = int(with_equals.sum()) - size, size - int(without.sum())
    return without if less < more and without.any() else with_equals


CLEAN_TOOLS.register("smooth")(
    CleanTool(
        label="Smooth",
        words="The border of the chosen organ is smoothed in space; its volume stays",
        settings=SmoothSettings,
        act=smooth,
        idempotent=False,
        position=40,
    )
)
