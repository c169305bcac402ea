"""Errors of scratch files in words: which folder is full or cannot be written, and what to do instead."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from napari_boundaryseg.errors import InputError

_ELSEWHERE = "set TMPDIR (on Windows TEMP) to a folder on another disk and start the program again"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def scratch_error(folder: Path, error: OSError) -> InputError:
    """What to tell the person when the system refused a scratch file.

    Parameters
    ----------
    folder : Path
        Where it was to be.
    error : OSError
    """
    place = _disk_of(folder)
    subject = f"temporary folder {in_words(place)}" if place.is_absolute() else "temporary folder"
    if error.errno in _FULL:
        return InputError(subject, "there is no space left on its disk", f"Free some space there, or {_ELSEWHERE}")
    reason = error.strerror or str(error) or type(error).__name__
    return InputError(subject, f"nothing can be written there: {reason}", f"Make it writable, or {_ELSEWHERE}")


@contextmanager
def scratch_errors(folder: Path) -> Iterator[None]:
    """Say of whatever the system refuses inside that it is about scratch files in a folder."""
    try:
        yield
    except OSError as error:
        raise scratch_error(folder, error) from error
    except InputError as error:
        if isinstance(error.__cause__, OSError):
            raise scratch_error(folder, error.__cause__) from error
        raise


def in_words(folder: Path) -> str:
    """A folder as its owner knows it: ``~`` stands for the home folder, whose name may be a person's.

    Examples
    --------
    >>> in_words(Path.home() / "work" / "tmp")
    '~/work/tmp'
    """
    with suppress(RuntimeError, ValueError):
        return f"~/{folder.relative_to(Path.home()).as_posix()}"
    return str(folder) if len(folder.parts) <= 2 else "/".join(["…", *folder.parts[-3:]])


def _disk_of(folder: Path) -> Path:
    with suppress(OSError):
        temporary = Path(tempfile.gettempdir())
        if folder.is_relative_to(temporary) or not folder.is_absolute():
            return temporary
    return folder
