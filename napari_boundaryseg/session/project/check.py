"""Check of a project folder: its database, links, rights, leftovers, certificates and models; cases beside it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from napari_boundaryseg.data.scratch.folder_lock import FolderLock
from napari_boundaryseg.engine.checkpoints.model_library import read_card
from napari_boundaryseg.engine.training.loop.folder import BEST, is_free
from napari_boundaryseg.errors import BoundarySegError, InputError
from napari_boundaryseg.progress import Progress, part, silent
from napari_boundaryseg.session.actions.training_folders import added_as, folders_of
from napari_boundaryseg.session.actions.trainings import unfinished
from napari_boundaryseg.session.certificate.verify import verify
from napari_boundaryseg.session.project import holder, repair
from napari_boundaryseg.session.project.check_cases import check_cases
from napari_boundaryseg.session.project.database import FILE, holds_labels
from napari_boundaryseg.session.project.paths import TEMPORARY, can_restrict, is_link, strangers
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.project.repair import Finding
from napari_boundaryseg.session.project.stored_models import sha256_of

_MODEL = re.compile(r"(.+)-v([1-9]\d{0,8})\.safetensors")


def check(folder: Path, *, progress: Progress = silent) -> list[Finding]:
    """Everything about a project that is not as the program leaves it; nothing is changed.

    While another process writes, what it has begun is not a finding.

    Parameters
    ----------
    folder : Path
        Of a project.

    Returns
    -------
    list of Finding
        Empty where every listed scan, label map, certificate and model is there and is what was stored.

    Raises
    ------
    InputError
        Where the folder holds no project, or its database cannot be read at all.
    """
    folder = Path(folder)
    if not Project.is_in(folder) and not holds_labels(folder):
        raise InputError(folder, "it holds no project", "Choose a folder in which cases were accepted")
    links = list(_links(folder))
    if any(finding.subject in ("cases", "models") or finding.subject.startswith(FILE) for finding in links):
        return links
    project = Project(folder, "command line", relist=True)
    busy = holder.held_elsewhere(folder)
    found = [*links, *_database(project)]
    found += check_cases(project, busy, part(progress, 0.0, 0.9))
    found += _certificates(project)
    found += _models(project, busy)
    found += [] if busy else _leftovers(project)
    found += _rights(project)
    progress(1.0, "")
    return found


def _links(folder: Path) -> Iterator[Finding]:
    """Links, devices and pipes, which the program refuses wherever it meets them."""
    names = [FILE, f"{FILE}-journal", FolderLock.FILE, "cases", "models", "removed"]
    paths = [folder / name for name in names if os.path.lexists(folder / name)]
    for top in ("cases", "models"):
        for place, folders, files in os.walk(folder / top):
            paths += [Path(place) / name for name in (*folders, *files)]
    for path in paths:
        try:
            found = path.lstat()
        except OSError as error:
            yield _finding(folder, path, f"cannot be read: {error.strerror}")
            continue
        if is_link(found):
            yield _finding(folder, path, "is a link, which is not followed")
        elif not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
            yield _finding(folder, path, "is a device, pipe or socket")


def _database(project: Project) -> Iterator[Finding]:
    with project.reading() as database:
        said = [str(row[0]) for row in database.execute("PRAGMA integrity_check").fetchall()]
    if said != ["ok"]:
        yield Finding(FILE, f"is damaged: {' '.join(said[0].split())}")


def _certificates(project: Project) -> Iterator[Finding]:
    try:
        problems = verify(project).problems
    except InputError as error:
        yield Finding("certificates", f"{error.subject}: {error.reason}")
        return
    for problem in problems:
        with suppress(OSError):  # a folder that is gone, or may not be read, is found with its case
            if (project.folder / problem.file).parent.is_dir():
                yield Finding(problem.file, problem.what)


def _models(project: Project, busy: bool) -> Iterator[Finding]:
    try:
        models = project.models()
    except InputError as error:
        yield Finding("models", f"{error.subject}: {error.reason}")
        return
    for model in models:
        if not model.path.is_file():
            yield _finding(project.folder, model.path, "is listed, and not there")
        elif (reason := _no_model(model.path)) is not None:
            yield _finding(project.folder, model.path, f"is listed, and cannot be used: {reason}")
        elif model.sha256 is not None and sha256_of(model.path) != model.sha256:
            yield _finding(project.folder, model.path, "is listed, and is not the model that was stored")
    if not busy:
        yield from _unlisted_models(project, {model.path.name: model.sha256 for model in models})
        yield from _trainings(project)


def _unlisted_models(project: Project, listed: dict[str, str | None]) -> Iterator[Finding]:
    """Models and pages of a process that ended before it listed them, or whose list was lost."""
    named = dict(listed)
    kept = {sha256_of(best): one.folder.name for one in unfinished(project) if (best := one.folder / BEST).is_file()}
    for path in _files(project, "*.safetensors"):
        parts = _MODEL.fullmatch(path.name)
        if path.name in listed:
            continue
        if parts is None or _no_model(path) is not None or read_card(path)[0].name != parts[1]:
            yield _finding(project.folder, path, "is not listed, and is no version of a model")
            continue
        digest = sha256_of(path)
        same = next((file for file, known in listed.items() if known == digest), None)
        if same is not None or digest in kept:
            of = f"is a copy of {same}" if same is not None else f"is the model of {kept[digest]}, which can be resumed"
            yield _finding(project.folder, path, f"is not listed: it {of}", *_aside(path))
            continue
        named[path.name] = digest
        remedy = repair.relist_model(path.name, parts[1], int(parts[2]))
        yield _finding(project.folder, path, "is a model that is not listed", "list it, not in use", remedy)
    for path in _files(project, "*.html"):
        if path.with_suffix(".safetensors").name not in named:
            yield _finding(project.folder, path, "is the page of no listed model", *_aside(path))


def _trainings(project: Project) -> Iterator[Finding]:
    """Folders of fine-tunings that nobody can resume: Train lists the others."""
    resumable = {one.folder for one in unfinished(project)}
    for folder in folders_of(project):
        if folder in resumable or not is_free(folder):
            continue
        version = added_as(project, folder)
        what = "holds nothing from which a training can be resumed"
        yield _finding(project.folder, folder, f"has ended as {version}" if version else what, *_aside(folder))


def _files(project: Project, pattern: str) -> list[Path]:
    """Files of the folder of models, but for those that were not written to their end."""
    found = (path for path in sorted(project.models_folder.glob(pattern)) if not path.name.startswith(TEMPORARY))
    return [path for path in found if path.is_file() and not path.is_symlink()]


def _aside(path: Path) -> tuple[str, repair.Act]:
    return "move it to removed/", repair.set_aside(path)


def _no_model(path: Path) -> str | None:
    try:
        read_card(path)
    except BoundarySegError as error:
        return getattr(error, "reason", str(error))
    return None


def _leftovers(project: Project) -> Iterator[Finding]:
    """Files of a process that ended while it wrote."""
    places = [project.folder, project.models_folder, *(path for path in (project.folder / "cases").glob("*"))]
    for place in places:
        for path in sorted(place.glob(f"{TEMPORARY}*")) if not place.is_symlink() else ():
            yield _finding(project.folder, path, "was not written to its end", *_aside(path))


def _rights(project: Project) -> Iterator[Finding]:
    mask = strangers(project.folder)
    open_to_all = [path for path in dict.fromkeys(project.private_paths()) if can_restrict(path, mask)]
    if open_to_all:
        files = f"{len(open_to_all)} file{'s' if len(open_to_all) > 1 else ''} and folders"
        yield Finding(".", f"{files} can be read by other users", "take their rights away", repair.restrict_all)


def _finding(folder: Path, path: Path, problem: str, remedy: str = "", act: repair.Act | None = None) -> Finding:
    return Finding(path.relative_to(folder).as_posix(), problem, remedy, act)
