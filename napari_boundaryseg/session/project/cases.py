"""Accepted cases on disk: the name of a folder, the scan in it, and what its labels mean."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from napari_boundaryseg.data.boxes import Box, as_pairs
from napari_boundaryseg.data.file_format import refuse_later
from napari_boundaryseg.data.labels import PRESETS, LabelScheme
from napari_boundaryseg.data.saving import atomic_json, write_error
from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.paths import give_rights, refuse_link

FORMAT = "napari-boundaryseg-case/3"
"""What ``case.json`` says of itself since version 0.2 of the program; one that says nothing is of version 1. A program
that knows version 2 only would learn from slices that nobody has looked at."""
VERSION_2 = "napari-boundaryseg-case/2"
OF_A_VERSION = ("version", "accepted", "label_scheme", "box", "looked")
"""What ``case.json`` says of every version of the labels, the newest first and the others under "earlier"."""


def slug_of(name: str) -> str:
    """A case's name as a folder name that is safe on every system, and distinct from that of any other case."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "case"
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def refuse_no_text(name: str) -> None:
    """Refuse a name that no file can hold."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            name.encode("utf-8", "replace").decode(), "its name holds bytes that are no text", "Rename the file"
        ) from error


def refuse_other_labels(scan: Volume, labels: LabelMap) -> None:
    """Refuse labels that are empty, lie elsewhere, or hold an integer that no organ has."""
    if not scan.geometry.same_as(labels.geometry):
        raise InputError(scan.name, "the labels do not lie on this scan", "Correct the labels of the open scan")
    if not labels.array.any():
        raise InputError(scan.name, "the labels are empty", "Segment or draw at least one organ first")
    nameless = sorted(set(np.unique(labels.array).tolist()) - {0, *labels.scheme.ids})
    if nameless:
        raise InputError(
            scan.name,
            f"the labels hold {nameless}, which no organ of {labels.scheme.name!r} has",
            "Paint these voxels with an organ of the list, or erase them",
        )


def is_scan(scan: Volume, stored: Volume) -> bool:
    """Whether a stored scan is this one: every voxel, on the same grid."""
    return stored.geometry.same_as(scan.geometry) and np.array_equal(
        stored.array, scan.array, equal_nan=scan.array.dtype.kind == "f"
    )


def write_notes(folder: Path, scan: Volume, version: int, accepted: str, means: Mapping[str, Any]) -> None:
    """Say in ``case.json`` what the labels of this version mean; what it says of earlier ones is kept."""
    head = {"name": scan.name, "channels": list(scan.channels), "modality": scan.modality}
    put_notes(folder, head, {"version": version, "accepted": accepted, **means})


def meaning(labels: LabelMap, box: Box | None, looked: LookedAt | None = None) -> dict[str, Any]:
    """What labels mean, as JSON.

    Returns
    -------
    dict
        Their ``label_scheme``; the ``box`` that they hold for (None: the whole scan); and ``looked``, the slices that a
        person has looked at (None: all of them), see `data.slices.looked_at.LookedAt`.
    """
    return {
        "label_scheme": labels.scheme.model_dump(mode="json"),
        "box": as_pairs(box) if box else None,
        "looked": looked.model_dump(mode="json") if looked else None,
    }


def put_notes(folder: Path, head: Mapping[str, Any], newest: Mapping[str, Any]) -> None:
    """Write ``case.json`` with what one version means (the keys `OF_A_VERSION`) before what it says of the others."""
    _keep_damaged(folder)
    before = [entry for entry in versions_in(folder) if entry.get("version") != newest["version"]]
    earlier = [{key: entry.get(key) for key in OF_A_VERSION} for entry in before]
    atomic_json(folder / "case.json", {"format": FORMAT, **head, **newest, "earlier": earlier})
    give_rights(folder / "case.json")


def read_notes(folder: Path, name: str, version: int, scheme: str, listed: str | None = None) -> dict[str, Any]:
    """What the labels of one version mean: as the project's list says, and for older projects as ``case.json`` says.

    Parameters
    ----------
    listed : str, optional
        What the list says, as JSON: a file that somebody changed or deleted does not change what was accepted.

    Returns
    -------
    dict
        ``scheme``, a `LabelScheme` as JSON; ``box``, three (start, stop) pairs or None for the whole scan; and
        ``looked``, a `LookedAt` as JSON or None for all slices, as all older versions of the program had it.

    Raises
    ------
    InputError
        Where ``case.json`` does not say, and ``scheme`` is not the name of one that the program knows; and where a
        later version of the program wrote it.
    """
    said = said_of(versions_in(folder), version)
    found = listed_meaning(listed) or said
    try:
        known = LabelScheme.model_validate(found.get("label_scheme"))
    except ValidationError as error:
        if scheme not in PRESETS:
            raise InputError(
                name, "nothing says which organs its labels show", "Open the scan and accept it again"
            ) from error
        known = PRESETS[scheme]
    return {"scheme": known.model_dump(mode="json"), "box": found.get("box"), "looked": found.get("looked")}


def said_of(said: Sequence[dict[str, Any]], version: int) -> dict[str, Any]:
    """What ``case.json`` says of one version; empty where it says nothing."""
    return next((entry for entry in said if entry.get("version") == version), {})


def listed_meaning(text: str | None) -> dict[str, Any] | None:
    """What the project's list says that labels mean; None where it cannot be read, or does not say."""
    try:
        return known_meaning(json.loads(text or ""))
    except (ValueError, RecursionError):
        return None


def known_meaning(means: Any) -> dict[str, Any] | None:
    """What labels mean, where it names a whole label scheme; else None."""
    try:
        LabelScheme.model_validate(means["label_scheme"])
    except (ValidationError, TypeError, KeyError):
        return None
    return dict(means)


def contradict(one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    """Whether two meanings of labels differ in the label scheme, the box or the slices that were looked at."""
    schemes = [LabelScheme.model_validate(means["label_scheme"]) for means in (one, two)]
    return schemes[0] != schemes[1] or any(one.get(key) != two.get(key) for key in ("box", "looked"))


def migrated(notes: Mapping[str, Any]) -> dict[str, Any]:
    """What a ``case.json`` of whatever version says, under the names of today.

    Examples
    --------
    >>> migrated({"name": "case1", "version": 1, "scheme": {"name": "own"}})["label_scheme"]
    {'name': 'own'}
    """
    if "format" in notes:
        return {**notes, "format": FORMAT}
    now = {"format": FORMAT, **_renamed(notes)}
    if isinstance(notes.get("earlier"), list):
        now["earlier"] = [_renamed(entry) if isinstance(entry, Mapping) else entry for entry in notes["earlier"]]
    return now


def _renamed(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"label_scheme" if name == "scheme" else name: value for name, value in entry.items()}


def versions_in(folder: Path) -> list[dict[str, Any]]:
    """What ``case.json`` says of each version, the newest first with the case's name; nothing where it cannot."""
    refuse_link(folder / "case.json")
    notes = _loaded(folder / "case.json")
    if notes is None:
        return []
    if notes.get("format") != VERSION_2:
        refuse_later(notes.get("format"), FORMAT, folder / "case.json")
    notes = migrated(notes)
    earlier = notes.get("earlier", [])
    return [entry for entry in (notes, *(earlier if isinstance(earlier, list) else ())) if isinstance(entry, dict)]


def _loaded(file: Path) -> dict[str, Any] | None:
    """What a ``case.json`` holds; None where it is not there, or holds what this program can neither read nor write."""
    try:
        notes = json.loads(file.read_text("utf-8"))
        json.dumps(notes, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (OSError, ValueError, RecursionError):
        return None
    return notes if isinstance(notes, dict) else None


def _keep_damaged(folder: Path) -> None:
    """Move a ``case.json`` that cannot be read out of the way of a new one, under a name of its own."""
    file, number = folder / "case.json", 1
    if not file.is_file() or _loaded(file) is not None:
        return
    while (kept := folder / f"case-damaged-{number}.json").exists():
        number += 1
    try:
        file.rename(kept)
    except OSError as error:
        raise write_error(kept, error) from error
