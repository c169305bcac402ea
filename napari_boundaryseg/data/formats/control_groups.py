"""Memory that the control groups of Linux, by which containers and clusters set limits, leave to this process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple


class _Files(NamedTuple):
    limits: tuple[str, ...]
    used: str
    reclaimable: str
    """The line of memory.stat that tells how much of the used memory can be taken back at once."""


_VERSION_1 = _Files(("memory.limit_in_bytes",), "memory.usage_in_bytes", "total_inactive_file")
_VERSION_2 = _Files(("memory.max", "memory.high"), "memory.current", "inactive_file")


def left_by_groups(root: Path = Path("/")) -> int | None:
    """Bytes that the tightest group of this process still allows; None without a limit, and where there are no groups.

    Parameters
    ----------
    root : Path
        The root of the file system that holds ``proc`` and the groups.
    """
    left = [
        free
        for files, folder, top in _groups(root)
        for group in (folder, *folder.parents)
        if group == top or group.is_relative_to(top)
        if (free := _free(group, files)) is not None
    ]
    return min(left, default=None)


def _groups(root: Path) -> Iterator[tuple[_Files, Path, Path]]:
    """The process's own group in each hierarchy that can limit memory, and the hierarchy's top."""
    paths = {}
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, controllers, path = ([*line.split(":", 2), "", ""])[:3]
        if "memory" in controllers.split(","):
            paths["cgroup"] = path
        elif number == "0" and not controllers:
            paths["cgroup2"] = path
    for line in _text(root / "proc/self/mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        fields, kind = left.split(), (right.split() or [""])[0]
        if len(fields) < 5 or kind not in paths:
            continue
        if kind == "cgroup" and "memory" not in right.split()[-1].split(","):
            continue
        top = root / _unescaped(fields[4]).lstrip("/")
        yield (_VERSION_2 if kind == "cgroup2" else _VERSION_1), top / _inside(paths[kind], _unescaped(fields[3])), top


def _inside(path: str, mounted: str) -> str:
    """A group's path below the part of the hierarchy that is mounted; the top of it where it lies outside."""
    group = PurePosixPath(path)
    if ".." in group.parts:
        return "."
    try:
        return str(group.relative_to(mounted))
    except ValueError:
        return "."


def _free(group: Path, files: _Files) -> int | None:
    limits = [int(text) for name in files.limits if (text := _text(group / name).strip()).isdigit()]
    used = _text(group / files.used).strip()
    if not limits or not used.isdigit():
        return None
    found = re.search(rf"^{files.reclaimable} ([0-9]+)$", _text(group / "memory.stat"), re.MULTILINE)
    return max(0, min(limits) - max(0, int(used) - (int(found[1]) if found else 0)))


def _unescaped(name: str) -> str:
    r"""A path of mountinfo, where a blank is ``\040``."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), name)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
