"""Arrays as private files: written whole or not at all, and mapped read-only."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from napari_boundaryseg.data.saving import atomic_write
from napari_boundaryseg.data.scratch.scratch_errors import scratch_errors


def save_array(path: Path, array: np.ndarray) -> None:
    """Write an array with its last axis and the third from the end exchanged: (..., K, J, I).

    That is the order of voxels in most files, so nothing is rearranged, and slices stay whole.

    Raises
    ------
    InputError
        When the disk is full or cannot be written.
    """

    def write(stream: BinaryIO) -> None:
        stored = array.swapaxes(-1, -3)
        head = {"descr": npy.dtype_to_descr(stored.dtype), "fortran_order": False, "shape": stored.shape}
        npy.write_array_header_1_0(stream, head)
        for index in np.ndindex(stored.shape[:-2]):  # by Python, which says why a disk takes no more; NumPy does not
            stream.write(np.ascontiguousarray(stored[index]).data)

    with scratch_errors(path.parent):
        atomic_write(path, write, private=True)


def load_array(path: Path) -> np.ndarray:
    """Map what `save_array` wrote; what cannot be read is an OSError or ValueError."""
    return np.load(path, mmap_mode="r", allow_pickle=False).swapaxes(-1, -3)
