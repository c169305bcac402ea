"""Repairs of a project folder: what a check found is listed again, let go or set aside; nothing is deleted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from napari_boundaryseg.session.certificate import chain
from napari_boundaryseg.session.certificate.adopting import adopt, files_of
from napari_boundaryseg.session.project import cases as notes
from napari_boundaryseg.session.project.accepting import list_version, take_off_worklist
from napari_boundaryseg.session.project.paths import restrict, strangers
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.project.stored_models import sha256_of

Act = Callable[[Project], None]


@dataclass(frozen=True)
class Finding:
    """One thing about a project that is not as the program leaves it."""

    subject: str
    """The file or folder, as seen from the project's folder."""
    problem: str
    remedy: str = ""
    """What a repair does, in words; empty where only a person can help."""
    act: Act | None = field(default=None, compare=False, repr=False)


def repair(project: Project, findings: Sequence[Finding]) -> list[Finding]:
    """Carry out every remedy.

    Returns
    -------
    list of Finding
        What nothing could be done about.

    Raises
    ------
    ReadOnly
        Another process writes to the project. Nothing is changed then.
    """
    project.begin_writing()
    for finding in findings:
        if finding.act is not None:
            finding.act(project)
    return [finding for finding in findings if finding.act is None]


def set_aside(path: Path) -> Act:
    """Move a file or folder to ``removed/``."""

    def act(project: Project) -> None:
        with project.writing():
            project.set_aside(path)

    return act


def restrict_all(project: Project) -> None:
    """Take the rights of strangers from every file of the program's."""
    mask = strangers(project.folder)
    for path in project.private_paths():
        restrict(path, mask)


def relist_model(file: str, base: str, version: int) -> Act:
    """List a model that lies in its folder, without using it."""

    def act(project: Project) -> None:
        with project.writing() as database:
            project.list_model(database, file, base, version, sha256_of(project.part("models", file)))

    return act


def drop_claim(slug: str, version: int) -> Act:
    """Let go a version that was begun, and of which there are no labels."""

    def act(project: Project) -> None:
        with project.writing() as database:
            database.execute(
                "DELETE FROM versions WHERE slug = ? AND version = ? AND state = 'claimed'", (slug, version)
            )

    return act


def take_off(slug: str) -> Act:
    """Take a case of which no file is left off the list."""

    def act(project: Project) -> None:
        with project.writing() as database:
            database.execute("DELETE FROM cases WHERE slug = ?", (slug,))
            database.execute("DELETE FROM versions WHERE slug = ?", (slug,))
            chain.let_go(database, slug)

    return act


def relist_labels(name: str, label: Path, version: int, means: Mapping[str, Any], scan: str) -> Act:
    """List labels again that lie in a case's folder; they become its newest unless a newer version is listed.

    Their certificate is listed with them where it can be (`adopt`), and set aside where it cannot.

    Parameters
    ----------
    means : mapping
        ``label_scheme``, ``box`` and ``looked``: what the labels mean.
    scan : str
        The hash of the case's scan.
    """

    def act(project: Project) -> None:
        slug, scheme = label.parent.name, str(means["label_scheme"]["name"])
        accepted = str(means.get("accepted") or datetime.now(UTC).isoformat(timespec="seconds"))
        with project.writing() as database:
            database.execute(
                "INSERT INTO versions (slug, version, accepted, scheme, meaning, file, state) "
                "VALUES (?, ?, ?, ?, ?, ?, 'claimed') ON CONFLICT (slug, version) DO NOTHING",
                (slug, version, accepted, scheme, json.dumps(dict(means)), label.name),
            )
            entry = {key: means.get(key) for key in ("label_scheme", "box", "looked")}
            _note(label.parent, name, {"version": version, "accepted": accepted, **entry})
            list_version(database, name, label, version, accepted, scheme, scan)
            take_off_worklist(database, slug, scan)
            if not adopt(database, label, version):
                for path in files_of(label.parent, version):
                    project.set_aside(path)

    return act


def _note(folder: Path, name: str, entry: Mapping[str, Any]) -> None:
    known = notes.versions_in(folder)
    if any(found.get("version") == entry["version"] for found in known):
        return
    head = {key: known[0].get(key) for key in ("name", "channels", "modality")} if known else {"name": name}
    head["name"] = name
    notes.put_notes(folder, head, entry)
