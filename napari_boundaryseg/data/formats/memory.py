"""How much memory a scan needs and how much is free."""

from __future__ import annotations

from pathlib import Path

from napari_boundaryseg.errors import InputError


def readable(count: int) -> str:
    """A number of bytes for people: ``"12 kB"``."""
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.4g} TB"


def refuse_too_large(path: Path, needed: int) -> None:
    """Refuse what would take more than half of the memory that is free now."""
    free = free_memory()
    if free is not None and needed > free / 2:
        raise InputError(
            path,
            f"it needs {readable(needed)} of memory, {readable(free)} is free",
            "Close other programs, or crop or resample the scan first",
        )


def free_memory() -> int | None:
    """Bytes of memory that can be had now, or None where the system does not say."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return None
    return None
