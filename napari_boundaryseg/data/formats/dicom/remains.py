"""Files of a DICOM folder that are no DICOM: known companions, remains of slices, and what must be said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from napari_boundaryseg.data.formats.dicom.folder import CUT, EXPORT, PREAMBLE, head
from napari_boundaryseg.data.formats.dicom.slices import named
from napari_boundaryseg.errors import InputError

_NAMES = {"readme", "license", "lockfile", "version", "dicomdir", "thumbs.db", "ehthumbs.db", "desktop.ini"}
_ENDINGS = {
    ".txt", ".md", ".rst", ".rtf", ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".csv", ".tsv", ".json",
    ".xml", ".xsl", ".yaml", ".yml", ".ini", ".inf", ".log", ".html", ".htm", ".css", ".js", ".png", ".jpg", ".jpeg",
    ".gif", ".bmp", ".tif", ".tiff", ".svg", ".ico", ".avi", ".mp4", ".mov", ".nii", ".gz", ".nrrd", ".nhdr", ".mha",
    ".mhd", ".raw", ".hdr", ".bval", ".bvec", ".stl", ".obj", ".vtk", ".npy", ".npz", ".mat", ".zip", ".tar", ".7z",
    ".rar", ".exe", ".dll", ".jar", ".bat", ".sh", ".py", ".lnk", ".url", ".db", ".md5", ".sha1", ".sha256",
}  # fmt: skip
"""Of files that go with a series and hold none of its slices."""
_SLICES = {".dcm", ".dicom", ".dic", ".ima"}
_UNFINISHED = {".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp", ".temp"}
_NEAR = 0.02
"""A file whose size differs by no more than this part from that of most slices is as large as one."""


def check_remains(others: Sequence[Path], slices: Sequence[Path]) -> tuple[str, ...]:
    """Refuse a folder where a file that is no DICOM was a slice once: the scan would be shorter without a word.

    A slice is known by its ending; or it is named as the slices are (`IM0040` beside `IM0039`), as large as one, or
    empty or begins with nothing but zeros, as DICOM files do. What is neither that nor a known companion of a series is
    named in a warning.

    Parameters
    ----------
    others, slices : sequence of Path
        The files of a folder that are no DICOM, and those that are.

    Raises
    ------
    InputError
        With the name of the first file that was a slice.
    """
    patterns = {_pattern(path.name) for path in slices}
    endings = {_ending(path) for path in slices}
    usual = median(path.stat().st_size for path in slices)
    unread = []
    for path in others:
        ending = _ending(path)
        bare = path.name[: -len(ending)] if ending in _UNFINISHED else path.name
        if _SLICES & {suffix.lower() for suffix in path.suffixes} or _pattern(bare) in patterns:
            raise _remains(path)
        if path.name.lower() in _NAMES or path.stem.lower() in _NAMES or ending in _ENDINGS:
            continue
        if ending in endings and (abs(path.stat().st_size - usual) <= _NEAR * usual or not any(head(path)[:PREAMBLE])):
            raise _remains(path)
        unread.append(path)
    if not unread:
        return ()
    return (f"Not read, because no DICOM: {named(unread, 5)}.",)


def not_followed(passed_over: Sequence[Path], slices: Sequence[Path]) -> tuple[str, ...]:
    """Refuse a link to nothing that is named like a slice; a warning for links to folders and folders too deep."""
    patterns = {_pattern(path.name) for path in slices}
    for path in passed_over:
        if not path.exists() and _pattern(path.name) in patterns:
            raise InputError(
                path, "it is a link to a file that is not there", f"{EXPORT}, or copy the files themselves"
            )
    if not passed_over:
        return ()
    return (f"Not looked into, because links or too many folders deep: {named(list(passed_over), 5)}.",)


def _remains(path: Path) -> InputError:
    return InputError(path, CUT, f"{EXPORT}, or take the file out of the folder if it is no slice")


def _pattern(name: str) -> str:
    """What is the same in the names of numbered files: `IM0040.dcm` and `IM0041.dcm`, UIDs, hashes.

    Names of capitals and digits without a word in them are alike when they are equally long.
    """
    if re.fullmatch(r"[0-9a-f-]{16,}", name):
        return "hash"
    if re.fullmatch(r"[0-9A-Z]{6,}", name) and re.search(r"[0-9]", name):
        return f"code of {len(name)}"
    return re.sub(r"#(\.#)+", "#", re.sub(r"\d+", "#", name))


def _ending(path: Path) -> str:
    """The suffix where it is a word: that of 1.2.840.7 is none."""
    suffix = path.suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z]+[0-9]*|\.7z", suffix) else ""
