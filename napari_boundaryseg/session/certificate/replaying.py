"""Replay of a certificate: accepted labels rebuilt from their journal, and compared bit for bit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.editing.journal.kept import read_kept
from napari_boundaryseg.editing.journal.records import NewerVersion
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.certificate import document
from napari_boundaryseg.session.certificate.account import rebuilt, voxels_sha256
from napari_boundaryseg.session.project.stored_models import sha256_of

ADVICE = "Look with: boundaryseg project check"


@dataclass(frozen=True)
class Replayed:
    """What became of a replay."""

    same: bool
    words: str
    """One sentence: what was rebuilt from what, or the first difference."""


def replay(path: Path) -> Replayed:
    """Rebuild the labels that a certificate is about, from the journal beside it, and compare them with what it says.

    The journal holds the labels before the first step, a model's result as the step that applied it, and every step
    after that: neither scan nor model is asked. Where the file of the labels is there, it is compared voxel by voxel.

    Parameters
    ----------
    path : Path
        Of ``certificate-vN.json``.

    Returns
    -------
    Replayed

    Raises
    ------
    InputError
        Where there is nothing to replay: no certificate, a changed one, or a journal that is not kept or not there.
    """
    values = document.read_certificate(path)
    if not document.is_whole(values):
        raise InputError(path, "its content was changed after it was written", ADVICE)
    labels, shape, work = values["labels"], values["geometry"]["shape"], values["work"]
    geometry = Geometry((shape[0], shape[1], shape[2]), np.array(values["geometry"]["affine"], float))
    named, journal, file = (
        f"{values['case']}, version {values['version']}",
        work["journal"],
        path.with_name(labels["file"]),
    )
    name = journal["file"]
    if name is None or "steps" not in work:
        why = journal.get("why", "it names no journal")
        raise InputError(path, f"it cannot be replayed: {why}".rstrip("."), "Keep the labels themselves")
    data = _read(path.with_name(name))
    difference = _damage(data, journal)
    if difference:
        return Replayed(False, f"{named}: {name}: {difference}.")
    records = read_kept(data)
    found = rebuilt(records, geometry.display.from_display)
    difference = (
        _of_results(work["results"], found.said["results"])
        or _of_file(file, labels, geometry, found.labels)
        or _of_voxels(labels, found.labels)
    )
    if difference:
        return Replayed(False, f"{named}: {difference}.")
    steps, there = work["steps"]["done"], "" if file.is_file() else f"; {file.name} itself is not there"
    return Replayed(True, f"{named}: rebuilt bit for bit from {_counted(steps, 'step')} of its journal{there}.")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(path, f"it cannot be read: {error.strerror or error}", ADVICE) from error


def _damage(data: bytes, journal: dict[str, Any]) -> str:
    """What is the first thing that is wrong with a journal; empty where it is the one that was kept."""
    try:
        records = read_kept(data)
    except ValueError as error:
        return str(error)
    except NewerVersion:
        return "a later version of the program wrote it"
    if len(records) != journal["records"]:
        return f"it has {len(records)} records, and not {journal['records']}"
    return "" if hashlib.sha256(data).hexdigest() == journal["sha256"] else "it is not the one that was kept"


def _of_results(expected: list[dict[str, Any]], found: list[dict[str, Any]]) -> str:
    """The first step at which a model's or a file's labels were put in, and are others now."""
    for one, other in zip(expected, found, strict=False):
        if (one["step"], one["voxels_sha256"]) != (other["step"], other["voxels_sha256"]):
            return f"step {one['step']} ({one['name']}) leads to other labels"
    return "" if len(expected) == len(found) else "the journal has other results than the certificate"


def _of_file(file: Path, said: dict[str, Any], geometry: Geometry, labels: np.ndarray) -> str:
    """The first difference between rebuilt labels and their file; empty where that is not there."""
    if not file.is_file():
        return ""
    stored: LabelMap = formats.read_labels(file)
    if not stored.geometry.same_as(geometry):
        return f"{file.name} does not lie on the grid of the certificate"
    differs = stored.array != labels
    if differs.any():
        i, j, k = (int(at) for at in np.unravel_index(int(np.argmax(differs)), differs.shape))
        count = _counted(int(np.count_nonzero(differs)), "voxel")
        was, now = int(stored.array[i, j, k]), int(labels[i, j, k])
        return f"{count} differ, the first at ({i}, {j}, {k}): {was} in {file.name}, {now} rebuilt"
    return "" if sha256_of(file) == said["sha256"] else f"{file.name} holds these voxels, and is another file"


def _of_voxels(said: dict[str, Any], labels: np.ndarray) -> str:
    same = voxels_sha256(labels) == said["voxels_sha256"]
    return "" if same else "the rebuilt labels are not those of the certificate"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
