"""pydicom, imported only where a DICOM file is read, and without its warnings."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from napari_boundaryseg.errors import MissingExtra


def pydicom() -> Any:
    """The library, or what to install."""
    try:
        import pydicom as library
    except ImportError as error:
        raise MissingExtra("Reading DICOM", "dicom") from error
    return library


_readers = 0
_counting = threading.Lock()


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings of pydicom, and nothing of it in a log: they quote values of the header."""
    _count(+1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        _count(-1)


def _count(change: int) -> None:
    """Silence pydicom's log as long as any thread reads."""
    global _readers
    with _counting:
        _readers += change
        logging.getLogger("pydicom").propagate = _readers == 0
