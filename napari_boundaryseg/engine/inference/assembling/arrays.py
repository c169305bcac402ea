"""Arrays that a prediction's maps are put into: in memory, or files of a folder. No torch."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Protocol

import numpy as np

from napari_boundaryseg.data.scratch.arrays import new_array


class Arrays(Protocol):
    """Where the maps of a prediction are made."""

    def new(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """An array of zeros, its last three axes those of the scan."""

    def settle(self, name: str) -> None:
        """Called whenever a part of one map was written."""


class InMemory:
    """Arrays of float32."""

    def new(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """Zeros."""
        return np.zeros(shape, np.float32)

    def settle(self, name: str) -> None:
        """Nothing is to be done."""


class InFolder:
    """Private files of a folder, which is made when needed; what is written leaves the process's memory.

    Probabilities are float32, because labels are made of them; what is only looked at is float16.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, tuple[np.ndarray, mmap.mmap]] = {}

    def new(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """A file of zeros, mapped; the one of that name, where a prediction begins anew.

        Raises
        ------
        InputError
            When the disk has no room for it, or cannot be written.
        """
        if name in self._made and self._made[name][0].shape == shape:
            self._made[name][0][...] = 0
        else:
            self._made.pop(name, None)
            self._made[name] = new_array(self._folder / f"{name}.npy", shape, kind_of(name))
        return self._made[name][0][...]

    def settle(self, name: str) -> None:
        """Let the system keep what was written, and write it when it likes.

        A page that is touched may bring the whole map with it, so this is done map by map.
        """
        if hasattr(mmap, "MADV_DONTNEED"):
            self._made[name][1].madvise(mmap.MADV_DONTNEED)


def kind_of(name: str) -> type[np.floating]:
    """What the values of a map are on disk."""
    return np.float32 if name == "probabilities" else np.float16
