"""The text header of an NRRD or MetaImage file: its lines, its numbers, and what it says of grid and voxels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from napari_boundaryseg.data.formats.compressed import DAMAGED
from napari_boundaryseg.errors import InputError

SAVE_AGAIN = "Save it again as .nii.gz, or as .nrrd or .mha in one piece"
EXPORT_AGAIN = "Export it again"
_MOST_HEADER = 1 << 20
_MOST_SIZE = (1 << 31) - 1
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?|[+-]?(nan|inf|infinity)", re.IGNORECASE)


@dataclass(frozen=True)
class VoxelData:
    """Where the voxels lie and how they are packed."""

    path: Path
    start: int
    """The byte where they begin; `FROM_END`: they are the file's last bytes."""
    encoding: str
    """A name of `napari_boundaryseg.data.formats.unpacked.UNPACK`."""
    skip_lines: int = 0
    """Lines before them, from ``start`` on."""
    skip_bytes: int = 0
    """Bytes before them, after unpacking; `FROM_END`: they are the last bytes."""
    packed_size: int | None = None
    """Bytes that the packed voxels take on the disk; None where the header need not say it."""


FROM_END = -1


@dataclass(frozen=True, eq=False)
class TextHeader:
    """What the header of one file says, checked."""

    sizes: tuple[int, ...]
    """Of every stored axis, the fastest first."""
    component_axis: int | None
    """The stored axis along which the values of one voxel lie."""
    dtype: np.dtype
    """With the byte order of the file."""
    affine: np.ndarray
    """(4, 4) voxel indices to mm, RAS+."""
    data: VoxelData
    warnings: tuple[str, ...] = ()
    slope: float = 1.0
    inter: float = 0.0
    notes: tuple[str, ...] = ()
    """What programs keep in an NRRD header, one ``key:=value`` each."""


class Fields:
    """Header fields by name, without regard to capitals and blanks in names; one that is said twice cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._said: dict[str, str] = {}
        self._twice: set[str] = set()

    def put(self, name: str, value: str) -> None:
        """Add a field."""
        if self._said.setdefault(plain(name), value) != value:
            self._twice.add(plain(name))

    def __contains__(self, name: str) -> bool:
        return plain(name) in self._said

    def __len__(self) -> int:
        return len(self._said)

    def raw(self, name: str) -> str:
        """What a field says, letter for letter; nothing where it is not there.

        Raises
        ------
        InputError
            When the header says it twice, and differently.
        """
        if plain(name) in self._twice:
            raise self.wrong(name, "twice, and differently")
        return self._said.get(plain(name), "")

    def one(self, *names: str) -> str:
        """What a field says that has several names, blanks made one; nothing where none is there.

        Raises
        ------
        InputError
            When two of them are there and say different things.
        """
        found = {" ".join(self.raw(name).split()): name for name in names if name in self}
        if len(found) > 1:
            raise self.wrong(" and ".join(found.values()), "differently, and both mean the same")
        return next(iter(found), "")

    def numbers(self, name: str, text: str, count: int) -> np.ndarray:
        """``count`` finite numbers, parentheses and commas apart."""
        words = text.split()
        if not all(_NUMBER.fullmatch(word) for word in words):
            raise self.wrong(name, "with words that are not numbers")
        values = np.array([float(word) for word in words])
        if len(values) != count:
            raise self.wrong(name, f"with {len(values)} numbers, not {count}")
        if not np.isfinite(values).all():
            raise self.wrong(name, " ".join(f"{value:g}" for value in values))
        return values

    def whole(self, name: str, text: str, least: int = 1, most: int = _MOST_SIZE) -> tuple[int, ...]:
        """Whole numbers within bounds, at least one."""
        words = text.split()
        if not words or not all(_WHOLE.fullmatch(word) for word in words):
            raise self.wrong(name, "without whole numbers")
        numbers = tuple(int(word) for word in words)
        if not least <= min(numbers) <= max(numbers) <= most:
            raise self.wrong(name, " ".join(map(str, numbers[:16])))
        return numbers

    def single(self, name: str, default: int, least: int = 1, most: int = _MOST_SIZE) -> int:
        """One whole number within bounds; ``default`` where the header does not say."""
        text = self.one(name)
        if not text:
            return default
        first, *more = self.whole(name, text, least, most)
        if more:
            raise self.wrong(name, f"with {len(more) + 1} numbers, not 1")
        return first

    def flag(self, *names: str) -> bool | None:
        """Yes or no; None where the header does not say."""
        value = self.one(*names)
        if not value:
            return None
        if value.lower() not in ("true", "false", "t", "f", "1", "0"):
            raise self.wrong(names[0], "neither as True nor as False")
        return value.lower() in ("true", "t", "1")

    def wrong(self, name: str, how: str) -> InputError:
        """A field that cannot be used."""
        return InputError(self.path, f"its header says {name}: {how}", EXPORT_AGAIN)


def plain(name: str) -> str:
    """A field's name without capitals and blanks.

    Examples
    --------
    >>> plain("Space Directions")
    'spacedirections'
    """
    return "".join(name.lower().split())


def header_lines(path: Path, stream: BinaryIO) -> Iterator[str]:
    """Header lines; a header has an end and is not large.

    Raises
    ------
    InputError
        For a header above 1 MiB.
    """
    while stream.tell() < _MOST_HEADER:
        line = stream.readline(_MOST_HEADER)
        if not line:
            return
        yield line.rstrip(b"\r\n").decode("utf-8", "replace")
    raise InputError(path, "its header does not end", DAMAGED)


def volume_sizes(path: Path, sizes: tuple[int, ...]) -> tuple[int, int, int]:
    """The three sizes of a volume, at least two of them above 1."""
    if len(sizes) != 3 or sum(n > 1 for n in sizes) < 2:
        raise InputError(
            path, f"it is no volume: its size is {' x '.join(map(str, sizes))}", "Choose a scan with three axes"
        )
    i, j, k = sizes
    return i, j, k
