"""Faults to plant in good labels: each a function of the labels and a size, with what it changed and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from napari_boundaryseg.data.volume import Geometry, LabelMap


@dataclass(frozen=True, eq=False)
class Fault:
    """Labels with a fault.

    Parameters
    ----------
    labels : LabelMap
    organ : str
    slices : tuple of int
        Where it is, in the labels with the fault.
    region : (I, J, K) bool array, optional
        The voxels that it changed.
    beside : tuple of LabelMap
        Further maps.
    """

    labels: LabelMap
    organ: str
    slices: tuple[int, ...]
    region: np.ndarray | None = None
    beside: tuple[LabelMap, ...] = ()


class Canvas:
    """A case whose slices come first, to be changed; ``fault`` puts it back as it was stored."""

    def __init__(self, labels: LabelMap, organ: str, axis: int, rng: np.random.Generator) -> None:
        self.labels, self.organ, self.axis, self.rng = labels, organ, axis, rng
        self.id = labels.scheme.organ(organ).id
        self.tolerance_mm = labels.scheme.organ(organ).tolerance_mm
        self.array = np.moveaxis(np.array(labels.array), axis, 0)
        self.mask = self.array == self.id
        order = [axis, *(n for n in range(3) if n != axis)]
        self.spacing = [labels.spacing_mm[n] for n in order]
        self.areas = self.mask.sum(axis=(1, 2))
        self.filled = np.flatnonzero(self.areas)

    def interior(self, beside: int = 1) -> np.ndarray:
        """Slices of the organ with so many slices of it on both sides, none of which is tiny (below 10 pixels)."""
        good = self.areas >= 10
        return np.array(
            [s for s in range(beside, len(good) - beside) if good[s - beside : s + beside + 1].all()], dtype=int
        )

    def margin_mm(self, size: dict[str, Any]) -> float:
        """A size in tolerances, but at least so many voxels of a slice; with its sign."""
        mm = abs(size["tolerances"]) * self.tolerance_mm
        return float(np.copysign(max(mm, size["least_vox"] * min(self.spacing[1:])), size["tolerances"] or 1))

    def write(self, mask: np.ndarray) -> None:
        """The organ becomes this mask, over nothing but itself and the background."""
        self.array[self.mask & ~mask] = 0
        self.array[mask & (self.array == 0)] = self.id

    def fault(self, *slices: int) -> Fault:
        """What was made, unless nothing was."""
        array = np.ascontiguousarray(np.moveaxis(self.array, 0, self.axis))
        labels = LabelMap(array, self.labels.geometry, self.labels.scheme, self.labels.name)
        return Fault(labels, self.organ, tuple(slices), array != self.labels.array)


def missing_slice(at: Canvas, size: dict[str, Any]) -> Fault | None:
    where = at.interior()
    if not len(where):
        return None
    s = int(at.rng.choice(where))
    at.array[s][at.mask[s]] = 0
    return at.fault(s)


def _ball(at: Canvas, middle: np.ndarray, ml: float, allowed: np.ndarray) -> np.ndarray | None:
    """The voxels closest to a middle, as many as make up a volume; None where some are not allowed."""
    n = max(1, round(ml / at.labels.geometry.voxel_ml))
    away = sum(
        ((np.arange(length) - m) * mm).reshape([-1 if d == axis else 1 for d in range(3)]) ** 2
        for axis, (length, m, mm) in enumerate(zip(at.array.shape, middle, at.spacing, strict=True))
    )
    closest = np.argsort(np.asarray(away).ravel(), kind="stable")[:n]
    flat = np.zeros(at.array.size, bool)
    flat[closest] = True
    ball = flat.reshape(at.array.shape)
    return ball if (ball <= allowed).all() else None


def island(at: Canvas, size: dict[str, Any]) -> Fault | None:
    away = ndimage.binary_dilation(at.mask, np.ones((3, 3, 3)), iterations=3)
    near = ndimage.binary_dilation(away, iterations=6) & ~away & (at.array == 0)
    free = (at.array == 0) & ~ndimage.binary_dilation(at.mask, np.ones((3, 3, 3)), iterations=2)
    places = np.argwhere(near)
    for _ in range(50):
        if not len(places):
            return None
        ball = _ball(at, places[at.rng.integers(len(places))], size["ml"], free)
        if ball is not None:
            at.array[ball] = at.id
            return at.fault(*np.flatnonzero(ball.any(axis=(1, 2))).tolist())
    return None


def cavity(at: Canvas, size: dict[str, Any]) -> Fault | None:
    depth = ndimage.distance_transform_edt(np.pad(at.mask, 1), sampling=at.spacing)[1:-1, 1:-1, 1:-1]
    ball = _ball(at, np.array(np.unravel_index(depth.argmax(), depth.shape)), size["ml"], at.mask)
    if ball is None or (ndimage.binary_dilation(ball) & ~at.mask).any():
        return None
    at.array[ball] = 0
    return at.fault(*np.flatnonzero(ball.any(axis=(1, 2))).tolist())


def shifted_slice(at: Canvas, size: dict[str, Any]) -> Fault | None:
    where = at.interior()
    if not len(where):
        return None
    s, angle = int(at.rng.choice(where)), at.rng.uniform(0, 2 * np.pi)
    mm = at.margin_mm(size)
    step = np.rint([mm * np.sin(angle) / at.spacing[1], mm * np.cos(angle) / at.spacing[2]]).astype(int)
    moved = ndimage.shift(at.mask[s].astype(np.uint8), step, order=0).astype(bool)
    if moved.sum() < at.areas[s]:
        return None
    at.array[s][at.mask[s]] = 0
    at.array[s][moved] = at.id
    return at.fault(s)


def resized_slice(at: Canvas, size: dict[str, Any]) -> Fault | None:
    where = at.interior()
    if not len(where):
        return None
    s, mm = int(at.rng.choice(where)), at.margin_mm(size)
    outside = ndimage.distance_transform_edt(~at.mask[s], sampling=at.spacing[1:])
    inside = ndimage.distance_transform_edt(np.pad(at.mask[s], 1), sampling=at.spacing[1:])[1:-1, 1:-1]
    slice_ = at.mask.copy()
    slice_[s] = outside <= mm + 1e-6 if mm > 0 else inside > -mm + 1e-6
    at.write(slice_)
    return at.fault(s)


def copied_slice(at: Canvas, size: dict[str, Any]) -> Fault | None:
    where = []
    for s in at.interior().tolist():
        changed = (at.mask[s] != at.mask[s - 1]).sum()
        sides = sum((np.diff(np.pad(at.mask[s], 1).astype(np.int8), axis=axis) != 0).sum() for axis in (0, 1))
        if changed / (np.pi / 4 * sides) >= size["least_px"]:
            where.append(s)
    if not where:
        return None
    s = int(at.rng.choice(where))
    at.array[s][at.mask[s]] = 0
    at.array[s][at.mask[s - 1]] = at.id
    return at.fault(s)


def rough_border(at: Canvas, size: dict[str, Any]) -> Fault | None:
    where = at.interior(size["slices"] // 2)
    if not len(where):
        return None
    middle, mm = int(at.rng.choice(where)), at.margin_mm(size)
    slices = range(middle - size["slices"] // 2, middle + size["slices"] // 2 + 1)
    rough = at.mask.copy()
    for s in slices:
        outside = ndimage.distance_transform_edt(~at.mask[s], sampling=at.spacing[1:])
        inside = ndimage.distance_transform_edt(np.pad(at.mask[s], 1), sampling=at.spacing[1:])[1:-1, 1:-1]
        band = (outside + inside) <= mm + 1e-6
        rough[s] = np.where(band, at.rng.random(band.shape) < 0.5, at.mask[s])
    at.write(rough)
    return at.fault(*slices)


def _free_ends(at: Canvas) -> list[int]:
    """1 and -1 for the last and the first slice, where no other organ goes on and the scan does."""
    free = []
    for s, step in ((at.filled[-1], 1), (at.filled[0], -1)):
        beyond = s + step
        if 0 <= beyond < len(at.array) and not at.array[beyond][at.mask[s]].any():
            free.append(step)
    return free


def _cut(at: Canvas, share: float, step: int) -> tuple[slice, int]:
    """The slices that go when a share of the organ's is cut off at an end, and the last that stays."""
    n = max(1, round(share * len(at.filled)))
    if step > 0:
        kept = int(at.filled[-n - 1])
        return slice(kept + 1, None), kept
    kept = int(at.filled[n])
    return slice(0, kept), kept


def erased_top(at: Canvas, size: dict[str, Any]) -> Fault | None:
    ends = _free_ends(at)
    if not ends or len(at.filled) < 6:
        return None
    gone, kept = _cut(at, size["share"], ends[0])
    at.array[gone][at.mask[gone]] = 0
    return at.fault(kept)


def scan_cut(at: Canvas, size: dict[str, Any]) -> Fault | None:
    ends = _free_ends(at)
    if not ends or len(at.filled) < 6:
        return None
    gone, _ = _cut(at, size["share"], ends[0])
    stays = slice(0, gone.start) if ends[0] > 0 else slice(gone.stop, None)
    array = np.ascontiguousarray(np.moveaxis(at.array[stays], 0, at.axis))
    start = np.zeros(4)
    start[at.axis] = 0 if ends[0] > 0 else gone.stop
    affine = np.array(at.labels.affine)
    affine[:, 3] += at.labels.affine @ start
    geometry = Geometry(array.shape, affine)
    labels = LabelMap(array, geometry, at.labels.scheme, at.labels.name)
    return Fault(labels, at.organ, (len(at.array[stays]) - 1 if ends[0] > 0 else 0,))


def _layer(at: Canvas) -> np.ndarray:
    """The voxels of the organ that another organ touches by a face."""
    others = (at.array > 0) & ~at.mask
    return ndimage.binary_dilation(others) & at.mask


def gap(at: Canvas, size: dict[str, Any]) -> Fault | None:
    layer = _layer(at)
    if layer.sum() < 20:
        return None
    at.array[layer] = 0
    return at.fault(*np.flatnonzero(layer.any(axis=(1, 2))).tolist())


def overlap(at: Canvas, size: dict[str, Any]) -> Fault | None:
    others = (at.array > 0) & ~at.mask
    layer = ndimage.binary_dilation(at.mask) & others
    if layer.sum() < 20:
        return None
    one = np.moveaxis(np.where(at.mask | layer, at.id, 0), 0, at.axis)
    other = np.moveaxis(np.where(others, at.array, 0), 0, at.axis)
    first, second = (
        LabelMap(np.ascontiguousarray(array), at.labels.geometry, at.labels.scheme, at.labels.name)
        for array in (one, other)
    )
    slices = np.flatnonzero(layer.any(axis=(1, 2))).tolist()
    return Fault(first, at.organ, tuple(slices), np.moveaxis(layer, 0, at.axis), (second,))


def nearly_nothing(at: Canvas, size: dict[str, Any]) -> Fault | None:
    n = max(1, round(size["ml"] / at.labels.geometry.voxel_ml))
    where = np.argwhere(at.mask)
    away = np.square((where - where[at.rng.integers(len(where))]) * at.spacing).sum(axis=1)
    left = where[np.argsort(away, kind="stable")[:n]]
    at.array[at.mask] = 0
    at.array[tuple(left.T)] = at.id
    return at.fault(*np.unique(left[:, 0]).tolist())


def volume(at: Canvas, size: dict[str, Any]) -> Fault | None:
    """Scaled about its middle, with a smooth border; the factor that gives the volume is sought."""
    inside = ndimage.distance_transform_edt(np.pad(at.mask, 1), sampling=at.spacing)[1:-1, 1:-1, 1:-1]
    away = inside - ndimage.distance_transform_edt(~at.mask, sampling=at.spacing)
    middle = np.argwhere(at.mask).mean(axis=0)
    zoom = size["factor"] ** (-1 / 3)
    scaled = ndimage.affine_transform(away, [zoom] * 3, middle * (1 - zoom), order=1, mode="nearest") / zoom
    free = at.mask | (at.array == 0)
    ordered = np.sort(scaled[free])[::-1]
    want = round(size["factor"] * at.mask.sum())
    if want >= len(ordered):
        return None
    at.write((scaled >= ordered[want]) & free)
    return at.fault(round(float(middle[0])))


def swapped(at: Canvas, size: dict[str, Any]) -> Fault | None:
    other = next((n for n in at.labels.scheme.ids if n != at.id and (at.array == n).any()), None)
    if other is None:
        return None
    theirs = at.array == other
    at.array[at.mask] = other
    at.array[theirs] = at.id
    return at.fault(*at.filled.tolist())


PLANT = {
    function.__name__: function
    for function in (
        missing_slice, island, cavity, shifted_slice, resized_slice, copied_slice, rough_border, erased_top,
        scan_cut, gap, overlap, nearly_nothing, volume, swapped,
    )
}  # fmt: skip
