"""Attributes of a DICOM slice that tell one stack from another: echo, b-value, part, kernel, phase."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_boundaryseg.data.formats.dicom.stacks.private_entries import (
    PRIVATE_TAGS,
    b_value,
    complex_part,
    slice_count,
)


@dataclass(frozen=True)
class Attribute:
    """What is compared between slices; its values are shown only where they can be no patient's."""

    keyword: str
    name: str
    unit: str = ""
    number: bool = False
    shown: bool = True

    def words(self, value: str, again: bool = False) -> str:
        """One value in words, never text that a person may have typed; ``again`` when it is not the first."""
        if not value:
            return f"no {self.name}"
        if self.shown and self.number and _is_number(value):
            return f"{self.name} {float(value):g} {self.unit}".rstrip()
        if self.shown and not self.number and re.fullmatch(r"[A-Za-z0-9_ .+\\-]{1,40}", value):
            return f"{self.name} {value}"
        return f"{'another' if again else 'one'} {self.name}"


ATTRIBUTES = (
    Attribute("EchoTime", "echo time", "ms", number=True),
    Attribute("EchoNumbers", "echo number", number=True),
    Attribute("DiffusionBValue", "b-value", "s/mm²", number=True),
    Attribute("InversionTime", "inversion time", "ms", number=True),
    Attribute("FlipAngle", "flip angle", "degrees", number=True),
    Attribute("ImageType", "image type"),
    Attribute("ComplexImageComponent", "part of the signal"),
    Attribute("TemporalPositionIdentifier", "time point", number=True),
    Attribute("NominalPercentageOfCardiacPhase", "cardiac phase", "%", number=True),
    Attribute("NominalPercentageOfRespiratoryPhase", "respiratory phase", "%", number=True),
    Attribute("ConvolutionKernel", "kernel"),
    Attribute("KVP", "tube voltage", "kV", number=True),
    Attribute("FilterType", "filter"),
    Attribute("SliceThickness", "slice thickness", "mm", number=True),
    Attribute("ScanningSequence", "sequence"),
    Attribute("SequenceVariant", "sequence variant"),
    Attribute("ScanOptions", "scan options"),
    Attribute("SequenceName", "sequence name", shown=False),
    Attribute("DiffusionGradientOrientation", "diffusion direction", shown=False),
    Attribute("InPlanePhaseEncodingDirection", "phase encoding"),
    Attribute("Units", "unit"),
    Attribute("RescaleType", "unit"),
    Attribute("ContrastBolusAgent", "contrast agent", shown=False),
    Attribute("ProtocolName", "protocol", shown=False),
    Attribute("SeriesDescription", "series description", shown=False),
    Attribute("SeriesNumber", "series number", number=True),
    Attribute("ManufacturerModelName", "scanner", shown=False),
)
"""Constant within a stack. The first that tells two stacks apart is named."""

EVIDENCE = (
    Attribute("AcquisitionNumber", "acquisition number", number=True),
    Attribute("AcquisitionTime", "acquisition time", number=True, shown=False),
    Attribute("TriggerTime", "trigger time", "ms", number=True),
    Attribute("RepetitionTime", "repetition time", "ms", number=True),
    Attribute("ContentTime", "content time", number=True, shown=False),
    Attribute("ReceiveCoilName", "receive coil", shown=False),
)
"""May vary lawfully within a stack, as when its slices are measured in packages."""

_IDENTITY = ("PatientID", "StudyInstanceUID", "FrameOfReferenceUID")
_OTHER = (
    "SpacingBetweenSlices",
    "InstanceNumber",
    "ImagesInAcquisition",
    "NumberOfSlices",
    "AcquisitionDate",
    "ContentDate",
)
TAGS: list[str | int] = [*(a.keyword for a in ATTRIBUTES + EVIDENCE), *_IDENTITY, *_OTHER, *PRIVATE_TAGS]
"""What must be read of a header for `told`."""


def told(found: Any) -> Mapping[str, str]:
    """Every attribute of a header as text; an empty one where it is not given."""
    values = {keyword: _text(found, keyword) for keyword in TAGS if isinstance(keyword, str)}
    values["DiffusionBValue"] = values["DiffusionBValue"] or b_value(found, values["SequenceName"])
    values["ComplexImageComponent"] = values["ComplexImageComponent"] or complex_part(found)
    values["private count"] = slice_count(found)
    for moment in ("Acquisition", "Content"):
        values[f"{moment}Time"] = _seconds(values.pop(f"{moment}Date"), values[f"{moment}Time"])
    return values


def _text(found: Any, keyword: str) -> str:
    try:
        value = found.get(keyword)
    except Exception:  # an unusable value tells nothing; pydicom raises many kinds
        return ""
    parts = [] if value is None else [value] if isinstance(value, str) or not hasattr(value, "__iter__") else value
    return "\\".join(f"{float(part):.6g}" if isinstance(part, float) else str(part).strip() for part in parts)


def _seconds(date: str, time: str) -> str:
    """Seconds since some day, of DICOM's YYYYMMDD and HHMMSS.FFFFFF."""
    matched = re.fullmatch(r"(\d\d)(\d\d)(\d\d(?:\.\d+)?)", time)
    if not matched:
        return ""
    hours, minutes, seconds = matched.groups()
    months = int(date[:4]) * 12 + int(date[4:6]) if re.fullmatch(r"\d{8}", date) else 0
    days = months * 31 + int(date[6:]) if months else 0
    return f"{days * 86_400 + int(hours) * 3600 + int(minutes) * 60 + float(seconds):.3f}"


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False
