"""Accepted cases of small scans: a model's result that was a known number of mm off, and the journal of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.editing.history.edit import MODEL
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.kept import JournalUpTo
from napari_boundaryseg.editing.journal.note import note_body
from napari_boundaryseg.editing.journal.records import JournalHeader
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.session.project.accepting import Work
from napari_boundaryseg.session.project.project import Project

SCHEME = preset("pelvis-mr")
EVERYWHERE = (slice(None),) * 3
SHAPE = (24, 20, 14)


def accept(
    project: Project,
    folder: Path,
    n: int,
    sha256: str,
    off_mm: int,
    *,
    doubts: bool = False,
    model: str = "tiny-pelvis",
) -> None:
    """A case whose organs, cubes of voxels of 1 mm, a person moved by so many mm from where the model drew them.

    With ``doubts`` its probabilities are at hand, which fall the more slowly the farther it was off.
    """
    rng = np.random.default_rng(n)
    geometry = Geometry(SHAPE, np.eye(4))
    scan = Volume(rng.normal(size=(1, *SHAPE)).astype(np.float32), geometry, ("MR",), f"accepted{n}")
    drawn = np.zeros(SHAPE, np.uint8)
    for organ, at in enumerate((2, 8, 14), start=1):
        drawn[7:12, at : at + 4, 4:9] = organ
    display = geometry.display
    history = History(np.zeros(display.display_shape, np.uint8))
    header = JournalHeader(scan.name, hash_of(scan), SCHEME.model_dump_json(), geometry.voxel_ml, ())
    journal = Journal(header, history.array, folder / str(n))
    journal.follow(history)
    history.apply(f"Model: {model}", EVERYWHERE, display.to_display(drawn), MODEL)
    journal.note(note_body({}, 1, None, {1: {"model": model, "sha256": sha256, "box": None}}))
    moved = np.roll(drawn, off_mm, axis=0)
    history.apply("Paint", EVERYWHERE, display.to_display(moved), "paint")
    labels = scan.with_labels(np.ascontiguousarray(display.from_display(history.array)), SCHEME)
    likely = np.stack([gaussian_filter((drawn == organ).astype(np.float32), 0.7 * off_mm) for organ in range(4)])
    said = Prediction(scan.with_labels(drawn, SCHEME), likely, likely[0], {}, {}) if doubts else None
    journalled = JournalUpTo(journal, journal.handed)
    project.add_case(scan, labels, work=Work("reader", 60.0, journal=journalled, prediction=said))
    journal.close()
