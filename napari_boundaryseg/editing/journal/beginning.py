"""Beginning of a journal for labels, where the disk allows one: the work must go on without it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.records import JournalHeader
from napari_boundaryseg.errors import InputError


def begun(
    header: JournalHeader, labels: np.ndarray, on_error: Callable[[InputError], object]
) -> tuple[Journal | None, str]:
    """A new journal, or why there is none; see `Journal`."""
    try:
        return Journal(header, labels, on_error=on_error), ""
    except InputError as error:
        return None, str(error)
