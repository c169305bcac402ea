"""Folders of a project's fine-tunings: which there are, what killed processes left of them, and their removal."""

from __future__ import annotations

import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from napari_boundaryseg.engine.training.loop import folder as files
from napari_boundaryseg.session.project.folder import TRAINING
from napari_boundaryseg.session.project.paths import TEMPORARY
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.project.stored_models import sha256_of, stored_hashes


def folders_of(project: Project) -> list[Path]:
    """The folders of a project's fine-tunings, the oldest first."""
    found = [path for path in project.models_folder.glob(f"{TRAINING}*") if path.is_dir() and not path.is_symlink()]
    return sorted(found, key=lambda folder: (len(folder.name), folder.name))


def added_as(project: Project, folder: Path) -> str | None:
    """The file of the version that the model of a fine-tuning is already; None where it is none yet.

    A process that is killed between the listing of a model and the removal of its folder leaves such a one. Where the
    version is not what was stored, this may be the last copy: then it counts as none.
    """
    best = folder / files.BEST
    if not best.is_file():
        return None
    with project.reading() as database:
        stored = stored_hashes(database)
    for file, digest in stored.items():
        path = project.part("models", file)
        alike = path.is_file() and path.stat().st_size == best.stat().st_size  # the others need not be read
        if digest is not None and alike and sha256_of(best) == digest == sha256_of(path):
            return file
    return None


def sweep(project: Project) -> None:
    """Remove what killed processes left of fine-tunings: ended ones, half removed ones, and those that never began.

    Raises
    ------
    ReadOnly
        Another process writes to the project.
    """
    project.begin_writing()
    for path in project.models_folder.glob(f"{TEMPORARY}*"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
    for folder in folders_of(project):
        if files.is_free(folder) and (_never_began(folder) or added_as(project, folder) is not None):
            with suppress(OSError):
                remove(folder)


def _never_began(folder: Path) -> bool:
    """Whether a folder holds nothing but locks and files that were not written to their end."""
    return all(path.name == files.LOCK or path.name.startswith(TEMPORARY) for path in folder.iterdir())


def remove(folder: Path) -> None:
    """Remove the folder of a fine-tuning, out of sight first: of one that is half removed nothing can be resumed."""
    with suppress(OSError):  # Windows moves none in which a file is open
        folder = folder.rename(folder.with_name(f"{TEMPORARY}{secrets.token_hex(6)}"))
    shutil.rmtree(folder)
