"""A label array that other code writes into, with a private copy that tells what was changed."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.editing.history.edit import compressed, decompressed
from napari_boundaryseg.errors import InputError


class TrackedLabels:
    """Labels as they are, and as they were when they were last committed.

    Parameters
    ----------
    array : (I, J, K) uint8 or uint16 array
        Changed in place, by this class and by others.

    Raises
    ------
    InputError
        For an array that is no such one, or cannot be written.
    """

    def __init__(self, array: np.ndarray) -> None:
        _refuse(array)
        self.array, self.committed = array, array.copy()
        self._voxels: dict[int, int] | None = None
        self._packed: tuple[bytes, str, tuple[int, ...]] | None = None

    def pack(self) -> None:
        """Keep the labels compressed until `unpack`: nobody looks at them or changes them meanwhile."""
        packed = compressed(self.array), self.array.dtype.newbyteorder("<").str, self.array.shape
        self._packed = packed
        self.array = self.committed = np.zeros((0, 0, 0), self.array.dtype)

    def unpack(self) -> None:
        """Have the labels again, in another array."""
        if self._packed is not None:
            labels = decompressed(*self._packed)
            self.array, self.committed, self._packed = labels.copy(), labels.copy(), None

    def changed(self, where: Box) -> Box | None:
        """The smallest box within ``where`` that holds every uncommitted change; None without one."""
        found = boxes.changed(self.committed[where], self.array[where])
        return None if found is None else boxes.shifted(found, where)

    def put(self, box: Box, values: np.ndarray) -> None:
        """Write into the labels and their copy."""
        self.array[box] = values
        if self._voxels is not None:
            won, lost = _count(values), _count(self.committed[box])
            for label in won.keys() | lost.keys():
                self._voxels[label] = self._voxels.get(label, 0) + won.get(label, 0) - lost.get(label, 0)
        self.committed[box] = values

    def refuse_replacement(self, array: np.ndarray) -> None:
        """Refuse an array of another shape, or of a type that does not hold every label."""
        _refuse(array)
        if array.shape != self.array.shape or array.dtype.itemsize < self.array.dtype.itemsize:
            found = f"{array.shape} {array.dtype} cannot take the place of {self.array.shape} {self.array.dtype}"
            raise InputError("labels", found, "Keep the shape, and an integer type that holds every label")

    def replace(self, array: np.ndarray) -> None:
        """Track another array of the same shape; what differs is an uncommitted change."""
        self.refuse_replacement(array)
        self.array, self.committed = array, self.committed.astype(array.dtype)

    def voxels(self) -> dict[int, int]:
        """Label to the number of its committed voxels; counted once, and then kept up with `put`."""
        if self._voxels is None:
            self._voxels = _count(self.committed)
        return self._voxels

    def fitting(self, values: np.ndarray, where: Box) -> np.ndarray:
        """Values for a box, as large as it and of the labels' own type.

        Raises
        ------
        InputError
            For another shape, no integers, or labels that the type does not hold.
        """
        values, shape = np.asarray(values), tuple(part.stop - part.start for part in where)
        if values.shape != shape or values.dtype.kind not in "uib":
            found = f"{values.shape} {values.dtype} does not fit a box of {shape}"
            raise InputError("labels", found, "Give integers, one for each voxel of the box")
        if values.dtype != self.array.dtype and values.size:
            most = np.iinfo(self.array.dtype).max
            if values.min() < 0 or values.max() > most:
                raise InputError("labels", f"they run from {values.min()} to {values.max()}", f"Use 0 to {most}")
        return values.astype(self.array.dtype, copy=False)


def _count(labels: np.ndarray) -> dict[int, int]:
    counts = np.bincount(labels.ravel())
    return {int(label): int(counts[label]) for label in np.flatnonzero(counts)}


def _refuse(array: np.ndarray) -> None:
    if array.ndim != 3 or array.dtype not in (np.uint8, np.uint16) or not array.flags.writeable:
        found = f"an array of {array.ndim} axes of {array.dtype} cannot be edited"
        raise InputError("labels", found, "Use a writable array of three axes, uint8 or uint16")
