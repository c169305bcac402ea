"""Overwriting on the command line: what is there already is replaced only where the person says so."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated
from unicodedata import normalize

import typer

from napari_boundaryseg.errors import InputError

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there already, whosever it is.")]


def refuse_target(path: Path, overwrite: bool) -> None:
    """Refuse to write a file where none can be, or onto one that is there, unless the person said so.

    Raises
    ------
    InputError
    """
    if path.is_dir():
        raise InputError(path, "it is a folder", "Name a file")
    if not path.parent.is_dir():
        raise InputError(path, "the folder that it would be in is not there", "Make it first, or choose another one")
    if (path.exists() or path.is_symlink()) and not overwrite:
        raise InputError(path, "it is there already", "Choose another name, or replace it (--overwrite)")


def refuse_sources(targets: Iterable[Path], sources: Iterable[Path]) -> None:
    """Refuse to write onto a file that is read, under whatever name, whatever the person said: it would be lost.

    Raises
    ------
    InputError
    """
    read = {mark for source in sources for mark in _marks(source)}
    for target in targets:
        if read & _marks(target):
            raise InputError(target, "it is read by this command, and would be lost", "Choose another name or folder")


def refuse_one_file(targets: Iterable[tuple[str, Path]]) -> None:
    """Refuse two results that would be one file, also through links, and where letter case does not count.

    Parameters
    ----------
    targets : iterable of (str, Path)
        What each is the result of, and where it goes.

    Raises
    ------
    InputError

    Examples
    --------
    >>> refuse_one_file([("scan 1", Path("t1_seg.nii.gz")), ("scan 2", Path("T1_seg.nii.gz"))])
    Traceback (most recent call last):
    napari_boundaryseg.errors.InputError: scan 1 and scan 2: both would be written as T1_seg.nii.gz. Give them other \
names or folders.
    """
    seen: dict[str, str] = {}
    for whose, path in targets:
        first = seen.setdefault(normalize("NFC", os.path.realpath(path)).casefold(), whose)
        if first != whose:
            raise InputError(
                f"{first} and {whose}", f"both would be written as {path.name}", "Give them other names or folders"
            )


def _marks(path: Path) -> set[object]:
    """What all ways to name one file have in common, whether it is there or not."""
    real = os.path.realpath(path)
    try:
        found = path.stat()
    except OSError:
        return {real}
    return {real, (found.st_dev, found.st_ino)} if found.st_ino else {real}
