"""Acceptance of labels: a version claimed, its files written and read back, and only then listed."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.saving import write_error
from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.editing.journal.kept import JournalUpTo
from napari_boundaryseg.editing.journal.scan_hash import hash_of, scan_hash
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, part
from napari_boundaryseg.session.certificate import writing
from napari_boundaryseg.session.certificate.contents import Accepted, content
from napari_boundaryseg.session.certificate.document import FILES
from napari_boundaryseg.session.certificate.reviewed import NOTHING, Reviewed
from napari_boundaryseg.session.project import cases as notes
from napari_boundaryseg.session.project.case_facts import facts_of
from napari_boundaryseg.session.project.database import LABELS, typed
from napari_boundaryseg.session.project.folder import ProjectFolder
from napari_boundaryseg.session.project.holder import ReadOnly
from napari_boundaryseg.session.project.paths import Taken, inside, make_new, new_folder, refuse_link
from napari_boundaryseg.session.project.stored_models import sha256_of

SCAN = "scan.nii.gz"


@dataclass(frozen=True)
class Place:
    """Where a scan lies, or will lie, in a project."""

    name: str
    folder: Path
    listed: tuple[str | None] | None
    """The hash of the scan as the list has it (None in it where it is not known); None where it is not listed."""
    scan_hash: str | None = None
    """The hash of the scan in the folder; None where there is none yet."""

    @property
    def image(self) -> Path:
        """The file of the scan."""
        return self.folder / SCAN


@dataclass(frozen=True)
class Work:
    """Who drew labels, how long it took, at which slices they looked, what their journal tells, what was checked."""

    person: str | None = None
    seconds: float | None = None
    looked: LookedAt | None = None
    """At all of them where nothing is said."""
    journal: JournalUpTo | None = None
    """Of the labels, up to the accept."""
    reviewed: Reviewed = NOTHING
    by_hand: bool | None = None
    """Whether a person has drawn on what a model found; None where nobody knows, or no model was asked."""
    prediction: Prediction | None = None
    """What a model last said of the scan, where its probabilities are still at hand."""


UNKNOWN = Work()


def store(
    project: ProjectFolder, scan: Volume, labels: LabelMap, box: Box | None, work: Work, progress: Progress
) -> tuple[str, int, str]:
    """Store labels as the next version of their scan's case.

    A scan whose name another scan of the project has becomes a case of its own: ``t1 (2)``.

    Returns
    -------
    name, version, accepted
        ``accepted`` is the time, in ISO 8601.
    """
    project.begin_writing()
    if work.looked is not None:
        work.looked.check(labels)
    while True:
        progress(0.1, f"Storing {scan.name}")
        place = _place_of(project, scan, part(progress, 0.1, 0.4))
        means = notes.meaning(labels, box, work.looked)
        version = _claim(project, place, scan, labels, means, work)
        if version is None:
            continue  # somebody else was faster
        label = place.folder / f"labels-v{version}.nii.gz"
        made = False
        try:
            if place.scan_hash is None:
                make_new(place.image, lambda path: formats.write(scan, path))
                made = True
                place = _read_back(place, scan, part(progress, 0.4, 0.6))
            progress(0.6, f"Reading what was done on {place.name}")
            told = writing.told(work.journal, labels, version, work.looked, work.prediction)
            told = writing.named(told, labels.scheme, project, place.folder.name)
            progress(0.8, f"Storing the labels of {place.name}")
            make_new(label, lambda path: formats.write(labels, path))
            file = _read_back_labels(labels, label)
            writing.keep_journal(place.folder, version, told.journal)
            accepted = datetime.now(UTC).isoformat(timespec="seconds")
            what = Accepted(place.name, place.scan_hash, version, accepted, work.person, work.seconds)
            certificate = content(what, scan, labels, box, file, told, work.reviewed)
            _list(project, place, scan, labels, version, accepted, means, work, certificate)
        except Taken:
            _forget(project, place, version, made)
            continue
        except ReadOnly:
            raise  # the claim is no longer this process's to give up
        except BaseException:
            _forget(project, place, version, made)
            raise
        return place.name, version, accepted


def _place_of(project: ProjectFolder, scan: Volume, progress: Progress) -> Place:
    for number in itertools.count(1):
        name = scan.name if number == 1 else f"{scan.name} ({number})"
        with project.reading() as database:
            rows = database.execute("SELECT slug, scan_hash FROM cases WHERE name = ?", (name,)).fetchall()
        found = typed(rows, (str, (str, type(None))))
        slug, listed = (found[0][0], (found[0][1],)) if found else (notes.slug_of(name), None)
        place = _matching(Place(name, project.part("cases", slug), listed), scan, progress)
        if place is not None:
            return place
    raise AssertionError  # pragma: no cover


def _matching(place: Place, scan: Volume, progress: Progress) -> Place | None:
    """The place with the hash of its scan, if that is this scan or there is none; None for a place of another scan."""
    for path in _files(place.folder):
        refuse_link(path)
    if not place.image.exists():
        return None if any(LABELS.fullmatch(path.name) for path in _files(place.folder)) else place
    try:
        stored = formats.read(place.image, progress=progress)
    except InputError:
        if place.listed is not None:
            raise
        return None
    found = scan_hash(stored.array, stored.affine)
    if place.listed is not None and place.listed[0] not in (None, found):
        raise InputError(
            place.name,
            "the scan in the project is no longer the one that was accepted",
            "Look with: boundaryseg project check",
        )
    return replace(place, scan_hash=found) if notes.is_scan(scan, stored) else None


def _claim(
    project: ProjectFolder, place: Place, scan: Volume, labels: LabelMap, means: Mapping[str, Any], work: Work
) -> int | None:
    """Enter the next version before anything is written; None where the case is no longer as it was looked up."""
    with project.writing() as database:
        row = database.execute("SELECT scan_hash FROM cases WHERE name = ?", (place.name,)).fetchone()
        if row != place.listed:
            return None
        try:
            new_folder(place.folder, exist_ok=True)
        except OSError as error:
            raise write_error(place.folder, error) from error
        slug = place.folder.name
        rows = database.execute(
            "SELECT version FROM versions WHERE slug = ? UNION ALL SELECT version FROM cases WHERE slug = ?",
            (slug, slug),
        ).fetchall()
        names = [path.name for path in _files(place.folder)]
        there = [int(found[1]) for name in names if (found := LABELS.fullmatch(name) or FILES.fullmatch(name))]
        version = 1 + max([0, *there, *(number for (number,) in typed(rows, (int,)))])
        database.execute(
            "INSERT INTO versions (slug, version, accepted, scheme, meaning, file, state) "
            "VALUES (?, ?, ?, ?, ?, ?, 'claimed')",
            (
                slug,
                version,
                datetime.now(UTC).isoformat(timespec="seconds"),
                labels.scheme.name,
                json.dumps({"name": place.name, **means, **facts_of(scan, labels, work.by_hand)}),
                f"labels-v{version}.nii.gz",
            ),
        )
        return version


def _read_back(place: Place, scan: Volume, progress: Progress) -> Place:
    stored = formats.read(place.image, progress=progress)
    if not notes.is_scan(scan, stored):
        raise InputError(place.image, "it does not read back as it was written", "Check the disk and accept again")
    return replace(place, scan_hash=scan_hash(stored.array, stored.affine))


def _read_back_labels(labels: LabelMap, path: Path) -> dict[str, Any]:
    """What a certificate says of a file of labels; one that is not what was written is refused."""
    digest = sha256_of(path)
    stored = formats.read_labels(path)
    if not (stored.geometry.same_as(labels.geometry) and np.array_equal(stored.array, labels.array)):
        raise InputError(path, "it does not read back as it was written", "Check the disk and accept again")
    form = stored.geometry.nifti
    codes = {"sform_code": form.sform_code, "qform_code": form.qform_code} if form is not None else {}
    return {"file": path.name, "sha256": digest, "read_back": "equal, voxel by voxel, on the same grid", "codes": codes}


def _list(
    project: ProjectFolder,
    place: Place,
    scan: Volume,
    labels: LabelMap,
    version: int,
    accepted: str,
    means: Mapping[str, Any],
    work: Work,
    certificate: dict[str, Any],
) -> None:
    label = place.folder / f"labels-v{version}.nii.gz"
    with project.writing() as database:
        notes.write_notes(
            inside(project.folder, place.folder), replace(scan, name=place.name), version, accepted, means
        )
        list_version(database, place.name, label, version, accepted, labels.scheme.name, place.scan_hash)
        database.execute(
            "UPDATE versions SET person = ?, seconds = ? WHERE slug = ? AND version = ?",
            (work.person, work.seconds, place.folder.name, version),
        )
        writing.put(database, inside(project.folder, place.folder), certificate)
        take_off_worklist(database, place.folder.name, hash_of(scan))


def take_off_worklist(database: sqlite3.Connection, slug: str, scan: str) -> None:
    """Say of a scan of the worklist, by its hash, which case it became; the case gets its patient."""
    database.execute("UPDATE worklist SET slug = ? WHERE scan_hash = ?", (slug, scan))
    database.execute(
        "UPDATE cases SET patient = (SELECT patient FROM worklist WHERE slug = cases.slug) "
        "WHERE slug = ? AND patient IS NULL",
        (slug,),
    )


def list_version(
    database: sqlite3.Connection,
    name: str,
    label: Path,
    version: int,
    accepted: str,
    scheme: str,
    scan: str | None,
) -> None:
    """List labels that were claimed as valid, and as the newest of their case unless a newer one is listed."""
    slug = label.parent.name
    digest = sha256_of(label)
    done = database.execute(
        "UPDATE versions SET state = 'valid', sha256 = ?, accepted = ? "
        "WHERE slug = ? AND version = ? AND state = 'claimed'",
        (digest, accepted, slug, version),
    )
    if done.rowcount != 1:
        raise InputError(label, "its place in the project was given away", "Accept the labels again")
    database.execute(
        "INSERT INTO cases (slug, name, version, accepted, scheme, scan_hash) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (slug) DO UPDATE SET version = excluded.version, accepted = excluded.accepted, "
        "scheme = excluded.scheme WHERE excluded.version > cases.version",
        (slug, name, version, accepted, scheme, scan),
    )
    database.execute("UPDATE cases SET scan_hash = ? WHERE slug = ? AND scan_hash IS NULL", (scan, slug))


def _forget(project: ProjectFolder, place: Place, version: int, made: bool) -> None:
    """Give up a claim of which no labels were written; where that fails too, a check of the project finds it."""
    with suppress(InputError, OSError):
        if (place.folder / f"labels-v{version}.nii.gz").exists():
            return
        with project.writing() as database:
            database.execute(
                "DELETE FROM versions WHERE slug = ? AND version = ? AND state = 'claimed'",
                (place.folder.name, version),
            )
            others = database.execute("SELECT 1 FROM versions WHERE slug = ?", (place.folder.name,)).fetchone()
        if made and place.listed is None and not others:
            place.image.unlink()
        if not others:
            place.folder.rmdir()  # only where it is empty


def _files(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []
