"""Atomic saving: there is always either the old file or the whole new one."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from napari_boundaryseg.errors import InputError

_ADVICE = {
    errno.ENOSPC: "Free some space or save somewhere else; the old file is unchanged",
    errno.EDQUOT: "Free some space or save somewhere else; the old file is unchanged",
    errno.EFBIG: "Save somewhere else; the old file is unchanged",
    errno.EACCES: "Close other programs that hold it, or save somewhere else",
    errno.EPERM: "Close other programs that hold it, or save somewhere else",
    errno.EROFS: "The disk is read-only: save somewhere else",
    errno.ENOENT: "Make the folder first, or choose another one",
    errno.ENAMETOOLONG: "Choose a shorter name",
}


def atomic_write(
    path: str | Path, write: Callable[[BinaryIO], None], *, check: Callable[[Path], None] | None = None
) -> None:
    """Write a file beside its target, force it to disk, then put it in the target's place.

    Parameters
    ----------
    path : str or Path
        The target. Of a symbolic link the file it points to is replaced and the link kept.
    write : callable
        ``write(stream)`` writes the whole content.
    check : callable, optional
        ``check(temporary_path)`` reads the new file before it replaces the old one, and raises if it is not right.

    Raises
    ------
    InputError
        When it cannot be written. The old file is then unchanged and nothing is left beside it.
    """

    def make(temporary: Path) -> None:
        with temporary.open("wb") as stream:
            write(stream)

    atomic_file(path, make, check=check)


def atomic_file(
    path: str | Path, make: Callable[[Path], None], *, suffix: str = ".tmp", check: Callable[[Path], None] | None = None
) -> None:
    """Like `atomic_write`, for a writer that wants a path (ending in ``suffix``) and not a stream."""
    path = Path(path)
    try:
        target = _real_target(path)
        temporary = target.parent / f".boundaryseg-{secrets.token_hex(6)}{suffix}"
        try:
            _fill(temporary, target, make, check)
            _replace(temporary, target)
        except InputError as error:
            if error.subject != temporary.name:
                raise
            raise InputError(path, error.reason, error.advice) from error  # nobody knows the temporary name
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        sync_folder(target.parent)
    except OSError as error:
        raise write_error(path, error) from error


def atomic_bytes(path: str | Path, data: bytes) -> None:
    """Write bytes, all or nothing."""

    def write(stream: BinaryIO) -> None:
        stream.write(data)

    atomic_write(path, write)


def atomic_text(path: str | Path, text: str) -> None:
    """Write text as UTF-8 with plain line ends, all or nothing."""
    atomic_bytes(path, text.encode("utf-8"))


def atomic_json(path: str | Path, value: Any) -> None:
    """Write a value as indented JSON, all or nothing; NaN and infinity are refused."""
    atomic_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_error(path: Path, error: OSError) -> InputError:
    """What to tell the person when the system refused to write."""
    reason = error.strerror or type(error).__name__
    advice = _ADVICE.get(error.errno or 0, "Save somewhere else")
    return InputError(path, f"could not be written: {reason}", advice)


def _real_target(path: Path) -> Path:
    """The regular file that is to be replaced; anything else is refused."""
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return target
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a device, pipe or socket"
        raise InputError(path, f"could not be written: it is {what}", "Choose the name of a file")
    return target


def _fill(temporary: Path, target: Path, make: Callable[[Path], None], check: Callable[[Path], None] | None) -> None:
    with temporary.open("xb"):
        pass  # claims the name, with the rights that the system gives a new file
    make(temporary)
    if target.exists():
        shutil.copymode(target, temporary)
    with temporary.open("rb+") as stream:
        os.fsync(stream.fileno())
    if check is not None:
        check(temporary)


def _replace(temporary: Path, target: Path) -> None:
    """Replace, with patience: on Windows a virus scanner may hold the old file for a moment."""
    for wait_s in (0.05, 0.2, 0.5):
        try:
            temporary.replace(target)
            return
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(wait_s)
    temporary.replace(target)


def sync_folder(folder: Path) -> None:
    """Force a folder's list of files to the disk, so that a file put in place stays there when the power fails."""
    if os.name == "nt":
        return  # folders cannot be opened there; the replacement itself is journalled
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems refuse it
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
