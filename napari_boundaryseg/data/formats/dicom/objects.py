"""DICOM files that are no slices: what they are, which are left out and said, and which stop the reading."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari_boundaryseg.data.formats.dicom.slices import Other, Slice
from napari_boundaryseg.errors import InputError

_BY_MODALITY = {
    "RTSTRUCT": "a structure set",
    "RTPLAN": "a treatment plan",
    "RTDOSE": "a dose",
    "SEG": "a segmentation",
    "SR": "a report",
    "PR": "a presentation state",
    "KO": "a list of key images",
    "REG": "a registration",
    "FID": "a set of fiducials",
    "DOC": "a document",
}
_BY_CLASS = {
    "Media Storage Directory": "an index (DICOMDIR)",
    "Secondary Capture": "a screenshot (secondary capture)",
    "Raw Data": "raw data",
    "Encapsulated": "a document",
    "Presentation State": "a presentation state",
    "Structured Report": "a report",
    " SR": "a report",
}
_SCREENS = {"SCREEN SAVE", "DOSE_INFO"}
_LOCALISERS = {"LOCALIZER", "SCOUT"}
_NAMED = 5


def other_than_slice(found: Any) -> str:
    """What an object says that it is, when that is no slice; else an empty text.

    By its modality, its class, or its type; without a size also by a class that DICOM knows and that is no image.
    """
    modality, name = str(found.get("Modality", "")), class_name(found)
    by_class = next((what for part, what in _BY_CLASS.items() if part in name), "")
    placed = found.get("ImagePositionPatient") is not None
    if modality in _BY_MODALITY:
        return _BY_MODALITY[modality]
    if by_class and not (placed and "Secondary Capture" in name):
        return by_class
    if not placed and _SCREENS & types(found):
        return "a screenshot"
    return "no image" if "Rows" not in found and name and "Image Storage" not in name else ""


def class_name(found: Any) -> str:
    """DICOM's own name of the class of an object; empty for one that DICOM does not know."""
    kind = found.file_meta.get("MediaStorageSOPClassUID") or found.get("SOPClassUID")
    name = str(getattr(kind, "name", ""))
    return name if name != str(kind) else ""


def types(found: Any) -> set[str]:
    """The values of ImageType."""
    value = found.get("ImageType") or ()
    return {value} if isinstance(value, str) else {str(part) for part in value}


def without_others(
    folder: Path, slices: Sequence[Slice], others: Sequence[Other]
) -> tuple[list[Slice], tuple[str, ...]]:
    """The slices without localisers, when there is more; and a warning that names what is left out.

    Raises
    ------
    InputError
        When there is no slice, or when one of the others ought to be one.
    """
    series = {item.series for item in slices}
    for other in others:
        if other.refusal and (not slices or other.always or other.series in series):
            raise other.refusal
    if not slices:
        what = f", only {others[0].what}" if others else ""
        raise InputError(
            folder,
            f"there is no DICOM image in this folder{what}",
            "Choose the folder that holds the slices, or a NIfTI file",
        )
    kept = [item for item in slices if not _is_localiser(item)] or list(slices)
    left = [(item.path, "a localiser") for item in slices if len(kept) < len(slices) and _is_localiser(item)]
    left += [(other.path, other.what) for other in others if not _is_index(other)]
    if not left:
        return kept, ()
    names = ", ".join(f"{path.name} ({what})" for path, what in left[:_NAMED])
    more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    return kept, (f"Left out, because no slices of this scan: {names}{more}.",)


def _is_localiser(item: Slice) -> bool:
    return bool(_LOCALISERS & set(item.told.get("ImageType", "").split("\\")))


def _is_index(other: Other) -> bool:
    return other.what == _BY_CLASS["Media Storage Directory"]
