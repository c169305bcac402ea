"""The file beside a header that holds its voxels: in the same folder, one file, no device."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from napari_boundaryseg.data.formats.text_headers.header import SAVE_AGAIN
from napari_boundaryseg.errors import InputError

_PATTERN = re.compile(r"%[0-9]*[du]")
_TOGETHER = "Put both files into one folder"


def beside(header: Path, name: str) -> Path:
    """The data file that a header names.

    Raises
    ------
    InputError
        For many files, a name that is none, a file in another folder (also through a link), one that is missing,
        a folder or device, and the header itself.
    """
    if re.match(r"LIST(\s|$)", name, re.IGNORECASE) or _PATTERN.search(name):
        raise InputError(header, "its voxels are spread over many files", SAVE_AGAIN)
    if not name or not name.isprintable() or len(name) > 255:
        raise InputError(header, "the name of the file with its voxels is not valid", SAVE_AGAIN)
    only = PurePosixPath(name).name  # "./scan.raw" is "scan.raw"
    data = header.parent / only
    if str(PurePosixPath(name)) != only or only in ("", "..") or not _in_folder(data, header.parent):
        raise InputError(header, "its voxels lie in another folder", _TOGETHER)
    if not data.exists():
        raise InputError(header, f"the file with its voxels, {only}, is not there", _TOGETHER)
    if not data.is_file():
        raise InputError(header, f"{only}, which should hold its voxels, is no file", SAVE_AGAIN)
    if data.resolve() == header.resolve():
        raise InputError(header, "it names itself as the file with its voxels", SAVE_AGAIN)
    return data


def _in_folder(data: Path, folder: Path) -> bool:
    """Whether a file lies in a folder itself, and not somewhere to which a link leads."""
    try:
        return data.resolve().parent == folder.resolve()
    except (OSError, RuntimeError):  # links in a circle
        return False
