"""Stored values of slices to real ones, each slice with its own slope and intercept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from napari_boundaryseg.data.formats.decimals import Rounded, not_finite
from napari_boundaryseg.data.formats.dicom.folder import EXPORT
from napari_boundaryseg.data.formats.dicom.pixels import Pixels
from napari_boundaryseg.data.formats.dicom.slices import Slice, named
from napari_boundaryseg.errors import InputError


def check_scales(ordered: Sequence[Slice], found: Sequence[Pixels]) -> tuple[str, ...]:
    """A warning that names the few slices whose scale is not that of most others.

    Raises
    ------
    InputError
        For a series in which some slices are scaled and others do not say how.
    """
    counts = Counter((one.slope, one.inter) for one in found)
    without = [item.path for item, one in zip(ordered, found) if not one.scaled]
    if without and set(counts) != {(1, 0)}:
        raise InputError(without[0], "it gives no rescale slope and intercept, other slices do", EXPORT)
    usual, count = counts.most_common(1)[0]
    if not len(found) / 2 < count < len(found):
        return ()
    odd = [item.path for item, one in zip(ordered, found) if (one.slope, one.inter) != usual]
    return (f"Another rescale slope or intercept than most slices have: {named(odd)}.",)


def rescaled(stored: list[np.ndarray], scales: list[tuple[float, float]]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Slices of stored values to real ones, (slices, rows, columns), and a warning where some were rounded.

    Integers where every slice's rescale keeps them whole, else float32.
    """
    shape = (len(stored), *stored[0].shape)
    if all(slope == 1 and inter == round(inter) for slope, inter in scales):
        low = min(float(array.min()) + inter for array, (_, inter) in zip(stored, scales))
        high = max(float(array.max()) + inter for array, (_, inter) in zip(stored, scales))
        for name in ("int16", "int32", "uint32"):
            if np.iinfo(name).min <= low and high <= np.iinfo(name).max:
                whole = np.empty(shape, name)
                for n, (array, (_, inter)) in enumerate(zip(stored, scales)):
                    whole[n] = array.astype(np.float64) + inter
                return whole, ()
    result, rounded = np.empty(shape, np.float32), Rounded()
    for n, (array, (slope, inter)) in enumerate(zip(stored, scales)):
        rounded.put(array.astype(np.float64) * slope + inter, result[n])
    return result, rounded.warnings + not_finite(result)
