"""What is known of the DICOM files of a folder before their pixels: slices, and objects that are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from napari_boundaryseg.errors import InputError


@dataclass(frozen=True, eq=False)
class Slice:
    """The header of one DICOM file, as far as the geometry goes. Positions and directions are LPS, in mm."""

    path: Path
    series: str
    modality: str
    rows: int
    columns: int
    position: np.ndarray
    """(3,) centre of the first voxel"""
    along_row: np.ndarray
    """(3,) the direction in which the column index grows"""
    along_column: np.ndarray
    """(3,) the direction in which the row index grows"""
    spacing: tuple[float, float]
    """Between rows, between columns"""
    thickness: float | None = None
    told: Mapping[str, str] = field(default_factory=dict, repr=False)
    """How it was taken, by the names of `attributes.ATTRIBUTES`; only for comparison, never shown as a whole."""

    @property
    def normal(self) -> np.ndarray:
        """(3,) unit vector at right angles to the slice."""
        return np.cross(self.along_row, self.along_column)


@dataclass(frozen=True, eq=False)
class Other:
    """A DICOM file that is no slice: what it is, and the refusal where the scan is not whole without it."""

    path: Path
    what: str
    series: str
    refusal: InputError | None = None
    """For one that ought to be a slice, should it belong to the series of the others."""
    always: bool = False
    """Refuse also when it belongs to another series."""


def named(paths: list[Path], most: int = 3) -> str:
    """Names of files, not all when there are many.

    Examples
    --------
    >>> named([Path("a/1"), Path("a/2"), Path("a/3")], most=2)
    '1, 2 and 1 more'
    """
    names = ", ".join(path.name for path in paths[:most])
    return f"{names} and {len(paths) - most} more" if len(paths) > most else names
