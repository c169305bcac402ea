"""Overwriting on the command line: what is there already is replaced only where the person says so."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from napari_boundaryseg.errors import InputError

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there already, whosever it is.")]


def refuse_existing(path: Path, overwrite: bool, ours: Callable[[Path], bool] = lambda path: False) -> None:
    """Refuse to write onto a file that is there, unless the person said so or it is known as the program's own.

    Raises
    ------
    InputError
    """
    if (path.exists() or path.is_symlink()) and not overwrite and not ours(path):
        raise InputError(path, "it is there already", "Choose another name, or replace it (--overwrite)")


def refuse_source(target: Path, sources: Sequence[Path]) -> None:
    """Refuse to write onto a file that is read, under whatever name; the source would be lost.

    Raises
    ------
    InputError
    """
    if target.exists() and any(source.exists() and source.samefile(target) for source in sources):
        raise InputError(target, "it is the source itself", "Choose another name for the result")


def refuse_one_result(names: Sequence[str]) -> None:
    """Refuse scans whose results would have the same names, also where letter case does not count.

    Parameters
    ----------
    names : sequence of str
        The case of each scan, in the order of the command line.

    Raises
    ------
    InputError

    Examples
    --------
    >>> refuse_one_result(["t1", "t2", "T1"])
    Traceback (most recent call last):
    napari_boundaryseg.errors.InputError: scans 1 and 3: both would be written as T1_seg.nii.gz. Predict them into \
different folders, or rename one.
    """
    seen: dict[str, int] = {}
    for n, name in enumerate(names, start=1):
        first = seen.setdefault(unicodedata.normalize("NFC", name).casefold(), n)
        if first != n:
            raise InputError(
                f"scans {first} and {n}",
                f"both would be written as {name}_seg.nii.gz",
                "Predict them into different folders, or rename one",
            )
