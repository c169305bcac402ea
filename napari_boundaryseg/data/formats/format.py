"""A file format as a value, the registry of formats, and the name of a case."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.safe_names import safe_name
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.progress import Progress
from napari_boundaryseg.registry import Registry

RawLabels = tuple[np.ndarray, Geometry, tuple[str, ...]]
"""(I, J, K) integers, their grid, warnings."""
Names = tuple[tuple[int, str], ...]
"""Integers of a label map and what the file that holds it calls them."""


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
    names: Callable[[Path], Names] | None = None
    """What a file itself calls the integers of its labels, for a format that can hold such names."""
    scan_of: Callable[[Path], object] | None = None
    """What the files of one scan share, for a format of which any file stands for all of its scan; None for others."""
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


def stem(path: str | Path) -> str:
    """A file's name without the suffix of its format, or a folder's name; numbers at its end are kept."""
    path = Path(path)
    name = path.name or path.resolve().name
    return name if _is_folder(path) else _without_suffix(name)


def _is_folder(path: str | Path) -> bool:
    """Whether it is one; a name that no disk can hold is none."""
    try:
        return Path(path).is_dir()
    except OSError:
        return False


def _without_suffix(name: str) -> str:
    endings = [suffix for suffix in suffixes() if name.lower().endswith(suffix)]
    return name[: -max(map(len, endings))] if endings else name


_NUMBERED = re.compile(r"(.+)_(\d{4})", re.DOTALL)


def numbered(name: str) -> tuple[str, int] | None:
    """A name that ends in four digits, apart: ``a_0001`` is ``a`` and 1. A channel's number or a patient's.

    Examples
    --------
    >>> numbered("amos_0001"), numbered("case_00001")
    (('amos', 1), None)
    """
    found = _NUMBERED.fullmatch(name)
    return (found[1], int(found[2])) if found else None


def case_name(*paths: str | Path) -> str:
    """The name of the case that a file, a folder, or several files with one channel each belong to.

    It is the file's name without suffixes, or the folder's name. Four digits at its end are mostly a patient's number
    and stay. They are a channel's number, and go, where channels are given together, and where they are ``_0000`` and
    no file beside bears another number. Results are called by it: see `safe_name`.

    Examples
    --------
    >>> case_name("amos_0004.nii.gz"), case_name("case7_0000.nii.gz"), case_name("a_0000.nii", "a_0001.nii")
    ('amos_0004', 'case7', 'a')
    """
    return safe_name(name_of_channels(paths) or _name_of_one(Path(paths[0])))


def name_of_channels(paths: Sequence[str | Path]) -> str:
    """What the names of files that were given together as channels share, up to a sign between words; else empty."""
    parts = [None if _is_folder(path) else numbered(stem(path)) for path in paths]
    bases = {part[0] if part else "" for part in parts}
    if len(parts) > 1 and len(bases) == 1 and "" not in bases:
        return bases.pop()
    return shared_start([stem(path) for path in paths]) if not any(map(_is_folder, paths)) else ""


def shared_start(names: Sequence[str]) -> str:
    """What several names begin with, up to a sign between words; empty where some are the same.

    Examples
    --------
    >>> shared_start(["BraTS-00-t1c", "BraTS-00-t2f"]), shared_start(["t1", "t2"]), shared_start(["case-1", "case-1"])
    ('BraTS-00', '', '')
    """
    if len(set(names)) < max(2, len(names)):
        return ""
    alike = "".join(letters[0] for letters in takewhile(lambda letters: len(set(letters)) == 1, zip(*names)))
    return re.split(r"[-_. ](?=[^-_. ]*$)", alike)[0] if re.search(r"[-_. ]", alike) else ""


def _name_of_one(path: Path) -> str:
    name = stem(path)
    part = None if _is_folder(path) else numbered(name)
    return part[0] if part and part[1] == 0 and not _others_beside(path, part[0]) else name


def _others_beside(path: Path, base: str) -> bool:
    """Whether the file's folder holds the same name with another number."""
    try:
        with os.scandir(path.parent) as entries:
            found = {_without_suffix(entry.name) for entry in entries if entry.name.startswith(f"{base}_")}
    except (OSError, ValueError):
        return False
    return any(part[0] == base and part[1] != 0 for part in map(numbered, found) if part)
