"""Files of a folder of cases: which are scans, and what they are called."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from napari_boundaryseg.data.formats.format import stem, suffixes
from napari_boundaryseg.errors import InputError


def name_of(path: str | Path) -> str:
    """A file's name without its suffix, numbers kept; accents are one letter on every system."""
    return unicodedata.normalize("NFC", stem(path))


def entries(folder: Path) -> list[Path]:
    """Scans of a folder: files that can be read and DICOM folders, never hidden or macOS companion files."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith(".")
        and not (path.name == "labels" and path.is_dir())
        and (path.is_dir() or (path.is_file() and path.name.lower().endswith(suffixes())))
    )


def by_name(paths: Iterable[Path]) -> dict[str, Path]:
    """Files by their names without suffixes.

    Raises
    ------
    InputError
        When two bear one name: neither may take the other's place.
    """
    found: dict[str, Path] = {}
    for path in paths:
        name = name_of(path)
        if name in found:
            raise InputError(
                path, f"{found[name].name} beside it has the same name", "Keep one of them, or rename one case"
            )
        found[name] = path
    return found


def refuse(faults: list[InputError]) -> None:
    """Raise one error that tells all of them, each once."""
    messages = list(dict.fromkeys((fault.subject, fault.reason) for fault in faults))
    if len(messages) == 1:
        raise faults[0]
    if len({subject for subject, _ in messages}) == 1:
        raise InputError(messages[0][0], "; ".join(reason for _, reason in messages), "Correct or remove them")
    if messages:
        raise InputError(
            f"{len(messages)} cases", "; ".join(": ".join(one) for one in messages), "Correct or remove them"
        )
