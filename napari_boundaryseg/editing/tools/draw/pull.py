"""Pull: the border is drawn through the mouse, in space, and what lies near it follows less and less."""

from __future__ import annotations

import math

import numpy as np
from pydantic import Field

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.editing.tools.draw_tool import DRAW_TOOLS, DrawTool
from napari_boundaryseg.editing.tools.scene import Scene, Spacing, Written, box_within, distance_mm
from napari_boundaryseg.editing.tools.tool_settings import ToolSettings

RING = 2.5
"""In standard deviations: where the fall-off has come down to nothing."""
MOST_RING_MM = 40.0


class PullSettings(ToolSettings):
    """How far a pull reaches."""

    radius_mm: float = Field(
        10.0,
        gt=0,
        le=MOST_RING_MM,
        title="Reach",
        description="Nothing farther from the mouse than this changes; a longer pull reaches farther (Shift and wheel)",
    )
    in_slice: bool = Field(
        False, title="This slice only", description="Leave the slices beside it; else it pulls in space"
    )
    over: bool = Field(False, title="Over other organs", description="Other organs give way; else they are spared")


def reach_mm(settings: PullSettings, way: np.ndarray, spacing_mm: Spacing) -> float:
    """How far from the mouse a pull changes anything: as was set, or twice its own length where that is more."""
    pulled = float(np.linalg.norm((way[-1] - way[0]) * spacing_mm))
    return max(settings.radius_mm, min(2 * pulled, MOST_RING_MM))


def pull(scene: Scene, way: np.ndarray, settings: PullSettings) -> Written | None:
    """The organ whose border goes through the end of the way.

    The signed distance to the border, in space, is lifted or lowered by a bell round the mouse, so high that it is 0
    there: the border goes exactly through that point. The bell is a Gaussian that comes down to nothing at the ring.

    Parameters
    ----------
    scene : Scene
    way : (N, 3) array of float
    settings : PullSettings

    Returns
    -------
    Written, or None where nothing changes

    Examples
    --------
    >>> labels = np.zeros((9, 30, 30), np.uint8)
    >>> labels[2:7, 10:20, 10:20] = 1
    >>> scene = Scene(labels, 1, (1.0, 1.0, 1.0))
    >>> found = pull(scene, np.array([(4, 15, 19.5), (4, 15, 22.5)]), PullSettings(radius_mm=6.0))
    >>> int((found.labels == 1).sum()) > int((labels[found.box] == 1).sum())
    True
    """
    at, spacing = way[-1], scene.spacing_mm
    ring = reach_mm(settings, way, scene.spacing_mm)
    box = box_within(at, ring, spacing, scene.labels.shape, scene.axis if settings.in_slice else None)
    if box is None:
        return None
    away = distance_mm(box, at, spacing)
    here = scene.labels[box] == scene.organ
    across = (here != _nearest(here, away)) & (away < ring)
    if not across.any():
        return None  # no border within reach
    field = _signed_distance(scene, box, settings.in_slice)
    inside, bell = [x - part.start for x, part in zip(at, box, strict=True)], _bell(away / ring)
    height = _value_at(field, inside) / _value_at(bell, inside)
    mask = np.where(away < ring, field - height * bell > 0, here)
    return scene.written(box, mask, settings.over)


def _bell(away: np.ndarray) -> np.ndarray:
    """1 in the middle, 0 at 1 and beyond."""
    end = math.exp(-0.5 * RING**2)
    return np.maximum((np.exp(-0.5 * (RING * away) ** 2) - end) / (1 - end), 0.0)


def _nearest(mask: np.ndarray, away: np.ndarray) -> bool:
    """The voxel that is nearest to the mouse."""
    return bool(mask.flat[int(away.argmin())])


def _signed_distance(scene: Scene, box: Box, flat: bool) -> np.ndarray:
    """Signed distance to the organ's border in a box; the border lies between two voxels.

    Of borders beyond the ring nothing is known. They do not matter: a voxel lies farther from them than the ring's edge
    is, and the bell is lower there than that.
    """
    from scipy.ndimage import distance_transform_edt

    organ = scene.labels[box] == scene.organ
    inside, outside = (distance_transform_edt(side, sampling=scene.spacing_mm) for side in (organ, ~organ))
    half = min(mm for axis, mm in enumerate(scene.spacing_mm) if not (flat and axis == scene.axis)) / 2
    return np.asarray(inside - outside + np.where(organ, -half, half))


def _value_at(field: np.ndarray, at: list[float]) -> float:
    """Linearly between the voxels."""
    from scipy.ndimage import map_coordinates

    return float(map_coordinates(field, np.array(at)[:, None], order=1, mode="nearest")[0])


DRAW_TOOLS.register("pull")(
    DrawTool(
        label="Pull",
        words="Press on the border of the chosen organ and drag it; within the ring it follows, on other slices too",
        key="G",
        settings=PullSettings,
        act=pull,
        ring_mm=reach_mm,
        position=10,
    )
)
