"""The files of a DICOM folder, and how a DICOM file begins."""

from __future__ import annotations

import os
from pathlib import Path

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, silent

MOST_FILES = 20_000
_MOST_DEPTH = 5
_OFTEN = 100
PREAMBLE = 128
CUT = "it is cut short or damaged"
EXPORT = "Export the series again"


def files(folder: Path, progress: Progress = silent) -> tuple[list[Path], list[Path]]:
    """Regular files of a folder and the folders in it, and what was passed over: links to folders, links to nothing,
    folders that lie too deep. Hidden files and pipes are in neither list.

    Raises
    ------
    InputError
        When there are more than `MOST_FILES`.
    """
    found: list[Path] = []
    passed_over: list[Path] = []
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
                if seen % _OFTEN == 0:
                    progress(0, "looking for files")
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False) and depth < _MOST_DEPTH:
                    waiting.append((Path(entry.path), depth + 1))
                elif entry.is_file():
                    found.append(Path(entry.path))
                elif entry.is_dir() or entry.is_symlink():
                    passed_over.append(Path(entry.path))
    return sorted(found), sorted(passed_over)


def looks_like_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM files do."""
    return begins_like_dicom(head(path))


def begins_like_dicom(head: bytes) -> bool:
    """A preamble, or a first element of group 0002 or 0008 with a plausible element number."""
    return head[128:132] == b"DICM" or (head[:2] in (b"\x02\x00", b"\x08\x00") and head[3:4] == b"\x00")


def head(path: Path) -> bytes:
    """The first 132 bytes of a file.

    Raises
    ------
    InputError
        When it may not be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(PREAMBLE + 4)
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> InputError:
    """What the system says about one file of a folder."""
    reason = f"it cannot be read: {error.strerror or type(error).__name__}"
    return InputError(path, reason, "Check whether the disk is connected and the file may be read")
