"""Which label files belong to which case: of a folder, and of predictions and their references."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from unicodedata import normalize

from napari_boundaryseg.errors import InputError

FIRST_CHANNEL = "_0000"
BESIDE = (".csv", ".json", ".md", ".pdf", ".png", ".raw", ".stl", ".tsv", ".txt", ".zraw")
"""Endings of what lies beside label maps and is none: results, reports, and the voxels of headers."""

Note = Callable[[str], None]


def _untold(text: str) -> None:
    """For who asks for one case by its name, and need not know what else is there."""


def cases_in(place: Path, note: Note = _untold) -> dict[str, Path]:
    """Label maps of a folder (or one file) by case: ``CASE_seg`` and ``CASE`` are both the case ``CASE``.

    Four digits at the end of a name stay: label maps have no channels, so they are a patient's. Edges, contours and
    probabilities are left out where a report lists them, see `session.listed_maps`; all others are cases. ``note`` is
    told of files and folders that cannot be read as label maps.

    Raises
    ------
    InputError
        When there is no such file or folder, two files are one case, or a file that is named alone is listed so.
    """
    from napari_boundaryseg.data.formats.format import suffixes
    from napari_boundaryseg.session.listed_maps import listed_kind

    if not place.exists():
        raise InputError(place, "there is no such file or folder", "Check the name")
    if place.is_file():
        return {_case_of(place): _no_map(place)}
    there = sorted(path for path in place.iterdir() if not path.name.startswith("."))
    files = [path for path in there if path.is_file() and path.name.lower().endswith(tuple(suffixes()))]
    _tell_others(sorted({*there} - {*files}), place, note)
    found: dict[str, Path] = {}
    for path in files:
        if not listed_kind(path):
            first = found.setdefault(_case_of(path), path)
            if first != path:
                raise InputError(
                    place,
                    f"{first.name} and {path.name} are both taken for the label map of the case {_case_of(path)!r}",
                    "Give a folder of label maps only, one for each case: no scans among them",
                )
    return found


def _case_of(path: Path) -> str:
    from napari_boundaryseg.data.formats.format import stem

    return normalize("NFC", stem(path).removesuffix("_seg"))  # macOS writes letters with accents in parts


def _no_map(path: Path) -> Path:
    """A file that is named alone, refused where it is no label map by what its report says."""
    from napari_boundaryseg.session.listed_maps import listed_kind

    kind = listed_kind(path)
    if kind:
        case = _case_of(path).removesuffix(f"_{kind}")
        raise InputError(
            path, f"it holds the {kind} of {case!r}, as {case}.json says", "Give the label map of the case"
        )
    return path


def _tell_others(paths: list[Path], place: Path, note: Note) -> None:
    from napari_boundaryseg.data.datasets.case import some

    left_out = [path.name for path in paths if not path.name.lower().endswith(BESIDE)]
    if left_out:
        note(f"Left out of {place.absolute().name}, for they cannot be read as label maps: {some(left_out)}.")


def known_as(case: str, others: Collection[str]) -> str:
    """A case's name as others write it: ``a`` is also ``a_0000``, the name of its first channel, unless both are there.

    A name that result files cannot have is also the one that they have in its place.

    Examples
    --------
    >>> known_as("a", {"a_0000", "b"}), known_as("a_0000", {"a"}), known_as("a_0001", {"a"})
    ('a_0000', 'a', 'a_0001')
    """
    from napari_boundaryseg.data.safe_names import safe_name

    if case in others:
        return case
    other = case.removesuffix(FIRST_CHANNEL) if case.endswith(FIRST_CHANNEL) else case + FIRST_CHANNEL
    if other in others:
        return other
    return next((name for name in others if safe_name(name) == safe_name(case)), case)


def compared(predictions: Path, references: Path, note: Note = _untold) -> tuple[dict[str, Path], dict[str, Path]]:
    """Predictions and references by case, under the predictions' names; two files are a pair whatever their names.

    ``note`` is told what is left out of a folder, and which reference is known under another name.

    Raises
    ------
    InputError
        As `cases_in`.
    """
    found, truth = cases_in(predictions, note), cases_in(references, note)
    if predictions.is_file() and references.is_file():
        return found, dict(zip(found, truth.values()))
    named = {case: known_as(case, found) for case in truth}
    renamed = {case: name for case, name in named.items() if name != case and name not in truth}
    for case, name in renamed.items():
        note(f"The reference {case} is taken for that of {name}.")
    return found, {renamed.get(case, case): path for case, path in truth.items()}
