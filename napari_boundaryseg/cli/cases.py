"""Which files belong to which case."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from unicodedata import normalize

from napari_boundaryseg.errors import InputError

NOT_LABELS = ("_edges", "_contours", "_probabilities", "_uncertainty")
FIRST_CHANNEL = "_0000"


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


def cases_in(place: Path) -> dict[str, Path]:
    """Label maps of a folder (or one file) by case: ``CASE_seg`` and ``CASE`` are both the case ``CASE``.

    Four digits at the end of a name stay: label maps have no channels, so they are a patient's.
    """
    from napari_boundaryseg.data.formats.format import stem, suffixes

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
        name = stem(path)
        if name.endswith(NOT_LABELS):
            continue
        name = normalize("NFC", name.removesuffix("_seg"))  # macOS writes letters with accents in parts
        if name in found:
            raise InputError(path, f"the case {name!r} has two label maps", "Keep one of them in the folder")
        found[name] = path
    return found


def known_as(case: str, others: Collection[str]) -> str:
    """A case's name as others write it: ``a`` is also ``a_0000``, the name of its first channel, unless both are there.

    Examples
    --------
    >>> known_as("a", {"a_0000", "b"}), known_as("a_0000", {"a"}), known_as("a_0001", {"a"})
    ('a_0000', 'a', 'a_0001')
    """
    if case in others:
        return case
    other = case.removesuffix(FIRST_CHANNEL) if case.endswith(FIRST_CHANNEL) else case + FIRST_CHANNEL
    return other if other in others else case


def compared(predictions: Path, references: Path) -> tuple[dict[str, Path], dict[str, Path]]:
    """Predictions and references by case, under the predictions' names; two files are a pair whatever their names.

    Raises
    ------
    InputError
        As `cases_in`.
    """
    found, truth = cases_in(predictions), cases_in(references)
    if predictions.is_file() and references.is_file() and found and truth:
        return found, dict(zip(found, truth.values()))
    named = {case: known_as(case, found) for case in truth}
    return found, {case if named[case] in truth else named[case]: path for case, path in truth.items()}
