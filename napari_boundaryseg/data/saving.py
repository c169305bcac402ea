"""Atomic saving: there is always either the old file or the whole new one."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from napari_boundaryseg.data.scratch.temporary_files import temporary_file
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
    path: str | Path,
    write: Callable[[BinaryIO], None],
    *,
    check: Callable[[Path], None] | None = None,
    private: bool = False,
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
    private : bool
        Whether only its owner may read it. Otherwise a new file has the usual rights, and a replaced one those that
        the old one had.

    Raises
    ------
    InputError
        When it cannot be written. The old file is then unchanged and nothing is left beside it.
    """

    def make(temporary: Path) -> None:
        with temporary.open("wb") as stream:
            write(stream)

    atomic_file(path, make, check=check, private=private)


def atomic_file(
    path: str | Path,
    make: Callable[[Path], None],
    *,
    suffix: str = ".tmp",
    check: Callable[[Path], None] | None = None,
    private: bool = False,
) -> None:
    """Like `atomic_write`, for a writer that wants a path (ending in ``suffix``) and not a stream."""
    path = Path(path)
    try:
        target = _real_target(path)
        with temporary_file(target.parent, suffix, private=private) as temporary:
            try:
                _fill(temporary, None if private else target, make, check)
                _replace(temporary, target)
            except InputError as error:
                if error.subject != temporary.name:
                    raise
                raise InputError(path, error.reason, error.advice) from error  # nobody knows the temporary name
        sync_folder(target.parent)
    except OSError as error:
        raise write_error(path, error) from error


def atomic_bytes(path: str | Path, data: bytes, *, private: bool = False) -> None:
    """Write bytes, all or nothing."""

    def write(stream: BinaryIO) -> None:
        stream.write(data)

    atomic_write(path, write, private=private)


def atomic_text(path: str | Path, text: str, *, private: bool = False) -> None:
    """Write text as UTF-8 with plain line ends, all or nothing."""
    atomic_bytes(path, text.encode("utf-8"), private=private)


def atomic_json(path: str | Path, value: Any, *, private: bool = False) -> None:
    """Write a value as indented JSON, all or nothing; NaN and infinity are refused."""
    atomic_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", private=private)


def write_error(path: Path, error: OSError) -> InputError:
    """What to tell the person when the system refused to write."""
    if error.errno is None and "requested and" in str(error):  # NumPy does not say why
        reason, code = "the disk took only a part of it", errno.ENOSPC
    else:
        reason, code = error.strerror or type(error).__name__, error.errno or 0
    advice = _ADVICE.get(code, "Save somewhere else")
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


def _fill(
    temporary: Path, rights_of: Path | None, make: Callable[[Path], None], check: Callable[[Path], None] | None
) -> None:
    make(temporary)
    if rights_of is not None and rights_of.exists():
        shutil.copymode(rights_of, temporary)
    with temporary.open("rb+") as stream:
        sync_file(stream)
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


def sync_file(stream: BinaryIO) -> None:
    """Force what was written into an open file to the disk."""
    stream.flush()
    os.fsync(stream.fileno())


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
