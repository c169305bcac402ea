"""Volume and label map: an array with a geometry, frozen and read-only."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.geometry import (
    DisplayGrid,
    corner_distance_mm,
    obliquity_deg,
    orientation,
    spacing_mm,
)
from napari_boundaryseg.data.labels import LabelScheme, anonymous
from napari_boundaryseg.errors import InputError

MOST_ORGANS = 1024
"""A label map with more integers than this is no label map (as in `LabelScheme`)."""

SAME_GRID_MM = 1e-3
"""Two grids whose corners lie this close, in mm, are the same grid."""


@dataclass(frozen=True, eq=False)
class NiftiForm:
    """The geometry fields of a NIfTI header, kept so that a label saved for a scan carries them unchanged."""

    sform_code: int
    qform_code: int
    pixdim: tuple[float, ...]
    quatern: tuple[float, float, float]
    qoffset: tuple[float, float, float]
    srow: np.ndarray
    """(3, 4)"""
    xyzt_units: int = 2


@dataclass(frozen=True, eq=False)
class Geometry:
    """Where the voxels of a file lie in the patient.

    Parameters
    ----------
    shape : tuple of int
        (I, J, K) in file order.
    affine : (4, 4) float64 array
        Voxel indices to mm, RAS+.
    nifti : NiftiForm, optional
        The header fields of the NIfTI file it came from.
    """

    shape: tuple[int, int, int]
    affine: np.ndarray
    nifti: NiftiForm | None = None

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4):
            raise InputError("affine", f"its shape is {affine.shape}", "Give a 4 x 4 matrix")
        affine.flags.writeable = False
        object.__setattr__(self, "affine", affine)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel size along i, j, k, in mm."""
        return spacing_mm(self.affine)

    @property
    def voxel_ml(self) -> float:
        """The volume of one voxel, in mL."""
        return abs(float(np.linalg.det(self.affine[:3, :3]))) / 1000

    @property
    def orientation(self) -> str:
        """The patient direction that each axis grows towards, for example ``"LPS"``."""
        return orientation(self.affine)

    @property
    def obliquity_deg(self) -> float:
        """The obliquity of the array axes against the patient axes, in degrees."""
        return obliquity_deg(self.affine)

    @property
    def display(self) -> DisplayGrid:
        """The display grid (z, y, x), and exactly the way back."""
        return DisplayGrid(self.affine, self.shape)

    def distance_mm(self, other: Geometry) -> float:
        """How far apart two grids put their corners, in mm; infinite when their shapes differ."""
        if self.shape != other.shape:
            return float("inf")
        return corner_distance_mm(self.shape, self.affine, other.affine)

    def same_as(self, other: Geometry) -> bool:
        """Whether both are the same grid: equal shapes, corners within `SAME_GRID_MM`."""
        return self.distance_mm(other) <= SAME_GRID_MM


def _read_only(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, eq=False)
class Volume:
    """A scan: one or more channels on one grid.

    Parameters
    ----------
    array : (C, I, J, K) array
        Voxels in file order; a read-only view is kept.
    geometry : Geometry
    channels : tuple of str
        One name per channel.
    name : str
        The case: the file's name without suffixes, the folder's name for a DICOM series.
    modality : str
        ``"CT"``, ``"MR"``, ``"PT"``, or ``""`` when the file does not say.
    warnings : tuple of str
        What a person should know about this file: one short sentence each.
    source : tuple of Path
        The files or the folder it was read from.

    Examples
    --------
    >>> geometry = Geometry((4, 4, 2), np.diag([-1.0, -1.0, 3.0, 1.0]))
    >>> scan = Volume(np.zeros((1, 4, 4, 2), np.int16), geometry, name="case", modality="MR")
    >>> scan.spacing_mm, scan.geometry.orientation
    ((1.0, 1.0, 3.0), 'LPS')
    """

    array: np.ndarray
    geometry: Geometry
    channels: tuple[str, ...] = ("image",)
    name: str = "scan"
    modality: str = ""
    warnings: tuple[str, ...] = ()
    source: tuple[Path, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if self.array.ndim != 4 or self.array.shape[1:] != self.geometry.shape:
            raise InputError(
                self.name,
                f"the array is {self.array.shape}, the grid {self.geometry.shape}",
                "Give an array of shape (channels, I, J, K)",
            )
        if len(self.channels) != self.array.shape[0]:
            raise InputError(
                self.name,
                f"{self.array.shape[0]} channels have {len(self.channels)} names",
                "Give one name per channel",
            )
        object.__setattr__(self, "array", _read_only(self.array))

    @property
    def affine(self) -> np.ndarray:
        """(4, 4) voxel indices to mm, RAS+."""
        return self.geometry.affine

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel size along i, j, k, in mm."""
        return self.geometry.spacing_mm

    def with_labels(self, array: np.ndarray, scheme: LabelScheme | None = None) -> LabelMap:
        """Label map on this scan's grid from an (I, J, K) array of integers.

        Examples
        --------
        >>> import numpy as np
        >>> from napari_boundaryseg.data.labels import preset
        >>> scan = Volume(np.zeros((1, 4, 4, 2), np.float32), Geometry((4, 4, 2), np.diag([1.0, 1.0, 3.0, 1.0])))
        >>> drawn = np.zeros((4, 4, 2), np.uint8)
        >>> drawn[1:3, 1:3, 0] = 2
        >>> round(scan.with_labels(drawn, preset("pelvis-mr")).volumes_ml()["Prostate"], 6)
        0.012
        """
        return LabelMap(array, self.geometry, scheme, self.name)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Organs on a scan's grid: one integer per voxel.

    Parameters
    ----------
    array : (I, J, K) array of bool or integers
        Kept as uint8, or uint16 where an integer is above 255; a read-only view.
    geometry : Geometry
    scheme : LabelScheme, optional
        What the integers mean; organs are called "Label 1" and so on when it is not known.
    name : str
        The case.
    warnings : tuple of str
        What a person should know about these labels: one short sentence each.

    Examples
    --------
    >>> labels = LabelMap(np.full((2, 2, 2), 7), Geometry((2, 2, 2), np.diag([5.0, 5.0, 5.0, 1.0])))
    >>> labels.scheme.names, round(labels.volumes_ml()["Label 7"], 6)
    (('Label 7',), 1.0)
    """

    array: np.ndarray
    geometry: Geometry
    scheme: LabelScheme = None  # type: ignore[assignment]  # always a scheme after construction
    name: str = "labels"
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        array = np.asarray(self.array)
        if array.shape != self.geometry.shape:
            raise InputError(
                self.name,
                f"the labels are {array.shape}, the scan is {self.geometry.shape}",
                "Use labels that were drawn on this scan",
            )
        object.__setattr__(self, "array", _read_only(as_labels(array, self.name)))
        if self.scheme is None:
            object.__setattr__(self, "scheme", anonymous(_present(self.array, self.name)))

    @property
    def affine(self) -> np.ndarray:
        """(4, 4) voxel indices to mm, RAS+."""
        return self.geometry.affine

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel size along i, j, k, in mm."""
        return self.geometry.spacing_mm

    def mask(self, organ: int | str) -> np.ndarray:
        """Where one organ or region is: (I, J, K) bool. WT of BraTS is 1, 2 and 4, or 1, 2 and 3 from 2023 on."""
        return np.isin(self.array, self.scheme.members(organ))

    def volumes_ml(self) -> dict[str, float]:
        """Volume of every organ of the scheme, in mL."""
        counts = np.bincount(self.array.ravel(), minlength=max(self.scheme.ids) + 1)
        return {organ.name: float(counts[organ.id]) * self.geometry.voxel_ml for organ in self.scheme.organs}

    def with_scheme(self, scheme: LabelScheme) -> LabelMap:
        """The same labels under other names; integers that the scheme does not know are refused."""
        unknown = sorted(set(np.unique(self.array).tolist()) - {0, *scheme.ids})
        if unknown:
            raise InputError(
                self.name,
                f"the label map holds {unknown}, which {scheme.name!r} does not name",
                "Choose the label scheme that these labels were drawn with",
            )
        return replace(self, scheme=scheme)


def _present(array: np.ndarray, name: str) -> tuple[int, ...]:
    """The integers of a label map without the background; a scan taken for one is refused."""
    present = tuple(int(i) for i in np.unique(array) if i)
    if len(present) > MOST_ORGANS:
        raise InputError(
            name,
            f"it holds {len(present)} different integers, so it is a scan rather than a label map",
            f"Choose a label map with at most {MOST_ORGANS} organs",
        )
    return present


def as_labels(array: np.ndarray, name: str = "labels") -> np.ndarray:
    """Integers as uint8, or uint16 where needed: without loss, or refused.

    Raises
    ------
    InputError
        For values that are not whole, negative, or above 65534.
    """
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array.astype(np.uint8)
    if array.dtype.kind not in "uif":
        raise InputError(name, f"voxels of type {array.dtype} are no labels", "Use a label map of integers")
    if array.size == 0:
        return array.astype(np.uint8)
    if array.dtype.kind == "f" and not (np.isfinite(array).all() and (array == np.rint(array)).all()):
        raise InputError(name, "it holds values that are not whole numbers", "Use a label map of integers")
    low, high = array.min(), array.max()
    if low < 0 or high > 65534:
        raise InputError(name, f"labels run from {low:g} to {high:g}", "Use labels between 0 and 65534")
    return array.astype(np.uint8 if high <= 255 else np.uint16)
