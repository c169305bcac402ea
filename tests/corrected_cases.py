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
) -> None:
    """Accept a scan whose first organ a model drew, and a person made larger by 3 mm on some slices, 0 to 8.

    The second organ is left as the model drew it. Without slices nobody draws at all.
    """
    noise = np.random.default_rng(seed).normal(0, 0.2, (1, *SHAPE)).astype(np.float32)
    scan = Volume(noise, Geometry(SHAPE, np.eye(4)), name=name)
    display, scheme = scan.geometry.display, preset("hippocampus")
    drawn = np.zeros(SHAPE, np.uint8)
    drawn[4:12, 3:8, 4:12], drawn[4:12, 8:13, 4:12] = 1, 2
    history = History(np.zeros(display.display_shape, np.uint8))
    header = JournalHeader(name, hash_of(scan), scheme.model_dump_json(), scan.geometry.voxel_ml, ())
    journal = Journal(header, history.array, journals)
    journal.follow(history)
    everywhere = (slice(None),) * 3
    history.apply(f"Model: {model}", everywhere, display.to_display(drawn), MODEL)
    journal.note(note_body({}, 1, None, {1: {"model": model, "sha256": sha256, "box": None, "notes": []}}))
    if slices:
        drawn[4 : 4 + slices, 0:3, 4:12] = 1
        history.apply("Paint: Hippocampus_A", everywhere, display.to_display(drawn), "paint")
    labels = scan.with_labels(drawn, scheme)
    seconds = None if minutes is None else 60 * minutes
    project.add_case(scan, labels, work=Work("reader", seconds, journal=JournalUpTo(journal, journal.handed)))
    journal.discard()


def accept_all_corrected(
    project: Project, journals: Path, slices: Sequence[int], minutes: Sequence[float], *, sha256: str, first: int = 1
) -> list[str]:
    """Accept a case for each number of slices, of a patient each; their names."""
    names = [f"case{first + n:02d}" for n in range(len(slices))]
    for n, (name, count, took) in enumerate(zip(names, slices, minutes, strict=True)):
        accept_corrected(project, journals, name, count, took, sha256=sha256, seed=first + n)
        project.note_patient_of(name, f"P{first + n}")
    return names
