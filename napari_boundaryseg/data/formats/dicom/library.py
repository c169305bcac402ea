"""pydicom, imported only where a DICOM file is read, and without its warnings."""

from __future__ import annotations

import logging
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


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings of pydicom, and nothing of it in a log: they quote values of the header."""
    log = logging.getLogger("pydicom")
    before, log.propagate = log.propagate, False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.propagate = before
