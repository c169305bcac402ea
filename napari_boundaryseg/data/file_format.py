"""Stored files: their format versions and the text they may hold; what is later, or said twice, is refused."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from napari_boundaryseg.errors import InputError


def refuse_later(found: object, known: str, path: Path) -> None:
    """Refuse a file whose format is another version than the known one.

    A file that says nothing is of the first version, and one that says something else is no file of the program's.

    Parameters
    ----------
    found : object
        What the file says of itself under ``format``, or None.
    known : str
        The format's name and newest version, such as ``"napari-boundaryseg-report/2"``.
    path : Path

    Raises
    ------
    InputError

    Examples
    --------
    >>> refuse_later("napari-boundaryseg-report/2", "napari-boundaryseg-report/2", Path("case1.json"))
    >>> refuse_later("napari-boundaryseg-report/3", "napari-boundaryseg-report/2", Path("case1.json"))
    Traceback (most recent call last):
    napari_boundaryseg.errors.InputError: case1.json: a later version of the program wrote it. Update the program.
    """
    name = known.rpartition("/")[0]
    if isinstance(found, str) and found.rpartition("/")[0] == name and found != known:
        raise InputError(path, "a later version of the program wrote it", "Update the program")


def stored_text(text: str) -> str:
    r"""A text with names of files in it, as a file in UTF-8 holds it, whatever the system's own letters are.

    What the system could not read in a name was kept by Python as single bytes; here they are read as UTF-8, and those
    that are none become escapes.

    Examples
    --------
    >>> stored_text("n\udcc3\udca4he"), stored_text("\udce4")
    ('nähe', '\\xe4')
    """
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


class NameTwice(ValueError):
    """An object of a JSON text has two values under one name."""


def no_name_twice(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """An object of a JSON text, for ``json.loads(..., object_pairs_hook=no_name_twice)``.

    Python's reader and others' take another one of two values, so that what was checked may not be what is used.

    Raises
    ------
    NameTwice

    Examples
    --------
    >>> no_name_twice([("a", 1), ("b", 2)])
    {'a': 1, 'b': 2}
    >>> no_name_twice([("a", 1), ("a", 2)])
    Traceback (most recent call last):
    napari_boundaryseg.data.file_format.NameTwice: 'a' stands there twice
    """
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise NameTwice(f"{name!r:.80} stands there twice")
        found[name] = value
    return found
