"""Boxes on the command line: the part of a scan that a person names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from napari_boundaryseg.data.boxes import Box, around
from napari_boundaryseg.errors import InputError

if TYPE_CHECKING:
    from napari_boundaryseg.data.volume import LabelMap

_RANGE = re.compile(r"(\d*):(\d*)")


def parse_box(text: str) -> Box:
    """``I0:I1,J0:J1,K0:K1`` as slices of the scan's own (I, J, K); an empty end means the scan's."""
    matches = [_RANGE.fullmatch(part.strip()) for part in text.split(",")]
    if len(matches) != 3 or None in matches:
        raise typer.BadParameter(f"{text!r} is not of the form I0:I1,J0:J1,K0:K1")
    i, j, k = (slice(*(int(end) if end else None for end in m.groups())) for m in matches if m)
    return i, j, k


def box_around(labels: LabelMap, margin_mm: float) -> Box:
    """The smallest box that holds every label, and at least ``margin_mm`` more on each side."""
    box = around(labels.array > 0, labels.spacing_mm, margin_mm)
    if box is None:
        raise InputError(labels.name, "the label map is empty", "Draw at least one voxel, or give --box")
    return box


def label_files(labels: Path) -> list[Path]:
    """The file itself, or those of a folder."""
    from napari_boundaryseg.cli.inputs.label_files import cases_in

    return [labels] if labels.is_file() else list(cases_in(labels).values())


def labels_of(labels: Path, case: str) -> Path:
    """The label file for a case: the file itself, or the one of that name in a folder."""
    from napari_boundaryseg.cli.inputs.label_files import cases_in, known_as

    if labels.is_file():
        return labels
    found = cases_in(labels)
    case = known_as(case, found)
    if case not in found:
        raise InputError(labels, f"it holds no labels for {case!r}", "Name the label file after the scan")
    return found[case]
