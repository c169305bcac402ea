"""Network grid: resampling to the recipe's spacing or size, and exactly the way back."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.geometry import AxisMap
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.preprocessing.intensities import nonzero_box, normalised
from napari_boundaryseg.engine.recipes.settings import Preprocessing
from napari_boundaryseg.errors import InputError

SAME_SPACING = 1e-3
"""Spacings that differ by less than this share are equal: nothing is interpolated."""

MOST_FINER = 8
MOST_VOXELS = 2**27
"""A network grid above this size that has over `MOST_FINER` times the scan's own voxels is refused."""


class NetworkGrid:
    """The network's view of a scan, or of a box of it: axes RAS+ in the order (z, y, x), at the recipe's spacing.

    Both grids cover the same field of view, from voxel edge to voxel edge.

    Parameters
    ----------
    volume : Volume
    settings : Preprocessing
    box : three slices, optional
        The part of the scan's own (I, J, K) array to look at; all of it by default.
    """

    def __init__(self, volume: Volume, settings: Preprocessing, box: Box | None = None) -> None:
        self._volume, self._settings = volume, settings
        i, j, k = volume.geometry.shape
        if box is None and settings.crop == "nonzero":
            box = nonzero_box(volume)
        self.box: Box = box or (slice(0, i), slice(0, j), slice(0, k))
        shape = tuple(s.stop - s.start for s in self.box)
        self._axes = AxisMap(volume.affine, shape, "RAS")
        own = self._axes.new_spacing_mm[::-1]
        wanted = settings.spacing_mm[::-1] if settings.spacing_mm else own
        self.own_shape: tuple[int, int, int] = self._axes.new_shape[::-1]
        size: list[int] = []
        spacing: list[float] = []
        for n, have, want in zip(self.own_shape, own, wanted, strict=True):
            same = abs(have - want) <= SAME_SPACING * want
            steps = n if same else max(1, round(n * have / want))
            if settings.size_vox is not None:
                steps = settings.size_vox[len(size)]
            size.append(steps)
            spacing.append(n * have / steps)
        self.shape: tuple[int, int, int] = (size[0], size[1], size[2])
        self.spacing_zyx: tuple[float, float, float] = (spacing[0], spacing[1], spacing[2])
        self.not_finite = 0

    def _refuse_absurd(self) -> None:
        voxels = math.prod(self.shape)
        if voxels > MOST_VOXELS and voxels > MOST_FINER * math.prod(self.own_shape):
            z, y, x = self.shape
            raise InputError(
                self._volume.name,
                f"at the model's spacing it would have {x} x {y} x {z} voxels",
                "Draw a box round the organs, or choose a model for coarser scans",
            )

    @property
    def resampled(self) -> bool:
        """Whether the scan's own voxels are interpolated."""
        return self.shape != self.own_shape

    def image(self) -> np.ndarray:
        """The normalised scan: (C, z, y, x) float32, always finite.

        Percentiles, mean and SD are those of the box; see `engine.preprocessing.intensities.normalised`.
        """
        turned = self._own()
        self.not_finite = int(turned.size - np.isfinite(turned).sum())
        channels = [normalised(channel, self._settings, index) for index, channel in enumerate(turned)]
        return self._resize(np.stack(channels), "linear")

    def intensities(self) -> np.ndarray:
        """The scan as it is, on the network's grid: (C, z, y, x) float32; what is no number becomes 0."""
        return self._resize(np.nan_to_num(self._own(), posinf=0.0, neginf=0.0), "linear")

    def _own(self) -> np.ndarray:
        self._refuse_absurd()
        return self._turn(self._volume.array[(slice(None), *self.box)]).astype(np.float32)

    def labels(self, labels: LabelMap) -> np.ndarray:
        """Class indices on the network's grid: (z, y, x) uint8 or int16, 0 for the background, nearest neighbour."""
        self._refuse_absurd()
        turned = self._turn(labels.array[self.box])
        classes = np.zeros(turned.shape, np.uint8 if len(labels.scheme.ids) < 256 else np.int16)
        for index, organ in enumerate(labels.scheme.ids, start=1):
            classes[turned == organ] = index
        return self._resize(classes[None], "nearest")[0].astype(classes.dtype)

    def masks(self, masks: np.ndarray) -> np.ndarray:
        """(N, I, J, K) bool on the scan's own array to (N, z, y, x) on the network's grid, nearest neighbour."""
        return self._resize(self._turn(masks[(slice(None), *self.box)]), "nearest").astype(bool)

    def planes_of(self, axis: int) -> tuple[int, float]:
        """The axis of (z, y, x) that lies along an axis of the scan's array, and how many slices make one plane."""
        along = 2 - int(self._axes.there[axis][0])
        return along, self.own_shape[along] / self.shape[along]

    def back(self, maps: np.ndarray) -> np.ndarray:
        """(N, z, y, x) on the network's grid to (N, I, J, K) float32 on the scan's grid, inside the box."""
        size = self.own_shape
        result = np.empty((len(maps), *(s.stop - s.start for s in self.box)), np.float32)
        for n, one in enumerate(maps):
            result[n] = self.turned_back(one if not self.resampled else resized(one[None], size, "linear")[0])
        return result

    def turned(self, array: np.ndarray) -> np.ndarray:
        """(I, J, K) inside the box to (z, y, x) at the scan's own spacing: a view."""
        return np.swapaxes(self._axes.to_axes(array), -1, -3)

    def turned_back(self, array: np.ndarray) -> np.ndarray:
        """(z, y, x) at the scan's own spacing to (I, J, K) inside the box: a view."""
        return np.asarray(self._axes.from_axes(np.swapaxes(array, -1, -3)))

    def _turn(self, array: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(self.turned(array))

    def _resize(self, array: np.ndarray, mode: str) -> np.ndarray:
        return resized(array, self.shape, mode) if self.resampled else array


def resized(array: np.ndarray, size: tuple[int, int, int], mode: str) -> np.ndarray:
    """(N, z, y, x) at another size over the same field of view, "linear" or "nearest"; averaged where it shrinks."""
    tensor = torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))
    if mode == "nearest":
        return F.interpolate(tensor[None], size=size, mode="nearest-exact")[0].numpy()
    return linear(tensor, size).numpy()


def linear(maps: torch.Tensor, size: tuple[int, int, int]) -> torch.Tensor:
    """(N, z, y, x) at another size over the same field of view; averaged where it shrinks."""
    tensor = maps[None]
    for axis, (have, want) in enumerate(zip(tensor.shape[2:], size, strict=True)):
        if want < have:
            tensor = _shrink(tensor, axis + 2, want)
    return F.interpolate(tensor, size=size, mode="trilinear", align_corners=False)[0]


def _shrink(tensor: torch.Tensor, axis: int, want: int) -> torch.Tensor:
    """Anti-aliased linear interpolation along one axis."""
    moved = tensor.movedim(axis, -1)
    images = moved.reshape(1, -1, *moved.shape[-2:])  # not one high image: on CUDA rows beyond 524,280 stay unwritten
    size = (images.shape[2], want)
    small = F.interpolate(images, size=size, mode="bilinear", align_corners=False, antialias=True)
    return small.reshape(*moved.shape[:-1], want).movedim(-1, axis)
