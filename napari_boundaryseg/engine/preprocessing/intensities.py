"""Intensity normalisation of one channel: z-score, HU, percentiles."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from napari_boundaryseg.data.boxes import Box, around
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.recipes.settings import Preprocessing
from napari_boundaryseg.errors import InputError

ROUNDING = 1e-6
"""A range this small beside the values is their rounding; what unit they have does not count."""


def normalised(channel: np.ndarray, settings: Preprocessing, index: int = 0) -> np.ndarray:
    """One channel as the recipe wants it.

    Parameters
    ----------
    channel : (z, y, x) array
        Voxels that are not numbers take the lowest finite value.
    settings : Preprocessing
        Which way; percentiles, mean and SD are those of this array unless the way is ``"dataset"`` or
        ``"foreground"``.
    index : int
        The channel's number, for the figures of the data set.

    Returns
    -------
    (z, y, x) float32 array
        Always finite; a constant channel becomes 0.
    """
    finite = np.isfinite(channel)
    if not finite.any():
        return np.zeros(channel.shape, np.float32)
    if not finite.all():
        channel = np.where(finite, channel, channel[finite].min())
    if settings.normalise == "hu":
        low, high = settings.clip_hu
        return (np.clip(channel, low, high) / 1000).astype(np.float32)
    if settings.normalise == "dataset":
        return _by_dataset(channel, settings, index)
    if settings.normalise == "foreground":
        return _by_foreground(channel, settings, index)
    if settings.per_slice:
        return np.stack([_by_itself(plane, settings) for plane in channel])
    return _by_itself(channel, settings)


def _by_itself(channel: np.ndarray, settings: Preprocessing) -> np.ndarray:
    counted = channel[channel != 0] if settings.nonzero else channel
    if not counted.size:
        return np.zeros(channel.shape, np.float32)
    low, high = map(float, np.percentile(counted, settings.clip_percentiles))
    if settings.normalise == "unit":
        centre, width = low, high - low
    else:
        clipped = np.clip(counted, low, high)
        centre, width = clipped.mean(dtype=np.float64), clipped.std(dtype=np.float64)
    if width <= ROUNDING * max(abs(low), abs(high)):
        return np.zeros(channel.shape, np.float32)
    result = ((np.clip(channel, low, high) - centre) / width).astype(np.float32)
    return np.where(channel != 0, result, np.float32(0)) if settings.nonzero else result


def _by_dataset(channel: np.ndarray, settings: Preprocessing, index: int) -> np.ndarray:
    if index >= len(settings.means):
        raise InputError("the recipe", "the mean and SD of its data set are not known yet", "Train it first")
    return ((channel - settings.means[index]) / settings.sds[index]).astype(np.float32)


def _by_foreground(channel: np.ndarray, settings: Preprocessing, index: int) -> np.ndarray:
    if index >= min(len(settings.lows), len(settings.highs)):
        raise InputError("the recipe", "the percentiles of its data set are not known yet", "Train it first")
    low, high = settings.lows[index], settings.highs[index]
    if high - low <= ROUNDING * max(abs(low), abs(high)):
        return np.zeros(channel.shape, np.float32)
    return np.clip((channel - low) / (high - low), 0, 1).astype(np.float32)


def measured(volumes: Iterable[Volume], settings: Preprocessing) -> Preprocessing:
    """The same settings with the mean and SD of every channel over all voxels of a data set."""
    counts, sums, squares = 0.0, np.zeros(0), np.zeros(0)
    for volume in volumes:
        array = np.nan_to_num(volume.array.reshape(len(volume.array), -1).astype(np.float64), posinf=0.0, neginf=0.0)
        sums, squares = (sums, squares) if sums.size else (np.zeros(len(array)), np.zeros(len(array)))
        counts += array.shape[1]
        sums, squares = sums + array.sum(1), squares + (array**2).sum(1)
    means = sums / max(counts, 1)
    sds = np.sqrt(np.maximum(squares / max(counts, 1) - means**2, 0))
    return settings.model_copy(
        update={"means": tuple(map(float, means)), "sds": tuple(float(sd) if sd > 0 else 1.0 for sd in sds)}
    )


def measured_foreground(cases: Iterable[tuple[Volume, LabelMap]], settings: Preprocessing) -> Preprocessing:
    """The same settings with the percentiles of every channel over all labelled voxels of a data set."""
    kept = [volume.array[:, labels.array > 0].astype(np.float32) for volume, labels in cases]
    voxels = np.concatenate(kept, axis=1) if kept else np.zeros((0, 0))
    ends = [
        np.percentile(channel[np.isfinite(channel)], settings.clip_percentiles)
        if np.isfinite(channel).any()
        else (0.0, 0.0)
        for channel in voxels
    ]
    return settings.model_copy(
        update={"lows": tuple(float(low) for low, _ in ends), "highs": tuple(float(high) for _, high in ends)}
    )


def nonzero_box(volume: Volume) -> Box:
    """The smallest box that holds every voxel that is not 0 in some channel; the whole scan where there is none."""
    i, j, k = volume.geometry.shape
    whole = slice(0, i), slice(0, j), slice(0, k)
    return around((volume.array != 0).any(0), volume.geometry.spacing_mm) or whole
