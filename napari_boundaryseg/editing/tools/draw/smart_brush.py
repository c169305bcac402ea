"""Smart brush: paints what is about as bright as the tissue where it was set down."""

from __future__ import annotations

import math

import numpy as np
from pydantic import Field

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.editing.tools.draw_tool import DRAW_TOOLS, DrawTool
from napari_boundaryseg.editing.tools.scene import Scene, Written
from napari_boundaryseg.editing.tools.swept import last_piece, swept, wider
from napari_boundaryseg.editing.tools.tool_settings import Over, RadiusSettings

SMOOTH_MM = 1.0
"""Radius of what is opened and closed: thinner whiskers and gaps go. At least one voxel."""
NOISE_SDS = 3.0
"""Of the noise that is left after a 3 x 3 median: what counts as the same tissue."""
CONTRAST_SHARE = 0.5
"""Of the spread under the disc: halfway between two tissues."""
_MEDIAN_OF_9 = 0.41
"""Part of the noise that is left by a median of nine voxels."""


class SmartBrushSettings(RadiusSettings):
    """The disc, and how picky it is."""

    sensitivity: float = Field(
        0.5,
        ge=0,
        le=1,
        title="Sensitivity",
        description="0 paints nearly all that is under the brush, 1 only what is exactly as bright as under the mouse",
    )
    over: Over = False


def smart_brush(scene: Scene, way: np.ndarray, settings: SmartBrushSettings) -> Written | None:
    """The organ, and what under the disc is as bright as the first point of this piece and connected to the last.

    Grey levels are taken as the median of 3 x 3 voxels in the slice, and are alike up to the larger of two measures,
    both of which hold when some of the voxels are of another tissue: three standard deviations of the noise, known from
    the median difference between neighbours, few of which lie across a border; and half of the spread under the disc
    between the 10th and 90th percentile, which is halfway between two tissues where there are two. The first alone
    would stop at a slow change of brightness, the second alone would take half of the noise for another tissue.

    Parameters
    ----------
    scene : Scene
        Without a scan it is a plain disc.
    way : (N, 3) array of float
        The disc goes from the last point but one to the last.
    settings : SmartBrushSettings

    Returns
    -------
    Written, or None where nothing changes

    Examples
    --------
    >>> scan = np.zeros((1, 12, 12))
    >>> scan[0, :, 6:] = 100
    >>> scene = Scene(np.zeros(scan.shape, np.uint8), 1, (1.0, 1.0, 1.0), scan=scan)
    >>> found = smart_brush(scene, np.array([(0, 5, 4)]), SmartBrushSettings(radius_mm=3.0))
    >>> print(found.labels[0])
    [[0 0 0 1 0 0 0]
     [0 1 1 1 1 0 0]
     [0 1 1 1 1 0 0]
     [1 1 1 1 1 0 0]
     [0 1 1 1 1 0 0]
     [0 1 1 1 1 0 0]
     [0 0 0 1 0 0 0]]
    """
    found = swept(way, settings.radius_mm, scene.spacing_mm, scene.labels.shape, scene.axis)
    if found is None:
        return None
    box, disc = found
    painted = disc if scene.scan is None else _same_tissue(scene, box, disc, way, settings.sensitivity)
    return scene.written(box, painted | (scene.labels[box] == scene.organ), settings.over)


def _same_tissue(scene: Scene, box: Box, disc: np.ndarray, way: np.ndarray, sensitivity: float) -> np.ndarray:
    """What is painted of a disc in its box."""
    from scipy.ndimage import binary_fill_holes, label, median_filter

    assert scene.scan is not None  # noqa: S101
    spacing = [scene.spacing_mm[axis] for axis in scene.plane]
    smooth = max(SMOOTH_MM, min(spacing))
    wide, place = wider(box, scene.scan.shape, scene.axis, 2 * math.ceil(smooth / min(spacing)) + 1)
    start, end = (_voxel(point, wide, scene) for point in last_piece(way))
    nothing = np.zeros(disc.shape, bool)
    if start is None or end is None:
        return nothing
    levels = np.squeeze(scene.scan[wide], scene.axis).astype(float)
    levels = np.where(np.isfinite(levels), levels, np.inf)  # what is no number has no median
    under = np.zeros(levels.shape, bool)
    under[tuple(place[axis] for axis in scene.plane)] = np.squeeze(disc, scene.axis)
    calm = median_filter(levels, 3, mode="nearest")
    away = np.abs(calm - calm[start]) if np.isfinite(calm[start]) else np.full(calm.shape, np.inf)
    like = away <= 2 * (1 - sensitivity) * _tolerance(levels, calm[under])
    parts, _ = label(_smoothed(like, _element(smooth, spacing)) & under)
    if not parts[end]:
        return nothing
    return np.expand_dims(binary_fill_holes(parts == parts[end]), scene.axis)[place]


def _voxel(point: np.ndarray, wide: Box, scene: Scene) -> tuple[int, int] | None:
    """Row and column, in a box, of the voxel in which a point lies."""
    places = [(round(float(point[axis])) - wide[axis].start, wide[axis]) for axis in scene.plane]
    if any(not 0 <= at < part.stop - part.start for at, part in places):
        return None
    return places[0][0], places[1][0]


def _tolerance(levels: np.ndarray, under: np.ndarray) -> float:
    """How far apart grey levels of one tissue may be, by the levels round the disc and the calm ones under it."""
    with np.errstate(invalid="ignore"):
        steps = np.abs(np.concatenate([np.diff(levels, axis=axis).ravel() for axis in (0, 1)]))
    steps, under = steps[np.isfinite(steps)], under[np.isfinite(under)]
    noise = _MEDIAN_OF_9 * float(np.median(steps)) / (0.6745 * math.sqrt(2)) if steps.size else 0.0
    low, high = np.percentile(under, (10, 90)) if under.size else (0.0, 0.0)
    return max(NOISE_SDS * noise, CONTRAST_SHARE * float(high - low))


def _smoothed(mask: np.ndarray, element: np.ndarray) -> np.ndarray:
    """Opened, then closed; beyond the edge it goes on as at the edge."""
    from scipy.ndimage import binary_dilation, binary_erosion

    opened = binary_dilation(binary_erosion(mask, element, border_value=1), element)
    return np.asarray(binary_erosion(binary_dilation(opened, element), element, border_value=1))


def _element(radius_mm: float, spacing_mm: list[float]) -> np.ndarray:
    """A disc about the middle voxel."""
    rows, columns = (np.arange(-int(radius_mm / mm + 1e-9), int(radius_mm / mm + 1e-9) + 1) * mm for mm in spacing_mm)
    return np.asarray(rows[:, None] ** 2 + columns**2 <= radius_mm**2 * (1 + 1e-9))


DRAW_TOOLS.register("smart_brush")(
    DrawTool(
        label="Smart brush",
        words="Paint: only what is as bright as under the mouse, and connected to it, joins the chosen organ",
        key="S",
        settings=SmartBrushSettings,
        act=smart_brush,
        goes_on=True,
        position=30,
    )
)
