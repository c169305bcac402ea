"""Blank scans: those in which nothing can be seen, for every voxel has the same value or is no number."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.errors import InputError

SAME = 1e-6
"""After preprocessing, where tissues differ by about 1, values this close are the same."""


def refuse_constant(volume: Volume, box: Box | None = None) -> list[str]:
    """Refuse a scan, or a box of it, without contrast in any channel: a network finds organs there all the same.

    Parameters
    ----------
    volume : Volume
    box : three slices, optional
        All of the scan by default.

    Returns
    -------
    list of str
        A sentence for each channel that is constant while others are not.

    Raises
    ------
    InputError
    """
    channels = volume.array if box is None else volume.array[(slice(None), *box)]
    faults = [_fault(channel) for channel in channels]
    if not all(faults):
        named = [(name, fault) for name, fault in zip(volume.channels, faults, strict=True) if fault]
        return [f"In the channel {name} {fault}: it tells the model nothing" for name, fault in named]
    where = "" if box is None else "in the box "
    advice = "Check how it was exported" if box is None else "Draw the box round the organs"
    raise InputError(volume.name, f"{where}{faults[0]}, so nothing can be segmented", advice)


def _fault(channel: np.ndarray) -> str:
    """Why nothing can be seen in a channel; nothing where there is contrast."""
    low, high = channel.min(), channel.max()
    if channel.dtype.kind in "fc" and not (np.isfinite(low) and np.isfinite(high)):
        known = channel[np.isfinite(channel)]
        if not known.size:
            return "no voxel is a number"
        low, high = known.min(), known.max()
    return "every voxel has the same value" if low == high else ""


def refuse_unseen(image: Tensor, name: str, model: str) -> None:
    """Refuse a scan of which a model's preprocessing leaves nothing: a few odd voxels, or values beyond its range.

    Parameters
    ----------
    image : (C, z, y, x) float32
        As the network is given it.
    name, model : str

    Raises
    ------
    InputError
    """
    if all(float(channel.max() - channel.min()) <= SAME for channel in image):
        raise InputError(
            name,
            f"after the preprocessing of {model} every voxel has the same value, so nothing can be segmented",
            "Check the scan's range of values, or choose a model for this kind of scan",
        )
