"""Writing of a certificate: its journal beside the labels, then certificate and page as the labels are listed."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.saving import sync_file
from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.editing.journal.kept import JournalUpTo, kept
from napari_boundaryseg.editing.journal.records import NewerVersion
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.certificate import chain, document
from napari_boundaryseg.session.certificate.account import account_of
from napari_boundaryseg.session.certificate.against_model import NO_MODEL, NOT_KNOWN, against_model
from napari_boundaryseg.session.certificate.earlier import naming_version, whole_certificates
from napari_boundaryseg.session.certificate.page import page_of
from napari_boundaryseg.session.project.folder import ProjectFolder
from napari_boundaryseg.session.project.paths import make_new

MOST_BYTES = 64 * 2**20
"""Of a journal that is kept with a case; about ten thousand strokes."""


class Told(NamedTuple):
    """What a journal tells of the work, as a certificate says it, and the bytes of it that are kept."""

    said: dict[str, Any]
    journal: bytes | None
    against: dict[str, Any] | str = NOT_KNOWN
    """Figures of the model's result against the labels: `against_model`."""


def told(
    journal: JournalUpTo | None,
    labels: LabelMap,
    version: int,
    looked: LookedAt | None = None,
    prediction: Prediction | None = None,
) -> Told:
    """Read a journal, and say in words why it is not kept where it is not: labels are accepted all the same.

    Parameters
    ----------
    journal : JournalUpTo, optional
    labels : LabelMap
        Those that it must lead to, voxel by voxel.
    version : int
        Of the labels in their case.
    looked : LookedAt, optional
        The slices at which a person looked; all of them where nothing is said.
    prediction : Prediction, optional
        What a model last said of the scan.
    """
    if journal is None:
        return _without("There is no journal of these labels.")
    try:
        records = journal.records()
        account, data = account_of(records, labels.scheme, labels.geometry.display.from_display), kept(records)
    except (InputError, OSError, sqlite3.Error, ValueError, KeyError, TypeError, NewerVersion) as error:
        reason = error.reason if isinstance(error, InputError) else type(error).__name__
        return _without(f"The journal of these labels could not be read: {reason}.")
    about = {"records": len(records), "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    if not np.array_equal(account.labels, labels.array):
        return _without("The journal does not lead to these labels.")
    against = against_model(account, labels, looked, prediction)
    if len(data) > MOST_BYTES:
        why = f"The journal takes {len(data) >> 20} MiB; only {MOST_BYTES >> 20} are kept. It cannot be replayed."
        return Told({"journal": {"file": None, **about, "why": why}, **account.said}, None, against)
    return Told({"journal": {"file": document.journal_name(version), **about}, **account.said}, data, against)


def named(told: Told, scheme: LabelScheme, project: ProjectFolder, slug: str) -> Told:
    """What a journal tells, with the version of the case from which its labels were opened, where they are its labels.

    Parameters
    ----------
    told : Told
    scheme : LabelScheme
        Of the labels.
    project : ProjectFolder
    slug : str
        The folder's name of the case.
    """
    said = naming_version(told.said, scheme, (values for _, values in whole_certificates(project, slug)))
    if "opened" not in said:
        return told
    against = told.against
    if against == NO_MODEL:
        against = (
            f"No model's result was applied since these labels were opened from version {said['opened']['version']}: "
            "its certificate says how far off a model was."
        )
    return told._replace(said=said, against=against)


def _without(why: str) -> Told:
    return Told({"journal": {"file": None, "why": why}}, None)


def keep_journal(folder: Path, version: int, journal: bytes | None) -> None:
    """Put a journal into the case's folder."""
    if journal is not None:
        new_file(folder / document.journal_name(version), journal)


def put(database: sqlite3.Connection, folder: Path, content: Mapping[str, Any]) -> None:
    """Write a certificate and its page into the case's folder, and list it at the end of the project's chain.

    Parameters
    ----------
    database : sqlite3.Connection
        In the transaction that lists the labels: where that does not come to its end, nothing names these files.
    content : mapping
        See `contents.content`.
    """
    version, previous = content["version"], chain.head(database)
    values = document.sealed({**content, "previous": previous or None})
    page = page_of(values)
    new_file(folder / document.certificate_name(version), document.text_of(values))
    new_file(folder / document.page_name(version), page)
    chain.add(database, folder.name, version, values[document.HASH], previous, hashlib.sha256(page).hexdigest())


def new_file(path: Path, data: bytes) -> None:
    """Write a file that is not there yet: the whole of it, or none; errors as of `make_new`."""

    def write(temporary: Path) -> None:
        with temporary.open("wb") as stream:
            stream.write(data)
            sync_file(stream)

    make_new(path, write)
