"""Arrays as private files: written whole or not at all, or part by part, and mapped read-only."""

from __future__ import annotations

import errno
import math
import mmap
import os
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from napari_boundaryseg.data.saving import atomic_write
from napari_boundaryseg.data.scratch.scratch_errors import scratch_errors

_CANNOT = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)
"""What a system or a disk says that takes no room beforehand."""


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


def new_array(path: Path, shape: tuple[int, ...], kind: type[np.floating]) -> tuple[np.ndarray, mmap.mmap]:
    """A file of zeros, as `save_array` writes them, to be filled part by part, and its map.

    Its room on the disk is taken at once: a map that finds none later would end the process. Until it is filled nobody
    may read it. Its folder is made when needed.

    Raises
    ------
    InputError
        When the disk is full or cannot be written.
    """
    swapped = [*shape]
    swapped[-1], swapped[-3] = swapped[-3], swapped[-1]
    head = {"descr": npy.dtype_to_descr(np.dtype(kind)), "fortran_order": False, "shape": tuple(swapped)}
    size = np.dtype(kind).itemsize * math.prod(shape)
    with scratch_errors(path.parent):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        new = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            with os.fdopen(new, "w+b") as file:
                npy.write_array_header_1_0(file, head)
                begin = file.tell()
                _take_room(file, begin, size)
                mapped = mmap.mmap(file.fileno(), begin + size)
        except OSError:
            path.unlink(missing_ok=True)
            raise
    return np.frombuffer(mapped, kind, math.prod(shape), begin).reshape(swapped).swapaxes(-1, -3), mapped


def _take_room(file: BinaryIO, begin: int, size: int) -> None:
    """By the system, or where it or the disk cannot, by writing zeros."""
    file.flush()
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file.fileno(), begin, max(size, 1))
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
        else:
            return
    zeros = bytes(2**20)
    for first in range(0, size, len(zeros)):
        file.write(zeros[: size - first])
    file.flush()


def load_array(path: Path) -> np.ndarray:
    """Map what `save_array` wrote; what cannot be read is an OSError or ValueError."""
    return np.load(path, mmap_mode="r", allow_pickle=False).swapaxes(-1, -3)
