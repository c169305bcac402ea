"""Chain of a project's certificates: one row of its list for each accept, with the hash of the one before."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from napari_boundaryseg.session.project.database import typed, version_of

SINCE = 4
"""The first version of the tables that has certificates."""


@dataclass(frozen=True)
class Link:
    """What the project's list says of one certificate.

    Parameters
    ----------
    number : int
        In the order of the accepts.
    slug : str
        The folder's name of the case.
    version : int
        Of its labels.
    sha256 : str
        Of the certificate's content.
    previous : str
        The hash of the certificate before it; empty for the first.
    page : str
        SHA-256 of the page's file.
    removed : int
        1 where its case was taken off the list, and its files lie in ``removed/``.
    """

    number: int
    slug: str
    version: int
    sha256: str
    previous: str
    page: str
    removed: int = 0


def links(database: sqlite3.Connection) -> list[Link]:
    """Every certificate of a project, in the order of the accepts."""
    if version_of(database) < SINCE:
        return []
    rows = database.execute(
        "SELECT number, slug, version, sha256, previous, page, removed FROM certificates ORDER BY number"
    ).fetchall()
    known = typed(rows, (int, str, int, str, str, str, int))
    return [Link(*said) for said in known]


def head(database: sqlite3.Connection) -> str:
    """The hash of the certificate that none follows; empty where there is none at all."""
    found = links(database)
    followed = {link.previous for link in found}
    return next((link.sha256 for link in reversed(found) if link.sha256 not in followed), "")


def add(database: sqlite3.Connection, slug: str, version: int, sha256: str, previous: str, page: str) -> None:
    """List a certificate, within the transaction that lists its labels."""
    database.execute(
        "INSERT INTO certificates (slug, version, sha256, previous, page) VALUES (?, ?, ?, ?, ?)",
        (slug, version, sha256, previous, page),
    )


def let_go(database: sqlite3.Connection, slug: str) -> None:
    """Remember that a case was taken off the list: the chain keeps its certificates' hashes."""
    database.execute("UPDATE certificates SET removed = 1 WHERE slug = ?", (slug,))


def broken(found: list[Link]) -> list[Link]:
    """The certificates whose predecessor is not in the list, or is that of another one, too.

    Examples
    --------
    >>> one, two = Link(1, "a", 1, "aa", "", ""), Link(2, "a", 2, "bb", "aa", "")
    >>> broken([one, two]), [link.sha256 for link in broken([two])]
    ([], ['bb'])
    """
    known, taken, wrong = {"", *(link.sha256 for link in found)}, set(), []
    for link in found:
        if link.previous not in known or link.previous in taken:
            wrong.append(link)
        taken.add(link.previous)
    return wrong
