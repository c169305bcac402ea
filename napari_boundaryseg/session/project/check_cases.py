"""Check of a project's cases: every scan and label map there, whole, on one grid, and listed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.editing.journal.scan_hash import scan_hash
from napari_boundaryseg.errors import BoundarySegError
from napari_boundaryseg.progress import Progress
from napari_boundaryseg.session.certificate import chain
from napari_boundaryseg.session.certificate.adopting import files_of
from napari_boundaryseg.session.certificate.document import FILES
from napari_boundaryseg.session.project import cases as notes
from napari_boundaryseg.session.project import repair
from napari_boundaryseg.session.project.accepting import SCAN
from napari_boundaryseg.session.project.database import LABELS, typed, version_of
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.project.repair import Finding
from napari_boundaryseg.session.project.stored_models import sha256_of

_TEXT = (str, type(None))
LISTED_AGAIN = "list it as version"
"""How the remedy begins by which labels are listed again, and their certificate with them."""


@dataclass
class _Case:
    """What the database says of one folder of ``cases/``."""

    name: str | None = None
    version: int = 0
    scan_hash: str | None = None
    valid: dict[int, str | None] = field(default_factory=dict)
    """Version to the SHA-256 of its labels."""
    claimed: dict[int, str | None] = field(default_factory=dict)
    """Version to what its labels mean, as JSON."""
    meanings: dict[int, str | None] = field(default_factory=dict)
    """The same of valid versions."""
    certified: set[int] = field(default_factory=set)
    """The versions that have a certificate."""


def check_cases(project: Project, busy: bool, progress: Progress) -> list[Finding]:
    """What is wrong with the cases; ``busy`` leaves out what another process may just be writing."""
    try:
        cases = _listed(project)
    except BoundarySegError as error:
        return [Finding("project.sqlite", str(error))]
    try:
        there = {path.name for path in (project.folder / "cases").iterdir() if path.is_dir() and not path.is_symlink()}
    except OSError as error:
        return [Finding("cases", f"cannot be read: {error.strerror}")]
    found = []
    names = sorted({*cases, *there})
    for number, slug in enumerate(names):
        progress(number / len(names), slug)
        try:
            folder = project.part("cases", slug)
            found += list(_check(folder, cases.get(slug, _Case()), busy))
        except BoundarySegError as error:
            found.append(Finding(f"cases/{slug}", getattr(error, "reason", str(error))))
        except OSError as error:
            found.append(Finding(f"cases/{slug}", f"cannot be read: {error.strerror}"))
    return found


def _listed(project: Project) -> dict[str, _Case]:
    cases: dict[str, _Case] = {}
    with project.reading() as database:
        new = version_of(database) > 0
        rows = database.execute(
            f"SELECT slug, name, version, {'scan_hash' if new else 'NULL'} FROM cases"  # noqa: S608 (no value of a user)
        ).fetchall()
        certificates = chain.links(database)
        versions = (
            database.execute("SELECT slug, version, meaning, sha256, state FROM versions").fetchall() if new else []
        )
    for slug, name, version, known in typed(rows, (str, str, int, _TEXT)):
        cases[slug] = _Case(name, version, known)
        if not new:
            cases[slug].valid = dict.fromkeys(range(version, 0, -1)) if version < 1000 else {}
    for slug, version, meaning, digest, state in typed(versions, (str, int, _TEXT, _TEXT, str)):
        case = cases.setdefault(slug, _Case())
        if state == "valid":
            case.valid[version], case.meanings[version] = digest, meaning
        else:
            case.claimed[version] = meaning
    for link in certificates:
        if not link.removed:
            cases.setdefault(link.slug, _Case()).certified.add(link.version)
    return cases


def _check(folder: Path, case: _Case, busy: bool) -> Iterator[Finding]:
    where = f"cases/{folder.name}"
    labels = _labels_in(folder)
    if case.name is None and busy:
        return  # another process may be about to list it
    if case.name is not None and not folder.is_dir():
        yield Finding(where, "is listed, and not there", "take it off the list", repair.take_off(folder.name))
        return
    scan, problem = _scan(folder / SCAN, case)
    if problem and (labels or case.name is not None):
        yield Finding(f"{where}/{SCAN}", problem)
    for version in sorted(case.valid if case.name is not None else ()):
        if (wrong := _wrong(labels.get(version), scan, case.valid[version])) is not None:
            yield Finding(f"{where}/labels-v{version}.nii.gz", f"is listed, and {wrong}")
    said = notes.versions_in(folder) if case.meanings else []
    for version, text in sorted(case.meanings.items()):
        listed, written = notes.listed_meaning(text), _meaning_of(said, version)
        if listed and written and notes.contradict(listed, written):
            problem = f"says something else of version {version} than the project's list, which counts"
            yield Finding(f"{where}/case.json", problem)
    if case.name is not None and case.version not in case.valid:
        yield Finding(where, f"the list names version {case.version}, of which it knows nothing")
    if not busy:
        listed_again = set()
        for version, label in sorted(labels.items()):
            if version not in case.valid or case.name is None:
                finding = _unlisted(where, label, version, scan, case)
                listed_again |= {version} if finding.remedy.startswith(LISTED_AGAIN) else set()
                yield finding
        yield from _leftovers(where, folder, case.certified | listed_again)
        for version in sorted(set(case.claimed) - set(labels)):
            act = repair.drop_claim(folder.name, version)
            yield Finding(where, f"version {version} was begun, and no labels were written", "let it go", act)
        if case.name is None and not labels and folder.is_dir():
            yield Finding(where, "holds no labels, and is not listed", "move it to removed/", repair.set_aside(folder))


def _labels_in(folder: Path) -> dict[int, Path]:
    paths = folder.iterdir() if folder.is_dir() else ()
    return {
        int(found[1]): path
        for path in paths
        if (found := LABELS.fullmatch(path.name)) and path.is_file() and not path.is_symlink()
    }


def _scan(image: Path, case: _Case) -> tuple[Volume | None, str]:
    if not image.is_file() or image.is_symlink():
        return None, "is not there"
    try:
        scan = formats.read(image)
    except BoundarySegError as error:
        return None, f"cannot be read: {getattr(error, 'reason', error)}"
    if case.scan_hash is not None and scan_hash(scan.array, scan.affine) != case.scan_hash:
        return scan, "is not the scan that was stored"
    return scan, ""


def _wrong(label: Path | None, scan: Volume | None, digest: str | None) -> str | None:
    """What is wrong with a file of labels; None where nothing is."""
    if label is None:
        return "not there"
    try:
        read = formats.read_labels(label)
    except BoundarySegError as error:
        return f"cannot be read: {getattr(error, 'reason', error)}"
    if scan is not None and not read.geometry.same_as(scan.geometry):
        return "does not lie on its scan"
    return "is not what was stored" if digest is not None and sha256_of(label) != digest else None


def _unlisted(where: str, label: Path, version: int, scan: Volume | None, case: _Case) -> Finding:
    """Labels that a process wrote, and ended before it listed them: nobody was told that they are accepted."""
    subject, problem = f"{where}/{label.name}", "is not listed"
    said = notes.versions_in(label.parent)
    means = notes.listed_meaning(case.claimed.get(version)) or _meaning_of(said, version)
    names = [case.name, (means or {}).get("name"), *(entry.get("name") for entry in said)]
    name = next((name for name in names if isinstance(name, str)), None)
    wrong = _wrong(label, scan, None)
    if scan is None or means is None or wrong is not None or name is None or notes.slug_of(name) != label.parent.name:
        why = f", and {wrong}" if wrong else "" if scan is None else ", and nothing says what it shows"
        return Finding(subject, problem + why, "move it to removed/", repair.set_aside(label))
    act = repair.relist_labels(name, label, version, means, scan_hash(scan.array, scan.affine))
    newest = ", the newest of its case" if version > case.version else ""
    return Finding(subject, problem, f"{LISTED_AGAIN} {version}{newest}", act)


def _leftovers(where: str, folder: Path, known: set[int]) -> Iterator[Finding]:
    """Certificates, pages and journals that nothing names: of a process that ended before it listed its labels."""
    for path in files_of(folder):
        found = FILES.fullmatch(path.name)
        if found and int(found[1]) not in known:
            remedy = repair.set_aside(path)
            yield Finding(f"{where}/{path.name}", "belongs to no listed certificate", "move it to removed/", remedy)


def _meaning_of(said: list[dict[str, Any]], version: int) -> dict[str, Any] | None:
    return notes.known_meaning(notes.said_of(said, version))
