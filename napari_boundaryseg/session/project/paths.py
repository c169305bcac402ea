"""Paths inside a project: nothing outside of it, no links, no file replaced, and no rights for strangers."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from napari_boundaryseg.data.saving import sync_folder, write_error
from napari_boundaryseg.errors import InputError

TEMPORARY = ".boundaryseg-"
"""How the names of unfinished files begin."""
_REPARSE_LINKS = {0xA0000003, 0xA000000C}
"""Junctions and symbolic links of Windows."""


class Taken(InputError):
    """A file that is to be new is there already."""


def inside(folder: Path, path: Path) -> Path:
    """The path, which lies in the project's folder; no part of it below that folder is a link, device or pipe.

    Raises
    ------
    InputError
    """
    try:
        parts = path.relative_to(folder).parts
    except ValueError:
        parts = ()
    if not parts or any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise InputError(path, "it lies outside the project", "Choose another name")
    step = folder
    for part in parts:
        step = step / part
        refuse_link(step)
    return path


def refuse_link(path: Path) -> None:
    """Refuse what is neither a file nor a folder; a path that is not there is fine."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise InputError(
            path, f"it cannot be used: {error.strerror or error}", "Check the name and the permissions"
        ) from error
    if is_link(found):
        raise InputError(path, "it is a link, and a project follows none", "Put the file or folder itself in its place")
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise InputError(path, "it is a device, pipe or socket", "Take it out of the project")


def is_link(found: os.stat_result) -> bool:
    """Whether what ``lstat`` found is a symbolic link or a junction."""
    return stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) in _REPARSE_LINKS


def make_new(path: Path, make: Callable[[Path], None]) -> None:
    """Have a file made beside its place, and put it there only if nothing is there.

    Parameters
    ----------
    path : Path
        Of a file that is not there.
    make : callable
        Writes the whole file to the path that it is given.

    Raises
    ------
    Taken
        Where there is a file of this name.
    InputError
        Where it cannot be written. Nothing is left then.
    """
    ending = ".nii.gz" if path.name.endswith(".nii.gz") else path.suffix
    temporary = path.with_name(f"{TEMPORARY}{secrets.token_hex(6)}{ending}")
    try:
        make(temporary)
        give_rights(temporary)
        _put(temporary, path)
        temporary.unlink(missing_ok=True)
        sync_folder(path.parent)
    except FileExistsError as error:
        raise Taken(path, "it is there already", "Try again") from error
    except InputError as error:
        if error.subject != temporary.name:
            raise
        raise InputError(path, error.reason, error.advice) from error
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _put(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):  # a file system without hard links
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        temporary.rename(path)


def strangers(folder: Path) -> int:
    """The rights that nobody but the people of a study has: those of others, and the group's unless it may write.

    A folder that a group may write is shared on purpose; any other is its owner's.
    """
    return 0o007 if folder.stat().st_mode & 0o020 else 0o077


def give_rights(path: Path) -> None:
    """Give what was just made in a project the rights of the folder that it lies in: the owner's, or a group's too."""
    if os.name == "posix":
        allowed = 0o777 & ~strangers(path.parent)
        with suppress(OSError):
            path.chmod(allowed if path.is_dir() else allowed & 0o666)


def new_folder(path: Path, *, exist_ok: bool = False) -> None:
    """Make a folder that strangers cannot look into."""
    if exist_ok and path.is_dir():
        return
    path.mkdir(0o700, exist_ok=exist_ok)
    give_rights(path)


def restrict(path: Path, mask: int) -> None:
    """Take rights away, where the system lets us; links and files with a second name elsewhere are left alone."""
    if os.name != "posix":
        return
    with suppress(OSError):
        if can_restrict(path, mask):
            path.chmod(stat.S_IMODE(path.lstat().st_mode) & ~mask)


def can_restrict(path: Path, mask: int) -> bool:
    """Whether a file or folder of a project has rights that it should not have."""
    found = path.lstat()
    single = stat.S_ISDIR(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_nlink == 1)
    return os.name == "posix" and single and bool(found.st_mode & mask)
