"""Memory: what a scan needs, and what is free."""

from __future__ import annotations

from pathlib import Path

import psutil

from napari_boundaryseg.data.formats.control_groups import left_by_groups
from napari_boundaryseg.errors import InputError


def readable(count: int) -> str:
    """A number of bytes for people.

    Examples
    --------
    >>> readable(12_345)
    '12.3 kB'
    """
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.4g} TB"


def refuse_too_large(path: Path, needed: int) -> None:
    """Refuse what would take more than half of the memory that is free now.

    Raises
    ------
    InputError
    """
    free = free_memory()
    if needed > free / 2:
        raise InputError(
            path,
            f"it needs {readable(needed)} of memory, {readable(free)} is free",
            "Close other programs, or crop or resample the scan first",
        )


def free_memory() -> int:
    """Bytes of memory that this program can get now: without swapping, and within the limits of its container."""
    available = int(psutil.virtual_memory().available)
    allowed = left_by_groups()
    return available if allowed is None else min(available, allowed)
