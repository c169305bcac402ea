"""Steps of older journals, as they are called now: version 1 counted slices from 0."""

from __future__ import annotations

import re
from dataclasses import replace

from napari_boundaryseg.editing.history.edit import MODEL, OPENED, Edit

_SLICES = re.compile(r"\b(slices?) (\d+)(?: to (\d+))?")


def migrated(step: Edit, version: int) -> Edit:
    """A step of a journal of this version.

    Examples
    --------
    >>> migrated(Edit("Paint: Prostate, slice 41", "paint"), 1).name
    'Paint: Prostate, slice 42'
    >>> migrated(Edit("Paint: Prostate, slice 42", "paint"), 2).name
    'Paint: Prostate, slice 42'
    """
    if version > 1 or step.kind in (MODEL, OPENED):
        return step
    return replace(step, name=_SLICES.sub(_from_one, step.name))


def _from_one(found: re.Match[str]) -> str:
    word, first, last = found.groups()
    return f"{word} {int(first) + 1}" + (f" to {int(last) + 1}" if last else "")
