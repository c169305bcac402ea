"""One structure in a prediction and in its reference, with what several metrics need of the two masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import Box

# SciPy is imported where it is used: recipes ask for the names of the metrics, and shall not wait a second for them.

ROUNDING_MM = 1e-4
"""Spacing read from an oblique affine is off by about 1e-8; a distance equal to the tolerance is within it."""


@dataclass(frozen=True, eq=False)
class StructurePair:
    """Two masks of one structure, at least one of them not empty. What is asked twice is computed once.

    Parameters
    ----------
    prediction, reference : (I, J, K) bool array
        Cut out round both, with a rim of one voxel where the scan has it: at the scan's border a mask stays cut.
    spacing_mm : sequence of float
        Voxel size along I, J, K.
    tolerance_mm : float
        Distance between two surfaces that counts as none.
    voxel_ml : float
        Volume of a voxel.
    slice_axis : int
        The array axis across the scan's slices, in which contours are drawn: see `data.geometry.slice_axis`.
    scan_voxels : int
        Voxels of the whole scan.
    region : (I, J, K) bool array, optional
        Where this is a `part` of a structure, which.
    whole : StructurePair, optional
        The structure that this is a part of.

    Examples
    --------
    >>> cube = np.zeros((6, 6, 6), bool)
    >>> cube[1:5, 1:5, 1:5] = True
    >>> pair = StructurePair.of(np.roll(cube, 1, axis=0), cube, (1.0, 1.0, 2.0), tolerance_mm=1.0)
    >>> pair.n_reference, pair.voxel_ml
    (64, 0.002)
    """

    prediction: np.ndarray
    reference: np.ndarray
    spacing_mm: Sequence[float]
    tolerance_mm: float
    voxel_ml: float
    slice_axis: int = 2
    scan_voxels: int = 0
    region: np.ndarray | None = None
    whole: StructurePair | None = None

    @classmethod
    def of(
        cls,
        prediction: np.ndarray,
        reference: np.ndarray,
        spacing_mm: Sequence[float],
        tolerance_mm: float,
        voxel_ml: float | None = None,
        slice_axis: int = 2,
        scan_voxels: int | None = None,
    ) -> StructurePair:
        """Cut two masks out of a scan; the voxel's volume follows from the spacing where it is not given."""
        box = rimmed([boxes.bounds(prediction | reference)], reference.shape)
        voxel_ml = float(np.prod(spacing_mm)) / 1000 if voxel_ml is None else voxel_ml
        voxels = reference.size if scan_voxels is None else scan_voxels
        return cls(prediction[box], reference[box], spacing_mm, tolerance_mm, voxel_ml, slice_axis, voxels)

    def part(self, region: np.ndarray) -> StructurePair:
        """What of both lies in a region, with the surfaces of the whole: a cut is no surface.

        Voxels are counted within it, and distances begin within it; they end at the whole of the other surface.

        Examples
        --------
        >>> bar = np.zeros((12, 5, 5), bool)
        >>> bar[1:11, 1:4, 1:4] = True
        >>> half = np.arange(12)[:, None, None] * np.ones((12, 5, 5)) < 6
        >>> part = StructurePair(bar, bar, (1.0, 1.0, 1.0), 1.0, 0.001).part(half)
        >>> part.n_reference, len(part.distances_mm[0])
        (45, 41)
        """
        cut = {"prediction": self.prediction & region, "reference": self.reference & region}
        return replace(self, **cut, region=region, whole=self)

    @cached_property
    def n_prediction(self) -> int:
        """Voxels of the prediction."""
        return int(np.count_nonzero(self.prediction))

    @cached_property
    def n_reference(self) -> int:
        """Voxels of the reference."""
        return int(np.count_nonzero(self.reference))

    @cached_property
    def n_both(self) -> int:
        """Voxels that are in both."""
        return int(np.count_nonzero(self.prediction & self.reference))

    @property
    def missing(self) -> bool:
        """Whether one of the two is empty; of a part, whether the whole of one is."""
        return self.whole.missing if self.whole else not (self.n_prediction and self.n_reference)

    @cached_property
    def distances_mm(self) -> tuple[np.ndarray, np.ndarray]:
        """See `surface_distances`, from the prediction and from the reference."""
        if self.whole is None:
            return surface_distances(self.prediction, self.reference, self.spacing_mm)
        there, back = self.whole.distances_mm
        return there[self.begun(self.whole.prediction)], back[self.begun(self.whole.reference)]

    def begun(self, mask: np.ndarray) -> np.ndarray:
        """Of each surface voxel of a mask, whether it lies in the region."""
        from napari_boundaryseg.data.boundaries import inner_boundary

        edge = inner_boundary(mask)
        return np.ones(np.count_nonzero(edge), bool) if self.region is None else self.region[edge]

    @property
    def has_distances(self) -> bool:
        """Whether both have a surface: a mask that fills the whole scan has none in it."""
        there, back = self.distances_mm
        if self.whole is not None:
            return self.whole.has_distances and len(there) + len(back) > 0
        return bool(len(there) and len(back))


def surface_distances(a: np.ndarray, b: np.ndarray, spacing_mm: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """For every surface voxel of ``a`` the distance to the surface of ``b``, and the other way round, in mm.

    Surfaces are the voxels of a mask that touch its outside by a face; where the scan's border cuts an organ there is
    no surface. Infinite where the other has no surface.
    """
    from napari_boundaryseg.data.boundaries import inner_boundary

    edge_a, edge_b = inner_boundary(a), inner_boundary(b)
    return distances(edge_a, edge_b, spacing_mm), distances(edge_b, edge_a, spacing_mm)


def distances(start: np.ndarray, end: np.ndarray, spacing_mm: Sequence[float]) -> np.ndarray:
    """The distance from every voxel of ``start`` to the nearest of ``end``, in mm."""
    from scipy.spatial import cKDTree

    found = np.zeros(np.count_nonzero(start))
    apart = ~end[start]
    if apart.any():
        points, targets = (np.argwhere(mask) * np.asarray(spacing_mm, float) for mask in (start & ~end, end))
        tree = cKDTree(targets, balanced_tree=False, compact_nodes=False)  # built faster, asked as fast
        found[apart] = tree.query(points)[0] if len(targets) else np.inf
    return found


def rimmed(found: Sequence[tuple[slice, ...] | None], shape: tuple[int, ...]) -> Box | None:
    """A box round boxes with a rim of one voxel where the array has it, so that cut organs stay cut."""
    box = boxes.union([one for one in found if one is not None])
    return None if box is None else boxes.grown(box, shape)
