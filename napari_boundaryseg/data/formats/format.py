"""A file format as a value, the registry of formats, and the name of a case."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.progress import Progress
from napari_boundaryseg.registry import Registry

RawLabels = tuple[np.ndarray, Geometry, tuple[str, ...]]
"""(I, J, K) integers, their grid, warnings."""


def _never(path: Path, head: bytes) -> bool:
    return False


@dataclass(frozen=True)
class Format:
    """One way to store a scan; a module of this folder registers it."""

    suffixes: tuple[str, ...]
    """File endings, lower case; empty for a format that is known by its content alone."""
    read: Callable[[Path, Progress], Volume]
    read_labels: Callable[[Path, Progress], RawLabels] | None = None
    write: Callable[[LabelMap | Volume, Path], None] | None = None
    """Refuses endings of its own that it only reads, with a sentence."""
    written: tuple[str, ...] = ()
    """The file endings that ``write`` takes."""
    recognises: Callable[[Path, bytes], bool] = _never
    """Whether a path without one of these endings is stored so: it gets a file's first bytes, none of a folder."""
    asked_last: bool = False
    """For a format that takes every folder, or every packed file, for its own: others are asked first."""


FORMATS: Registry[Format] = Registry(
    "file format", __name__.rpartition(".")[0], "napari_boundaryseg.formats", of=Format
)


def suffixes() -> tuple[str, ...]:
    """Every file ending that can be read."""
    return tuple(suffix for name in FORMATS for suffix in FORMATS[name].suffixes)


def written() -> tuple[str, ...]:
    """Every file ending that can be written."""
    return tuple(suffix for name in FORMATS for suffix in FORMATS[name].written)


def case_name(path: str | Path) -> str:
    """The name of a case: the file's name without suffixes and channel number, or the folder's name."""
    path = Path(path)
    name = path.name or path.resolve().name
    endings = [suffix for suffix in suffixes() if name.lower().endswith(suffix)]
    if endings and not path.is_dir():
        name = name[: -max(map(len, endings))]
        name = re.sub(r"(?<=.)_\d{4}$", "", name)
    return name or "scan"
