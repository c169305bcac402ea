"""Accepted cases of which a person corrected a model's result by as much as is asked for, made by the real project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.editing.history.edit import MODEL
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.kept import JournalUpTo
from napari_boundaryseg.editing.journal.note import note_body
from napari_boundaryseg.editing.journal.records import JournalHeader
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.session.project.accepting import Work
from napari_boundaryseg.session.project.project import Project

SHAPE = (16, 16, 16)
ORGANS = ("Hippocampus_A", "Hippocampus_P")


def accept_corrected(
    project: Project,
    journals: Path,
    name: str,
    slices: int,
    minutes: float | None,
    *,
    model: str = "tiny",
    sha256: str = "ab" * 32,
    seed: int = 0,
    scheme: str = "hippocampus",
) -> None:
    """Accept a scan whose first organ a model drew, and a person made larger by three voxels on some slices, 0 to 8.

    A voxel is twice the organ's tolerance. The second organ is left as the model drew it. Without slices nobody draws.
    """
    noise = np.random.default_rng(seed).normal(0, 0.2, (1, *SHAPE)).astype(np.float32)
    organs = preset(scheme)
    mm = 2 * organs.organs[0].tolerance_mm
    scan = Volume(noise, Geometry(SHAPE, np.diag([mm, mm, mm, 1.0])), name=name)
    display = scan.geometry.display
    drawn = np.zeros(SHAPE, np.uint8)
    drawn[4:12, 3:8, 4:12], drawn[4:12, 8:13, 4:12] = 1, 2
    history = History(np.zeros(display.display_shape, np.uint8))
    header = JournalHeader(name, hash_of(scan), organs.model_dump_json(), scan.geometry.voxel_ml, ())
    journal = Journal(header, history.array, journals)
    journal.follow(history)
    everywhere = (slice(None),) * 3
    history.apply(f"Model: {model}", everywhere, display.to_display(drawn), MODEL)
    journal.note(note_body({}, 1, None, {1: {"model": model, "sha256": sha256, "box": None, "notes": []}}))
    if slices:
        drawn[4 : 4 + slices, 0:3, 4:12] = 1
        history.apply(f"Paint: {organs.names[0]}", everywhere, display.to_display(drawn), "paint")
    labels = scan.with_labels(drawn, organs)
    seconds = None if minutes is None else 60 * minutes
    project.add_case(scan, labels, work=Work("reader", seconds, journal=JournalUpTo(journal, journal.handed)))
    journal.discard()


def accept_all_corrected(
    project: Project,
    journals: Path,
    slices: Sequence[int],
    minutes: Sequence[float],
    *,
    sha256: str,
    first: int = 1,
    scheme: str = "hippocampus",
) -> list[str]:
    """Accept a case for each number of slices, of a patient each; their names."""
    names = [f"case{first + n:02d}" for n in range(len(slices))]
    for n, (name, count, took) in enumerate(zip(names, slices, minutes, strict=True)):
        accept_corrected(project, journals, name, count, took, sha256=sha256, seed=first + n, scheme=scheme)
        project.note_patient_of(name, f"P{first + n}")
    return names
