"""Which files belong to which case."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from napari_boundaryseg.errors import InputError

NOT_LABELS = ("_edges", "_contours", "_probabilities", "_uncertainty")


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
    """The case's name: that of the first channel."""
    from napari_boundaryseg.data.formats.format import case_name

    return case_name(paths[0].resolve() if paths[0].is_dir() else paths[0])


def refuse_repeated(names: list[str]) -> None:
    """Two scans of one name would overwrite each other's results."""
    repeated = [name for name, n in Counter(names).items() if n > 1]
    if repeated:
        raise InputError(repeated[0], "two scans have this name", "Rename one, or predict them into different folders")


def cases_in(place: Path) -> dict[str, Path]:
    """Label maps of a folder (or one file) by case: ``CASE_seg`` and ``CASE`` are both the case ``CASE``."""
    from napari_boundaryseg.data.formats.format import case_name, suffixes

    if not place.exists():
        raise InputError(place, "there is no such file or folder", "Check the name")
    files = (
        [place]
        if place.is_file()
        else sorted(
            path
            for path in place.iterdir()
            if path.is_file() and not path.name.startswith(".") and path.name.lower().endswith(tuple(suffixes()))
        )
    )
    found: dict[str, Path] = {}
    for path in files:
        name = case_name(path)
        if name.endswith(NOT_LABELS):
            continue
        name = name.removesuffix("_seg")
        if name in found:
            raise InputError(path, f"the case {name!r} has two label maps", "Keep one of them in the folder")
        found[name] = path
    return found
