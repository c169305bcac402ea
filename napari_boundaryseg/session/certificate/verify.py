"""Verification of a project's certificates: which are whole, which were changed, which are missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_boundaryseg.errors import BoundarySegError
from napari_boundaryseg.session.certificate import chain, document
from napari_boundaryseg.session.certificate.chain import Link
from napari_boundaryseg.session.project import cases as notes
from napari_boundaryseg.session.project.database import typed
from napari_boundaryseg.session.project.folder import ProjectFolder
from napari_boundaryseg.session.project.stored_models import sha256_of

MISSING = "is listed, and not there"


@dataclass(frozen=True)
class Problem:
    """One thing about a certificate, its page or its journal that is not as it was written."""

    file: str
    """As seen from the project's folder."""
    what: str


@dataclass(frozen=True)
class Verified:
    """What became of the certificates of a project; those of cases that were removed are only links of the chain."""

    whole: tuple[str, ...]
    """Files, as seen from the project's folder."""
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    without: int
    """How many accepted label maps have none: an earlier program stored them, or a repair listed them."""
    problems: tuple[Problem, ...]

    def in_words(self) -> str:
        """For a person, where no problem was found; empty without certificates.

        Examples
        --------
        >>> Verified(("a", "b"), (), (), 1, ()).in_words()
        '2 certificates are whole. 1 accepted label map has none.'
        """
        if not self.whole:
            return ""
        one, more = len(self.whole) == 1, f"{self.without} accepted label map"
        said = f"{len(self.whole)} certificate{' is' if one else 's are'} whole."
        return said + (f" {more}{' has' if self.without == 1 else 's have'} none." if self.without else "")


def verify(project: ProjectFolder) -> Verified:
    """Compare every listed certificate, its page and its journal with what the list and the certificate say of them.

    What it finds is what was changed by somebody who did not make a new chain: see `document.NO_SIGNATURE`.

    Raises
    ------
    InputError
        Where the list cannot be read.
    """
    with project.reading() as database:
        links = chain.links(database)
        rows = (
            database.execute("SELECT slug, version, sha256 FROM versions WHERE state = 'valid'").fetchall()
            if links
            else []
        )
    labels = {(slug, version): digest for slug, version, digest in typed(rows, (str, int, (str, type(None))))}
    problems, broken = [], chain.broken(links)
    states: dict[str, list[str]] = {"whole": [], "changed": [], "missing": []}
    here = [link for link in links if not link.removed]
    for link in here:
        name = f"cases/{link.slug}/{document.certificate_name(link.version)}"
        found = list(_problems(project, link, labels.get((link.slug, link.version))))
        if link in broken:
            found.append(Problem(name, "does not follow the certificate before it: the chain is broken"))
        problems += found
        is_missing = Problem(name, MISSING) in found
        states["missing" if is_missing else "changed" if found else "whole"].append(name)
    certified = {(link.slug, link.version) for link in here}
    whole, changed, missing = (tuple(states[state]) for state in ("whole", "changed", "missing"))
    return Verified(whole, changed, missing, len(labels.keys() - certified), tuple(problems))


def _problems(project: ProjectFolder, link: Link, labels: str | None) -> Iterator[Problem]:
    where = f"cases/{link.slug}"
    name, page = document.certificate_name(link.version), document.page_name(link.version)
    try:
        folder = project.part("cases", link.slug)
        digests = {one: _digest(folder / one) for one in (name, page)}
        values = document.read_certificate(folder / name) if digests[name] else {}
        journal = values["work"]["journal"]["file"] if values else None
        digests |= {journal: _digest(folder / journal)} if journal else {}
    except BoundarySegError as error:
        yield Problem(f"{where}/{name}", f"was changed: {getattr(error, 'reason', error)}")
        return
    except OSError as error:
        yield Problem(f"{where}/{name}", f"cannot be read: {error.strerror}")
        return
    yield from (Problem(f"{where}/{one}", MISSING) for one, digest in digests.items() if not digest)
    if digests[page] and digests[page] != link.page:
        yield Problem(f"{where}/{page}", "is not the page that was written")
    if not values:
        return
    if values.get(document.HASH) != link.sha256 or not document.is_whole(values):
        yield Problem(f"{where}/{name}", "is not what was written: its content was changed")
        return
    if (values["previous"] or "") != link.previous:
        yield Problem(f"{where}/{name}", "names another certificate before it than the project's list")
    if (notes.slug_of(values["case"]), values["version"]) != (link.slug, link.version):
        yield Problem(f"{where}/{name}", "is that of other labels")
    elif labels is not None and values["labels"]["sha256"] != labels:
        yield Problem(f"{where}/{name}", "names other labels than the project's list")
    if journal and digests[journal] and digests[journal] != values["work"]["journal"]["sha256"]:
        yield Problem(f"{where}/{journal}", "is not the journal that the certificate names")


def _digest(path: Path) -> str:
    """SHA-256 of a file; empty where it is not there."""
    return sha256_of(path) if path.is_file() and not path.is_symlink() else ""
