"""A simulated person: sees where a border is off by more than the tolerance, and draws those stretches anew."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from borders import MOST_MM, Off, points_of, rings_of
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.draw import polygon2mask

from napari_boundaryseg.losses.signed_distance import signed_distance_mm

CLOSING, LEAST = 1.5, 1.0
"""In tolerances: gaps that are drawn over, and stretches too short to be drawn."""
SHAKE_OVER = 4.0
"""In tolerances: how far along the border the hand errs alike (standard deviation of a Gaussian)."""
PASSES = 4
"""How often a slice is gone over at most; with voxels as large as the tolerance, one in twenty needs still more."""


class Hand(NamedTuple):
    """How well a person sees and draws, and what a click costs.

    Parameters
    ----------
    tolerance_mm : float
        What is off by more is drawn anew.
    jitter_mm : float
        Standard deviation of the hand along each axis.
    click_mm : float
        How much drawing takes as long as one click, or as taking the hand to where a stroke begins.
    """

    tolerance_mm: float
    jitter_mm: float
    click_mm: float


class Seen(NamedTuple):
    """How a mask's border lies to the wanted one: points in mm; from each the distance and the nearest."""

    points: np.ndarray
    from_wanted: np.ndarray
    to_mask: np.ndarray
    from_mask: np.ndarray
    to_wanted: np.ndarray


class Page:
    """What is wanted on one slice, and what the person does about a mask there.

    Parameters
    ----------
    wanted : (R, C) bool array
    spacing_mm : two floats
    hand : Hand
    """

    def __init__(self, wanted: np.ndarray, spacing_mm: Sequence[float], hand: Hand) -> None:
        self.wanted, self.spacing, self.hand = wanted, np.asarray(spacing_mm, float), hand
        self.step = min(spacing_mm) / 2
        rings = rings_of(wanted, spacing_mm)
        self.points = np.concatenate(rings) if rings else np.zeros((0, 2))
        self._rings = np.split(np.arange(len(self.points)), np.cumsum([len(ring) for ring in rings])[:-1])
        self._tree = cKDTree(self.points)
        self._seen: dict[bytes, Seen] = {}

    @cached_property
    def _nearest(self) -> np.ndarray:
        """The wanted point that is nearest to each pixel, (R, C)."""
        at = np.moveaxis(np.indices(self.wanted.shape), 0, -1) * self.spacing
        return np.asarray(self._tree.query(at)[1])

    def seen(self, mask: np.ndarray) -> Seen:
        """Look at a mask; each only once."""
        key = np.packbits(mask).tobytes()
        if key not in self._seen:
            points = points_of(mask, tuple(self.spacing))
            there, back = cKDTree(points).query(self.points), self._tree.query(points)
            self._seen[key] = Seen(points, *there, *back)
        return self._seen[key]

    def off(self, mask: np.ndarray) -> Off:
        """As `borders.off` says it."""
        seen = self.seen(mask)
        distances = np.minimum(np.concatenate([seen.from_wanted, seen.from_mask]), MOST_MM)
        within = int((distances <= self.hand.tolerance_mm).sum())
        return Off(len(distances), within, float(distances.sum()))

    def wrong(self, mask: np.ndarray) -> list[np.ndarray]:
        """Stretches of the wanted border that are to be drawn anew, as indices of its points in their order."""
        seen = self.seen(mask)
        bad = seen.from_wanted > self.hand.tolerance_mm
        if len(self.points):
            bad[seen.to_wanted[seen.from_mask > self.hand.tolerance_mm]] = True
        return [run for ring in self._rings for run in self._runs(ring, bad[ring])]

    def _runs(self, ring: np.ndarray, bad: np.ndarray) -> list[np.ndarray]:
        if not bad.any():
            return []
        gap = 2 * round(CLOSING * self.hand.tolerance_mm / self.step / 2) + 1
        bad = ndimage.binary_closing(np.tile(bad, 3), np.ones(gap))[len(ring) : 2 * len(ring)] | bad
        if bad.all():
            return [ring]
        first = int(np.flatnonzero(~bad)[0])
        turned, where = np.roll(ring, -first), np.roll(bad, -first)
        numbers, count = ndimage.label(where)
        runs = [turned[numbers == n] for n in range(1, count + 1)]
        return [run for run in runs if len(run) * self.step >= LEAST * self.hand.tolerance_mm]

    def needs_work(self, mask: np.ndarray) -> bool:
        """Whether anything of a mask is to be drawn or taken away."""
        return bool(self.wrong(mask)) if self.wanted.any() else bool(mask.any())

    def finished(self, mask: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, float, int]:
        """The mask once nothing of it is wrong, the mm that were drawn, and the strokes and clicks."""
        if not self.wanted.any():
            return np.zeros_like(mask), 0.0, int(mask.any())
        mm, strokes = 0.0, 0
        for _ in range(PASSES):
            for run in self.wrong(mask):
                mask = self._redrawn(mask, run, rng)
                mm, strokes = mm + len(run) * self.step, strokes + 1
        return mask, mm, strokes

    def _redrawn(self, mask: np.ndarray, run: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The mask after one stretch of its border was drawn by hand."""
        shaky = self.points[run] + self._shake(len(run), rng)
        then = np.zeros(mask.shape, bool)
        for ring in self._rings:
            line = self.points[ring]
            if run[0] in ring:
                first = int(np.flatnonzero(ring == run[0])[0])
                line = np.concatenate([shaky, self.points[np.roll(ring, -first)[len(run) :]]])
            then ^= polygon2mask(mask.shape, line / self.spacing)
        drawn = np.zeros(len(self.points), bool)
        drawn[run] = True
        return np.where(drawn[self._nearest], then, mask)

    def _shake(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """How far the hand is off at each point of a stroke, in mm."""
        over = SHAKE_OVER * self.hand.tolerance_mm / self.step
        room = int(4 * over)
        noise = rng.standard_normal((count + 2 * room, 2))
        smooth = ndimage.gaussian_filter1d(noise, over, axis=0)[room : room + count]
        return np.asarray(smooth * np.sqrt(2 * np.sqrt(np.pi) * over) * self.hand.jitter_mm)


def way_at_worst(
    pages: Sequence[Page], masks: np.ndarray, spacing_mm: Sequence[float], rng: np.random.Generator
) -> np.ndarray:
    """A drag from the mask's border to the wanted one where the two are farthest apart in space, (2, 3), in voxels.

    In the plane in which it is shortest: a person looks at all three.
    """
    spacing = np.asarray(spacing_mm)
    wanted = np.concatenate([np.insert(page.points / page.spacing, 0, n, axis=1) for n, page in enumerate(pages)])
    apart = ndimage.map_coordinates(signed_distance_mm(masks, tuple(spacing_mm)), wanted.T, order=1)
    for end in wanted[np.abs(apart).argsort()[::-1]]:
        ways = []
        for axis in range(3):
            plane = [a for a in range(3) if a != axis]
            border = points_of(masks.take(round(end[axis]), axis), tuple(spacing[plane]))
            if len(border):
                way = np.stack([end, end])
                way[0, plane] = (
                    border[np.linalg.norm(border - (end * spacing)[plane], axis=1).argmin()] / spacing[plane]
                )
                way[1, plane] += rng.normal(0, pages[0].hand.jitter_mm, 2) / spacing[plane]
                ways.append(way)
        if ways:
            return min(ways, key=lambda way: length_mm(way, spacing))
    raise ValueError("nothing of the organ is there to be pulled")


def length_mm(way: np.ndarray, spacing_mm: Sequence[float] | np.ndarray) -> float:
    """From the beginning of a way to its end."""
    return float(np.linalg.norm((way[-1] - way[0]) * spacing_mm))
