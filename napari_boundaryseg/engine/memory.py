"""Main memory while a network computes: what one map frees is kept for the next one, and given back at the end."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEEP = ((_MMAP_THRESHOLD, 2**25), (_TRIM_THRESHOLD, 2**31 - 1))
"""Maps of up to 32 MB: of larger ones the holes between them cost more memory than the pages cost time."""
_USUAL = ((_MMAP_THRESHOLD, 2**25), (_TRIM_THRESHOLD, 2**26))
"""Where glibc's own thresholds end up in a process that uses maps."""


@contextmanager
def kept() -> Iterator[None]:
    """Let freed memory stay in the process, with glibc; elsewhere nothing is changed.

    A network's maps are tens of megabytes each. By default glibc asks the system for every one of them and returns it
    a moment later; the pages that come are filled with zeros one by one, which takes longer than many a layer.

    Examples
    --------
    >>> with kept():
    ...     sum(range(3))
    3
    """
    glibc = _glibc()
    if glibc is None:
        yield
        return
    _set(glibc, _KEEP)
    try:
        yield
    finally:
        _set(glibc, _USUAL)
        glibc.malloc_trim(0)


def _set(glibc: ctypes.CDLL, options: tuple[tuple[int, int], ...]) -> None:
    for option, value in options:
        glibc.mallopt(option, value)


@cache
def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    own = ctypes.CDLL(None)
    return own if all(hasattr(own, name) for name in ("gnu_get_libc_version", "mallopt", "malloc_trim")) else None
