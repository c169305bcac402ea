"""Copies of one scan under two names, found by their voxels, whatever the file format, voxel type or axis order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np

from napari_boundaryseg.data.volume import Volume


def marks(volume: Volume) -> frozenset[str]:
    """What two copies of a scan have in common: hashes of each channel's values, in the order of the file and in that
    of the patient. A constant channel has none.

    Examples
    --------
    >>> from napari_boundaryseg.data.volume import Geometry
    >>> array = np.arange(24, dtype=np.int16).reshape(1, 2, 3, 4)
    >>> scan = Volume(array, Geometry((2, 3, 4), np.eye(4)))
    >>> turned = Volume(array[:, ::-1].astype(np.float64), Geometry((2, 3, 4), np.diag([-1.0, 1, 1, 1])))
    >>> bool(marks(scan) & marks(turned)), bool(marks(scan) & marks(Volume(array + 1, scan.geometry)))
    (True, False)
    """
    found = set()
    for channel in volume.array:
        if channel.size and (channel != channel.flat[0]).any():
            found.add(_digest(channel))
            found.add(_digest(volume.geometry.display.to_display(channel)))
    return frozenset(found)


def _digest(array: np.ndarray) -> str:
    digest = hashlib.blake2b(str(array.shape).encode(), digest_size=16)
    for plane in array:
        digest.update(np.ascontiguousarray(plane.astype("<f4") + np.float32(0)).data)
    return digest.hexdigest()


def copied(one: Iterable[tuple[str, frozenset[str]]], two: Iterable[tuple[str, frozenset[str]]]) -> Iterator[str]:
    """Which names of both lists are one scan, as ``a is b``."""
    known = {mark: name for name, found in one for mark in found}
    for name, found in two:
        first = next((known[mark] for mark in sorted(found) if mark in known), None)
        if first is not None:
            yield f"{name} is the same scan as {first}"
