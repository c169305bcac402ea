"""The files of a DICOM folder: slices, other files, and slices that were cut off."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from napari_boundaryseg.errors import InputError

MOST_FILES = 20_000
_MOST_DEPTH = 5
_PREAMBLE = 128
CUT = "it is cut short or damaged"
EXPORT = "Export the series again"


def files(folder: Path) -> list[Path]:
    """Regular files of a folder and the folders in it; links to folders, hidden files and pipes are left out.

    Raises
    ------
    InputError
        When there are more than `MOST_FILES`.
    """
    found: list[Path] = []
    waiting = [(folder, 0)]
    seen = 0
    while waiting:
        place, depth = waiting.pop()
        with os.scandir(place) as entries:
            for entry in entries:
                seen += 1
                if seen > MOST_FILES:
                    raise InputError(
                        folder, f"it holds more than {MOST_FILES} files", "Choose the folder of one series"
                    )
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if depth < _MOST_DEPTH:
                        waiting.append((Path(entry.path), depth + 1))
                elif entry.is_file():
                    found.append(Path(entry.path))
    return sorted(found)


def looks_like_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM files do."""
    return begins_like_dicom(_head(path))


def begins_like_dicom(head: bytes) -> bool:
    """A preamble, or a first element of group 0002 or 0008 with a plausible element number."""
    return head[128:132] == b"DICM" or (head[:2] in (b"\x02\x00", b"\x08\x00") and head[3:4] == b"\x00")


def refuse_remains(others: Sequence[Path], slices: Sequence[Path]) -> None:
    """Refuse a folder where a file that is no DICOM was a slice once: the scan would be shorter without a word.

    Such a file has a name that ends in .dcm; or it is named as the slices are, and is empty or begins with nothing
    but zeros, as DICOM files do.

    Parameters
    ----------
    others, slices : sequence of Path
        The files of a folder that are no DICOM, and those that are.
    """
    endings = {_ending(path) for path in slices}
    for path in others:
        if _ending(path) == ".dcm" or (_ending(path) in endings and not any(_head(path)[:_PREAMBLE])):
            raise InputError(path, CUT, f"{EXPORT}, or take the file out of the folder if it is no slice")


def _head(path: Path) -> bytes:
    """The first 132 bytes; none of a file that may not be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(_PREAMBLE + 4)
    except OSError:
        return b""


def _ending(path: Path) -> str:
    """The suffix where it is a word: that of 1.2.840.7 is none."""
    suffix = path.suffix.lower()
    return suffix if suffix[1:].isalpha() else ""
