"""Reading scans and labels, and writing them back on exactly the same grid: one module per file format."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, part, silent
from napari_boundaryseg.registry import Registry

T = TypeVar("T")

RawLabels = tuple[np.ndarray, Geometry, tuple[str, ...]]
"""(I, J, K) integers, their grid, doubts."""


@dataclass(frozen=True)
class Format:
    """One way to store a scan; a module of this folder registers it."""

    suffixes: tuple[str, ...]
    """File endings, lower case; empty for a format that is a folder."""
    read: Callable[[Path, Progress], Volume]
    read_labels: Callable[[Path, Progress], RawLabels] | None = None
    write: Callable[[LabelMap | Volume, Path], None] | None = None
    """Refuses endings of its own that it only reads, with a sentence."""
    written: tuple[str, ...] = ()
    """The file endings that ``write`` takes."""


FORMATS: Registry[Format] = Registry("file format", __name__)


def read(*sources: str | Path, progress: Progress = silent) -> Volume:
    """A scan from one file or folder, or several channels of one case.

    Parameters
    ----------
    *sources : str or Path
        A NIfTI, NRRD or MetaImage file, or a folder with one DICOM series. Several: one after the other as channels.

    Returns
    -------
    Volume
        The array is (C, I, J, K), in the order of the file.

    Raises
    ------
    InputError
        When a source cannot be read, or the channels lie on different grids.
    MissingExtra
        When the library for this format is not installed.
    """
    from napari_boundaryseg.data.formats.channels import joined

    if not sources or "" in sources:
        raise InputError("scan", "no file was given", "Choose a file or a folder")
    volumes = []
    for n, source in enumerate(sources):
        path = Path(source)
        step = part(progress, n / len(sources), (n + 1) / len(sources))
        volumes.append(_guarded(path, partial(_read_one, path, step)))
    return volumes[0] if len(volumes) == 1 else joined(volumes)


def _read_one(path: Path, progress: Progress) -> Volume:
    return format_of(path).read(path, progress)


def read_labels(
    source: str | Path, scan: Volume | None = None, scheme: LabelScheme | None = None, *, progress: Progress = silent
) -> LabelMap:
    """A label map, which must fit the scan when one is given.

    Grids whose corners lie within 1e-3 mm are the same; within half a voxel the labels are taken on the scan's grid
    with a doubt; beyond that they are refused.

    Raises
    ------
    InputError
        When it cannot be read, is no label map, does not fit the scan, or holds integers that the scheme lacks.
    """
    from napari_boundaryseg.data.formats.channels import fitted

    path = Path(source)
    reader = format_of(path).read_labels
    if reader is None:
        raise InputError(path, "labels cannot be read from this format", "Choose a NIfTI, NRRD or MHA file")
    array, geometry, doubts = _guarded(path, lambda: reader(path, progress))
    if scan is not None:
        geometry, more = fitted(path, geometry, scan)
        doubts += more
    try:
        labels = LabelMap(array, geometry, name=case_name(path), doubts=doubts)
        return labels if scheme is None else labels.with_scheme(scheme)
    except InputError as error:
        raise InputError(path, error.reason, error.advice) from error


def write(value: LabelMap | Volume, path: str | Path) -> None:
    """Write a label map or a scan in the format of the file's suffix, on exactly its own grid."""
    path = Path(path)
    for name in FORMATS:
        entry = FORMATS[name]
        if entry.write is not None and path.name.lower().endswith(entry.suffixes):
            entry.write(value, path)
            return
    raise InputError(path, "this kind of file cannot be written", f"Use one of: {', '.join(written())}")


def write_map(array: np.ndarray, geometry: Geometry, path: str | Path) -> None:
    """Write float maps on a grid as NIfTI: (I, J, K), or (N, I, J, K), which becomes 4-D with N last."""
    from napari_boundaryseg.data.formats.nifti.write import write_array

    maps = np.asarray(array, np.float32)
    if maps.shape[-3:] != geometry.shape or maps.ndim not in (3, 4):
        raise InputError(Path(path), f"the map is {maps.shape}, the grid {geometry.shape}", "Give one value per voxel")
    write_array(maps if maps.ndim == 3 else np.moveaxis(maps, 0, 3), geometry, Path(path))


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


def format_of(path: Path) -> Format:
    """The format that reads this path: by its suffix, else by its first bytes."""
    _check_exists(path)
    if path.is_dir():
        return FORMATS["dicom"]
    for name in FORMATS:
        if path.name.lower().endswith(FORMATS[name].suffixes or ("/",)):
            return FORMATS[name]
    return FORMATS[_sniffed(path)]


def _sniffed(path: Path) -> str:
    from napari_boundaryseg.data.formats.compressed import GZIP_MAGIC, guess

    with path.open("rb") as stream:
        head = stream.read(540)
    if head[344:347] == b"n+1" or head[4:7] == b"n+2" or head.startswith(GZIP_MAGIC):
        return "nifti"
    if guess(head) == "a DICOM file":
        raise InputError(path, "it is one slice of a DICOM series", "Open the folder that holds the series")
    raise InputError(
        path,
        f"it is no scan but {guess(head)}" if head else "the file is empty",
        f"Choose a DICOM folder or a file ending in {', '.join(suffixes())}",
    )


def _check_exists(path: Path) -> None:
    try:
        path.stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the name is not valid"
        raise InputError(
            path, f"it cannot be opened: {reason}", "Check the name and whether the disk is connected"
        ) from error
    if not path.is_dir() and not path.is_file():
        raise InputError(path, "it is a device or pipe, not a file", "Choose a file or a folder")
    if path.is_dir() and not os.access(path, os.R_OK | os.X_OK):
        raise InputError(path, "the folder may not be read", "Ask for the right to read it")


def _guarded(path: Path, action: Callable[[], T]) -> T:
    """Turn what the system says about a file into a sentence with the file's name."""
    try:
        return action()
    except OSError as error:
        raise InputError(
            path,
            f"it cannot be read: {error.strerror or error}",
            "Check whether the disk is connected and the file may be read",
        ) from error
    except MemoryError as error:
        raise InputError(path, "there is not enough memory for it", "Close other programs or crop the scan") from error
