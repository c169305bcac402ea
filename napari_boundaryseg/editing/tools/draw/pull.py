"""Pull: the border is drawn through the mouse, in space, and what lies near it follows less and less."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from pydantic import Field

from napari_boundaryseg.editing.tools.draw_tool import DRAW_TOOLS, DrawTool
from napari_boundaryseg.editing.tools.scene import Scene, Spacing, Written, box_within, distance_mm
from napari_boundaryseg.editing.tools.tool_settings import Over, ToolSettings

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
    over: Over = False


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
    depth = _Depth(here, scene.spacing_mm, scene.axis if settings.in_slice else None)
    inside, bell = [x - part.start for x, part in zip(at, box, strict=True)], _bell(away / ring)
    height = depth.at(inside) / _value_at(bell, inside)
    shrinks, lift = height >= 0, abs(height) * bell
    reached = depth.of(True) <= lift if shrinks else depth.of(False) < lift
    return scene.written(box, here ^ ((here == shrinks) & reached & (away < ring)), settings.over)


def _bell(away: np.ndarray) -> np.ndarray:
    """1 in the middle, 0 at 1 and beyond."""
    end = math.exp(-0.5 * RING**2)
    return np.maximum((np.exp(-0.5 * (RING * away) ** 2) - end) / (1 - end), 0.0)


def _nearest(mask: np.ndarray, away: np.ndarray) -> bool:
    """The voxel that is nearest to the mouse."""
    return bool(mask.flat[int(away.argmin())])


class _Depth:
    """How far voxels of a box lie from the organ's border, on the side that is asked for; it lies between two voxels.

    Of borders beyond the ring nothing is known. They do not matter: a voxel lies farther from them than the ring's edge
    is, and the bell is lower there than that.
    """

    def __init__(self, organ: np.ndarray, spacing_mm: Spacing, flat: int | None) -> None:
        self._organ, self._spacing = organ, np.asarray(spacing_mm, float)
        self._half = min(mm for axis, mm in enumerate(spacing_mm) if axis != flat) / 2
        self._known: dict[bool, np.ndarray] = {}

    def of(self, inside: bool) -> np.ndarray:
        """Of all voxels inside, or of all outside, in mm."""
        from scipy.ndimage import distance_transform_edt

        if inside not in self._known:
            side = self._organ if inside else ~self._organ
            self._known[inside] = distance_transform_edt(side, sampling=self._spacing) - self._half
        return self._known[inside]

    def at(self, place: Sequence[float]) -> float:
        """Between voxels, above 0 inside: the far side's few are looked at one by one, so that it is not made for them.

        Parameters
        ----------
        place : three floats
            In voxels of the box.
        """
        most = np.array(self._organ.shape) - 1
        point = np.clip(np.asarray(place, float), 0, most)
        low = np.minimum(np.floor(point).astype(int), np.maximum(most - 1, 0))
        own = bool(self._organ[tuple(np.round(point).astype(int))])
        total = 0.0
        for step in itertools.product((0, 1), repeat=3):
            corner = np.minimum(low + step, most)
            weight = float(np.prod(np.where(step, point - low, 1 - (point - low))))
            if weight > 0:
                voxel = int(corner[0]), int(corner[1]), int(corner[2])
                inside = bool(self._organ[voxel])
                depth = float(self.of(own)[voxel]) if inside == own else self._near(voxel, inside)
                total += weight * (depth if inside else -depth)
        return total

    def _near(self, voxel: tuple[int, int, int], inside: bool) -> float:
        """Of one voxel with a neighbour on the other side."""
        most = float(np.linalg.norm(self._spacing))
        room = [math.ceil(most / mm) for mm in self._spacing]
        part = tuple(slice(max(0, n - more), n + more + 1) for n, more in zip(voxel, room, strict=True))
        others = np.argwhere(self._organ[part] != inside) + [one.start for one in part] - np.array(voxel)
        return float(np.linalg.norm(others * self._spacing, axis=1).min()) - self._half


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
