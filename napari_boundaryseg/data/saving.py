"""Saves that leave the old file or the new one, never half of either."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from napari_boundaryseg.errors import InputError


def atomic_write(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file whole or not at all.

    The bytes go to a temporary file in the same folder, are synced to the disk, and then replace the target in one
    step; the folder is synced too. A link is followed: the file it points to is replaced, the link stays.

    Parameters
    ----------
    path : Path
    write : callable
        Gets the open temporary file.

    Raises
    ------
    InputError
        When the disk is full, the folder is missing or may not be written, or the target is not a plain file. The
        old file is untouched.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise InputError(path, "it is not a plain file", "Choose another name")
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".saving-", suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        os.replace(temporary, target)  # noqa: PTH105
        temporary = ""
        _sync_folder(target.parent)
    except OSError as error:
        raise InputError(path, f"it could not be written: {error.strerror or error}",
                         "Free some space or choose another folder; what was there before is unchanged") from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def atomic_bytes(path: Path, content: bytes) -> None:
    """Write bytes whole or not at all."""
    atomic_write(path, lambda file: _put(file, content))


def _put(file: BinaryIO, content: bytes) -> None:
    file.write(content)


def atomic_text(path: Path, content: str) -> None:
    """Write UTF-8 text whole or not at all."""
    atomic_bytes(path, content.encode("utf-8"))


def atomic_json(path: Path, value: object) -> None:
    """Write JSON whole or not at all; NaN is refused."""
    atomic_text(path, json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n")
