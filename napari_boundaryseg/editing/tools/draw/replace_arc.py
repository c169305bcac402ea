"""Replace an arc: a line drawn from border to border takes the place of the border between its ends."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from pydantic import Field

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.editing.tools.draw_tool import DRAW_TOOLS, DrawTool
from napari_boundaryseg.editing.tools.polygon import inside
from napari_boundaryseg.editing.tools.scene import Scene, Written
from napari_boundaryseg.editing.tools.tool_settings import Over, ToolSettings


class ReplaceArcSettings(ToolSettings):
    """Where a line may begin and end."""

    snap_mm: float = Field(
        3.0, gt=0, le=50, title="Snap", description="How far from the border the ends of the line may lie"
    )
    over: Over = False


class Joint(NamedTuple):
    """Where a line meets an outline.

    Parameters
    ----------
    corner : int
        It lies between this corner of the outline and the next.
    place : (2,) array of float
        In voxels.
    """

    corner: int
    place: np.ndarray


def replace_arc(scene: Scene, way: np.ndarray, settings: ReplaceArcSettings) -> Written | None:
    """The organ with the stretch of its border in the slice between the line's ends replaced by the line.

    Both ends must lie near the same outline, the outer one of a part or that of a hole. Of the two stretches between
    them that one is replaced which changes fewer voxels. Other parts and other holes stay. Where the line crosses
    itself, what it goes round twice is outside.

    Parameters
    ----------
    scene : Scene
    way : (N, 3) array of float
    settings : ReplaceArcSettings

    Returns
    -------
    Written, or None where nothing changes or an end is too far from the border

    Examples
    --------
    >>> labels = np.zeros((1, 9, 12), np.uint8)
    >>> labels[0, 2:7, 1:6] = 1
    >>> line = np.array([(0, 1.6, 6), (0, 1.6, 8.5), (0, 4.5, 8.5), (0, 4.5, 6)])
    >>> print(replace_arc(Scene(labels, 1, (3.0, 1.0, 1.0)), line, ReplaceArcSettings()).labels[0])
    [[1 1 1 1 1 1 1 1]
     [1 1 1 1 1 1 1 1]
     [1 1 1 1 1 1 1 1]
     [1 1 1 1 1 0 0 0]
     [1 1 1 1 1 0 0 0]]
    """
    from skimage.measure import find_contours

    box = _round(scene, way)
    if box is None:
        return None
    organ = np.pad(np.squeeze(scene.labels[box] == scene.organ, scene.axis), 1)
    spacing = np.array([scene.spacing_mm[axis] for axis in scene.plane])
    line = way[:, scene.plane] - [box[axis].start - 1 for axis in scene.plane]
    outlines = [outline[:-1] for outline in find_contours(organ.astype(float), 0.5)]
    outline = _held(line, outlines, spacing, settings.snap_mm)
    if outline is None:
        return None
    area = inside(_between(line, outline, spacing, settings.snap_mm), organ.shape)
    changed = _smaller(organ, outline, area, len(outlines))
    return scene.written(box, np.expand_dims((organ ^ changed)[1:-1, 1:-1], scene.axis), settings.over)


def _round(scene: Scene, way: np.ndarray) -> Box | None:
    """The organ in the slice of the line, and the line, as far as they lie in the array."""
    at, shape = round(float(way[-1, scene.axis])), scene.labels.shape
    if not 0 <= at < shape[scene.axis]:
        return None
    box = [slice(at, at + 1)] * 3
    here = np.take(scene.labels, at, scene.axis) == scene.organ
    for axis, there in zip(scene.plane, (here.any(axis=1), here.any(axis=0)), strict=True):
        where = np.flatnonzero(there)
        if not where.size:
            return None
        low, high = math.ceil(way[:, axis].min()), math.floor(way[:, axis].max())
        box[axis] = slice(max(min(int(where[0]), low), 0), min(max(int(where[-1]), high) + 1, shape[axis]))
    return box[0], box[1], box[2]


def _held(line: np.ndarray, outlines: list[np.ndarray], spacing: np.ndarray, snap_mm: float) -> np.ndarray | None:
    """The outline that is near both ends of a line; of several the nearest."""
    ends = line[[0, -1]]
    away = [_nearest(ends, outline, spacing)[0] for outline in outlines]
    held = [n for n, one in enumerate(away) if one.max() <= snap_mm]
    return outlines[min(held, key=lambda n: float(away[n].sum()))] if held else None


def _between(line: np.ndarray, outline: np.ndarray, spacing: np.ndarray, snap_mm: float) -> np.ndarray:
    """The line, joined to an outline at both ends, and back along that: corners of what lies between them."""
    there, first = _joined(line, outline, spacing, snap_mm)
    back, last = _joined(line[::-1], outline, spacing, snap_mm)
    home = last.corner - np.arange((last.corner - first.corner) % len(outline))  # by either way: see `_smaller`
    return np.concatenate(
        [first.place[None], _middle(line, there, back, spacing), last.place[None], outline[home % len(outline)]]
    )


def _joined(line: np.ndarray, outline: np.ndarray, spacing: np.ndarray, snap_mm: float) -> tuple[float, Joint]:
    """How much of a line's beginning, in mm, is left out, and where the rest is joined to an outline.

    A line that begins beside the border and crosses it is cut there; each mm that is left out must bring it nearer by
    half of one, so that one that goes away from the border is joined by its end.
    """
    along = _lengths(line, spacing)
    steps = np.linspace(0, min(snap_mm, along[-1] / 2), 2 + math.ceil(4 * snap_mm / spacing.min()))
    points = np.stack([np.interp(steps, along, line[:, axis]) for axis in (0, 1)], axis=1)
    away, corners, shares = _nearest(points, outline, spacing)
    best = int((away + steps / 2).argmin())
    corner = int(corners[best])
    edge = outline[(corner + 1) % len(outline)] - outline[corner]
    return float(steps[best]), Joint(corner, outline[corner] + shares[best] * edge)


def _middle(line: np.ndarray, there: float, back: float, spacing: np.ndarray) -> np.ndarray:
    """A line without so many mm of its beginning and its end."""
    along = _lengths(line, spacing)
    inner = along[(along > there) & (along < along[-1] - back)]
    at = np.concatenate([[there], inner, [along[-1] - back]])
    return np.stack([np.interp(at, along, line[:, axis]) for axis in (0, 1)], axis=1)


def _lengths(line: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """How far along a line each of its points is, in mm."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0) * spacing, axis=1))])


def _nearest(points: np.ndarray, outline: np.ndarray, spacing: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each point its distance to a closed outline in mm, and on which edge, how far along, the nearest place is."""
    edges = (np.roll(outline, -1, axis=0) - outline) * spacing
    off = (points[:, None] - outline) * spacing
    share = np.clip((off * edges).sum(-1) / (edges**2).sum(-1), 0.0, 1.0)
    away = np.linalg.norm(off - share[..., None] * edges, axis=-1)
    best = away.argmin(axis=1)
    each = np.arange(len(points))
    return away[each, best], best, share[each, best]


def _smaller(organ: np.ndarray, outline: np.ndarray, area: np.ndarray, outlines: int) -> np.ndarray:
    """The voxels that change: those of the area between a line and its arc, or of the one on the other side."""
    from scipy.ndimage import binary_fill_holes, label

    enclosed = inside(outline, organ.shape)
    low, high = np.floor(outline[0]).astype(int), np.ceil(outline[0]).astype(int)
    at = tuple(low) if organ[tuple(low)] else tuple(high)  # the outline goes between the two
    of_hole = not enclosed[at]
    parts, _ = label(organ)
    own, free = parts == parts[at], ~organ & (enclosed == of_hole)
    if outlines > 1 and not of_hole:
        free &= binary_fill_holes(organ, np.ones((3, 3))) == organ  # other holes stay
    may = (own & (enclosed != of_hole)) | free
    return min((area & may, (area ^ enclosed) & may), key=lambda changed: int(changed.sum()))


DRAW_TOOLS.register("replace_arc")(
    DrawTool(
        label="Replace arc",
        words="Draw from border to border of the chosen organ; the line takes the place of the border between its ends",
        key="R",
        settings=ReplaceArcSettings,
        act=replace_arc,
        ring_mm=None,
        has_line=True,
        position=15,
    )
)
