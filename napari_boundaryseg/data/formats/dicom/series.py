"""One series of one patient: a folder that holds slices of several is refused with a list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from napari_boundaryseg.data.formats.dicom.slices import Slice, named
from napari_boundaryseg.errors import InputError, SeveralSeries

ONE_SERIES = "Put the slices of one series into a folder of their own and open that"
_MOST = 5
_FEW = 3
_IDENTITY = {
    "PatientID": "of several patients",
    "StudyInstanceUID": "of several studies",
    "FrameOfReferenceUID": "of several positions of the patient (frames of reference)",
}
"""What slices of one series share; the values themselves are never shown."""


def one_series(folder: Path, slices: Sequence[Slice]) -> list[Slice]:
    """The slices, when all are of one series, patient and kind; else a refusal that says what is there."""
    found = defaultdict(list)
    for item in slices:
        found[item.series, item.modality].append(item.path)
    if len(found) > 1:
        ordered = sorted(found.items(), key=lambda entry: -len(entry[1]))
        listed = [f"{modality or 'unknown'} with {len(paths)} slices" for (_, modality), paths in ordered]
        more = [f"{len(listed) - _MOST} more"] if len(listed) > _MOST else []
        what = "series" if len({series for series, _ in found}) > 1 else "kinds of slice"
        rest = ordered[-1][1]
        odd = f", the last is {named(rest)}" if len(rest) <= _FEW < len(slices) else ""
        reason = f"it holds {len(found)} {what} ({', '.join(listed[:_MOST] + more)}){odd}"
        raise SeveralSeries(folder, reason, "Open one file of the series that you want")
    _check_identity(folder, slices)
    return list(slices)


def _check_identity(folder: Path, slices: Sequence[Slice]) -> None:
    """Refuse slices that are said to belong together and do not, where the header gives it away."""
    for keyword, what in _IDENTITY.items():
        found = defaultdict(list)
        for item in slices:
            if item.told.get(keyword):
                found[item.told[keyword]].append(item.path)
        if len(found) > 1 and (len(found) < len(slices) or keyword == "PatientID"):
            fewest = min(found.values(), key=len)
            raise InputError(folder, f"its slices are {what}: {named(fewest)} differ from the others", ONE_SERIES)
