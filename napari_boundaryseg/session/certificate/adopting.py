"""Adoption of a certificate that a crash left, or whose list was lost, as its labels are listed again."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.certificate import chain, document
from napari_boundaryseg.session.certificate.page import page_of
from napari_boundaryseg.session.certificate.writing import new_file
from napari_boundaryseg.session.project import cases as notes
from napari_boundaryseg.session.project.stored_models import sha256_of


def adopt(database: sqlite3.Connection, label: Path, version: int) -> bool:
    """List the certificate beside labels, where it is whole, theirs, and no other has its place in the chain.

    Whether it is listed then.

    Parameters
    ----------
    database : sqlite3.Connection
        In the transaction that lists the labels.
    label : Path
    version : int
        Of the labels.
    """
    folder = label.parent
    try:
        values = document.read_certificate(folder / document.certificate_name(version))
    except InputError:
        return False
    if not document.is_whole(values):
        return False
    theirs = (notes.slug_of(values["case"]), values["version"]) == (folder.name, version)
    previous = values["previous"] or ""
    if not theirs or values["labels"]["sha256"] != sha256_of(label):
        return False
    listed = chain.links(database)
    if any(link.sha256 == values[document.HASH] and not link.removed for link in listed):
        return True
    if any(link.previous == previous for link in listed):
        return False
    page = folder / document.page_name(version)
    if not page.exists():
        try:
            new_file(page, page_of(values))
        except (KeyError, TypeError, ValueError, AttributeError):
            return False  # its hash is right, and the program did not write it
    digest = hashlib.sha256(page.read_bytes()).hexdigest()
    chain.add(database, folder.name, version, values[document.HASH], previous, digest)
    return True


def files_of(folder: Path, version: int | None = None) -> list[Path]:
    """The certificates, pages and journals in a case's folder: of one version, or of all."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    found = [(path, document.FILES.fullmatch(path.name)) for path in paths if path.is_file() and not path.is_symlink()]
    return [path for path, name in found if name and version in (None, int(name[1]))]
