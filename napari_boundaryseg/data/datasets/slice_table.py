"""Slice table: on which slices of each case of a data set a person has looked at the labels."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from napari_boundaryseg.data.datasets.case import some
from napari_boundaryseg.data.datasets.table_text import table_rows
from napari_boundaryseg.data.geometry import slice_axis
from napari_boundaryseg.data.slices.looked_at import LookedAt, only_known
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.errors import InputError

PLANES = {"axial": 0, "coronal": 1, "sagittal": 2}
"""Of the display grid, z, y, x."""
WHOLE = "all"
_RUN = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")


class NamedSlices(NamedTuple):
    """Slices of a case as a person names them: the plane, empty for the one that it was drawn in, and the numbers."""

    plane: str
    numbers: tuple[int, ...] | None
    """Counted from 1; None for all."""

    def of(self, labels: LabelMap) -> LookedAt | None:
        """What of a label map is known, all of its organs alike; None for all of it.

        Raises
        ------
        InputError
            For slices that it does not have, and where nothing is drawn on any of them: they may be counted otherwise.
        """
        if self.numbers is None:
            return None
        display, own = labels.geometry.display, slice_axis(labels.geometry.affine)
        axis = PLANES.get(self.plane, next(n for n in range(3) if display.slice_from_display(n, 0)[0] == own))
        n = display.display_shape[axis]
        if max(self.numbers) > n:
            raise InputError(labels.name, f"it has {n} slices there, and {max(self.numbers)} is named", "Correct it")
        at = [display.slice_from_display(axis, number - 1) for number in self.numbers]
        looked = LookedAt(axis=at[0][0], slices=dict.fromkeys(labels.scheme.ids, tuple(place for _, place in at)))
        if not only_known(labels, looked).array.any():
            raise InputError(
                labels.name,
                "nothing is drawn on the slices that are named",
                "Count slices from 1, as the window does: from the feet, from the front, from the right",
            )
        return looked


def read_slices(table: Path, cases: Collection[str]) -> dict[str, NamedSlices]:
    r"""The slices of each case, from a table with the columns case, slices and, if wanted, plane.

    Slices are counted from 1 as the window counts them, such as ``12-14 20``, or ``all``; a plane is axial, coronal or
    sagittal, and without one that in which the scan's slices lie.

    Parameters
    ----------
    table : Path
    cases : collection of str
        Those that take part: each has one line, so that none counts as a whole because it was forgotten.

    Raises
    ------
    InputError
        When a column or a case is missing, a case stands there twice, or a cell cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "slices.csv"
    ...     _ = path.write_text("case,slices\na,3-5 9\nb,all\n")
    ...     read_slices(path, ["a", "b"])["a"].numbers
    (3, 4, 5, 9)
    """
    columns, lines = table_rows(table)
    if not {"case", "slices"} <= set(columns) <= {"case", "slices", "plane"} or len(set(columns)) < len(columns):
        raise InputError(
            table, f"its columns are {some(map(repr, columns)) or 'none'}", "Name them case, slices, plane"
        )
    found: dict[str, NamedSlices] = {}
    for line in lines:
        row = dict(zip(columns, line, strict=True))
        name = unicodedata.normalize("NFC", row["case"])
        if name in found:
            raise InputError(table, f"{name} stands there twice", "Keep one of its lines")
        plane = row.get("plane", "").casefold()
        if plane and plane not in PLANES:
            raise InputError(table, f"{name} has the plane {plane!r}", f"Use {', '.join(PLANES)}, or leave it empty")
        found[name] = NamedSlices(plane, _numbers(table, name, row["slices"]))
    missing = sorted({unicodedata.normalize("NFC", name) for name in cases} - found.keys())
    if missing:
        raise InputError(
            table, f"it leaves out {some(missing)}", f"Give each case a line; {WHOLE!r} for all its slices"
        )
    return found


def _numbers(table: Path, name: str, text: str) -> tuple[int, ...] | None:
    if text.casefold() == WHOLE:
        return None
    numbers: set[int] = set()
    for word in text.replace(",", " ").replace(";", " ").split():
        run = _RUN.fullmatch(word)
        first, last = (int(run[1]), int(run[2] or run[1])) if run else (0, 0)
        if not 0 < first <= last <= first + 100_000:
            raise InputError(table, f"{name} has the slices {word!r}", "Write numbers from 1 on, such as 12-14 20")
        numbers.update(range(first, last + 1))
    if not numbers:
        raise InputError(table, f"{name} has no slices", f"Write numbers such as 12-14 20, or {WHOLE}")
    return tuple(sorted(numbers))
