"""Which files are the scan of a case, and what the case is called."""

from __future__ import annotations

from pathlib import Path

from napari_boundaryseg.errors import InputError


def sources(text: str) -> list[Path]:
    """The channels of one case: paths joined by commas, or one path that itself has a comma."""
    parts = [Path(part.strip()) for part in text.split(",") if part.strip()]
    paths = [Path(text)] if parts and Path(text).exists() else parts
    for path in paths:
        if not path.exists():
            raise InputError(path, "there is no such file or folder", "Check the name")
    if not paths:
        raise InputError("scan", "no file is named", "Give a file, or a folder with a DICOM series")
    return paths


def name_of(paths: list[Path]) -> str:
    """The case's name: that of its file or folder, or what its channels share."""
    from napari_boundaryseg.data.formats.format import case_name

    return case_name(*(path.resolve() if path.is_dir() else path for path in paths))
