"""Reading scans and labels, and writing them back on exactly the same grid: one module per file format."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from napari_boundaryseg.data.formats import own_names
from napari_boundaryseg.data.formats.channels import fitted, joined
from napari_boundaryseg.data.formats.format import FORMATS, Format, Names, case_name, suffixes, written
from napari_boundaryseg.data.formats.signatures import guess
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, part, silent

T = TypeVar("T")
_log = logging.getLogger(__name__)


def read(*sources: str | Path, progress: Progress = silent) -> Volume:
    """A scan from one file or folder, or several channels of one case.

    Parameters
    ----------
    *sources : str or Path
        A NIfTI, NRRD or MetaImage file, or a folder with one DICOM series, or a file of it. Several: one after the
        other as channels, slices of one series as one.

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

    Examples
    --------
    >>> import tempfile
    >>> from napari_boundaryseg.phantom.two_part import two_part_structure
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "case_0000.nii.gz"
    >>> write(two_part_structure(1)[0], path)
    >>> scan = read(path)
    >>> scan.name, scan.array.shape[0], scan.geometry.orientation
    ('case', 1, 'RAS')
    """
    if not sources or "" in sources:
        raise InputError("scan", "no file was given", "Choose a file or a folder")
    volumes = []
    paths = _one_of_each_scan([Path(source) for source in sources])
    for n, path in enumerate(paths):
        step = part(progress, n / len(paths), (n + 1) / len(paths))
        volumes.append(_guarded(path, partial(_read_one, path, step)))
    return volumes[0] if len(volumes) == 1 else joined(volumes)


def _one_of_each_scan(paths: list[Path]) -> list[Path]:
    """Paths without further files of a scan that is read whole by its first one."""
    if len(paths) == 1:
        return paths
    seen: set[object] = set()
    kept = []
    for path in paths:
        scan_of = format_of(path).scan_of
        scan = _guarded(path, partial(scan_of, path)) if scan_of is not None else None
        if scan is None or scan not in seen:
            kept.append(path)
        seen.add(scan)
    return kept


def _read_one(path: Path, progress: Progress) -> Volume:
    found = format_of(path)
    volume = found.read(path, progress)
    try:
        names = own_names.listed(found.names(path) if found.names else ())
    except InputError:  # said where its labels are wanted
        names = "damaged names"
    told = f"It names its integers ({names}): the names are not kept, the integers are."
    return replace(volume, warnings=(*volume.warnings, told)) if names else volume


def names_in(path: str | Path) -> Names:
    """What a label file itself calls its integers; nothing where it does not say.

    Raises
    ------
    InputError
        When it cannot be read, or names that are there are damaged.
    """
    found = format_of(Path(path)).names
    return _guarded(Path(path), lambda: found(Path(path))) if found else ()


def read_labels(
    source: str | Path, scan: Volume | None = None, scheme: LabelScheme | None = None, *, progress: Progress = silent
) -> LabelMap:
    """A label map, which must fit the scan when one is given.

    Grids whose corners lie within 1e-3 mm are the same; within half the smallest side of a voxel the labels are taken
    on the scan's grid with a warning; beyond that they are refused. Where the file names its integers, as 3D Slicer's
    do, its organs are found in the scheme by their names; without a scheme they keep the file's own names.

    Raises
    ------
    InputError
        When it cannot be read, is no label map, does not fit the scan, or has integers or names that the scheme lacks.
    """
    path = Path(source)
    reader = format_of(path).read_labels
    if reader is None:
        raise InputError(path, "labels cannot be read from this format", "Choose a NIfTI, NRRD or MHA file")
    array, geometry, warnings = _guarded(path, lambda: reader(path, progress))
    if scan is not None:
        geometry, more = fitted(path, geometry, scan)
        warnings += more
    try:
        labels = LabelMap(array, geometry, name=case_name(path), warnings=warnings)
        return own_names.under(labels, names_in(path), scheme)
    except InputError as error:
        raise InputError(path, error.reason, error.advice) from error


def write(value: LabelMap | Volume, path: str | Path) -> None:
    """Write a label map or a scan in the format of the file's suffix, on exactly its own grid.

    Examples
    --------
    >>> import tempfile
    >>> from napari_boundaryseg.phantom.two_part import two_part_structure
    >>> scan, labels = two_part_structure(1)
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "seg.nii.gz"
    >>> write(labels, path)
    >>> bool((read_labels(path, scan).array == labels.array).all())
    True
    """
    path = Path(path)
    for name in FORMATS:
        entry = FORMATS[name]
        if entry.write is not None and path.name.lower().endswith(entry.suffixes):
            entry.write(value, path)
            return
    raise InputError(path, "this kind of file cannot be written", f"Use one of: {', '.join(written())}")


def write_map(array: np.ndarray, geometry: Geometry, path: str | Path) -> None:
    """Write float maps on a grid as NIfTI: (I, J, K), or (N, I, J, K), which becomes 4-D with N last."""
    from napari_boundaryseg.data.formats.nifti.write import write_array  # nibabel, only where it is needed

    maps = np.asarray(array, np.float32)
    if maps.shape[-3:] != geometry.shape or maps.ndim not in (3, 4):
        raise InputError(Path(path), f"the map is {maps.shape}, the grid {geometry.shape}", "Give one value per voxel")
    write_array(maps if maps.ndim == 3 else np.moveaxis(maps, 0, 3), geometry, Path(path))


def can_read(path: str | Path) -> bool:
    """Whether `read` would try: a format knows the path by its ending, or by a file's first bytes.

    Cheap (it reads at most 540 bytes) and never raises: whoever reads the scan is told what is wrong with it.

    Examples
    --------
    >>> can_read("scan.nii.gz"), can_read("letter.pdf")
    (True, False)
    """
    path = Path(path)
    try:
        return _format_by_name(path) is not None or _format_by_content(path, _head(path)) is not None
    except (OSError, ValueError):
        return False


def format_of(path: Path) -> Format:
    """The format that reads this path: by its ending, else by what is in it.

    Raises
    ------
    InputError
        For a path that is not there, may not be read, or that no format knows.
    """
    _check_exists(path)
    head = b""
    found = _format_by_name(path)
    if found is None:
        head = _head(path)
        found = _format_by_content(path, head)
    if found is None:
        raise InputError(
            path,
            f"it is no scan but {guess(head)}" if head else "the file is empty",
            f"Choose a DICOM folder or a file ending in {', '.join(suffixes())}",
        )
    return found


def _format_by_name(path: Path) -> Format | None:
    if path.is_dir():
        return None
    return next(
        (FORMATS[name] for name in FORMATS if path.name.lower().endswith(FORMATS[name].suffixes or ("/",))), None
    )


def _format_by_content(path: Path, head: bytes) -> Format | None:
    in_turn = sorted(FORMATS, key=lambda name: FORMATS[name].asked_last)
    return next((FORMATS[name] for name in in_turn if _recognises(name, path, head)), None)


def _recognises(name: str, path: Path, head: bytes) -> bool:
    try:
        return FORMATS[name].recognises(path, head)
    except Exception as error:  # of another package, perhaps: no other format suffers from it
        _log.warning("The file format %r cannot say whether it knows a file (%s).", name, type(error).__name__)
        return False


def _head(path: Path) -> bytes:
    """A file's first bytes; none of a folder, a device, or what is not there."""
    if not path.is_file():
        return b""
    with path.open("rb") as stream:
        return stream.read(540)


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
