"""Contour targets from boundaries: soft contours and the difficulty map, in mm, in volumes or slice by slice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, Protocol

import numpy as np
from scipy import ndimage

from napari_boundaryseg.data.boundaries import outline, squared_normals
from napari_boundaryseg.data.boxes import bounds

TRUNCATE = 4.0
"""Gaussians are cut off after this many standard deviations."""

Weight = Literal["voxel", "area"]
Scale = Literal["max", "plane"]


class TargetSettings(Protocol):
    """What `contour_targets` needs of a recipe."""

    @property
    def boundary(self) -> Literal["inner", "canny"]:
        """How a mask's boundary is found."""

    @property
    def mode(self) -> Literal["gaussian", "distance"]:
        """How a soft contour is made, see `soft_contour`."""

    @property
    def sigma_mm(self) -> float:
        """Width of a soft contour."""

    @property
    def boundary_weight(self) -> Weight:
        """How much a boundary's voxel counts where boundaries are filtered, see `flat_at_one`."""


def gaussian_centre(sigma_vox: float | np.ndarray) -> np.ndarray:
    """The centre weight of the discrete, normalised 1-D Gaussian that `scipy.ndimage` uses."""
    sigma = np.asarray(sigma_vox, float)
    radius = (TRUNCATE * sigma + 0.5).astype(int)
    total = np.ones_like(sigma)
    for far in range(1, int(radius.max(initial=0)) + 1):
        total += np.where(far <= radius, 2 * np.exp(-0.5 * (far / sigma) ** 2), 0)
    return 1 / total


def flat_at_one(boundary: np.ndarray, sigma_vox: float | Sequence[float], weight: Weight = "voxel") -> np.ndarray:
    """A boundary that is weighted so that a flat one peaks at 1 when it is filtered with a Gaussian.

    Its peak is that of a 1-D Gaussian of the width √Σ nᵢ² σᵢ² along its normal n, in voxels: with a width in mm caps
    and walls count by their area, whatever the spacing.

    Parameters
    ----------
    boundary : bool array
    sigma_vox : float or one per axis
        Width of the Gaussian in voxels.
    weight : str
        ``"voxel"``: for boundaries along the grid; an oblique one has fewer voxels to the area and peaks at the largest
        component of n, 0.58 at least, as in the papers. ``"area"``: every voxel counts by the area of the border in
        it, and a flat boundary peaks at 1 in any direction.

    Returns
    -------
    float64 array
        0 off the boundary.

    Examples
    --------
    >>> caps_and_walls = np.zeros((9, 30, 30), bool)
    >>> caps_and_walls[4, :15], caps_and_walls[:, 22] = True, True
    >>> counted = flat_at_one(caps_and_walls, (1.0, 3.0, 3.0))
    >>> float((counted[0, 22, 15] / counted[4, 7, 15]).round(2))
    3.0
    """
    sigmas = np.broadcast_to(np.asarray(sigma_vox, float), (boundary.ndim,))
    weighted = np.asarray(boundary, float)
    if weight == "voxel" and np.ptp(sigmas) == 0:
        return weighted / gaussian_centre(float(sigmas[0]))
    box = bounds(boundary, 6)
    if box is not None:
        squared = squared_normals(boundary[box])
        found = 1 / gaussian_centre(np.sqrt(sigmas**2 @ squared))
        weighted[boundary] = found if weight == "voxel" else found / np.sqrt(squared.max(axis=0))
    return weighted


def blurred_sum(
    boundaries: Iterable[np.ndarray], sigma_vox: float | Sequence[float], mode: str = "constant"
) -> np.ndarray:
    """The sum of Gaussian-filtered boundaries, neither scaled nor clipped.

    Parameters
    ----------
    boundaries : iterable of bool arrays
    sigma_vox : float or one per axis
    mode : str
        How `scipy.ndimage.gaussian_filter` continues beyond the border.

    Returns
    -------
    float64 array
        `gaussian_centre` on a flat boundary far from every other.
    """
    return np.asarray(
        sum(ndimage.gaussian_filter(np.asarray(b, float), sigma_vox, mode=mode, truncate=TRUNCATE) for b in boundaries)
    )


def soft_contour(
    boundary: np.ndarray,
    sigma_vox: float | Sequence[float],
    mode: Literal["gaussian", "distance"] = "gaussian",
    weight: Weight = "voxel",
) -> np.ndarray:
    """A heat map that is 1 on a flat boundary and falls as exp(-d² / 2σ²) with the distance to it.

    Parameters
    ----------
    boundary : bool array
    sigma_vox : float or one per axis
        Width in voxels.
    mode : str
        ``"gaussian"``: the boundary filtered, scaled so that a flat one peaks at 1, clipped (SGM paper).
        ``"distance"``: from the distance map; for organs of a radius below about 4σ, where the other has its
        maximum in the middle of the organ.
    weight : str
        See `flat_at_one`; of no account for ``"distance"``.

    Returns
    -------
    float32 array, 0..1; exactly 0 beyond 4σ

    References
    ----------
    Nie and Shen, "Semantic-guided encoder feature learning for blurry boundary delineation", 2019.

    Examples
    --------
    >>> line = np.zeros((5, 9), bool)
    >>> line[:, 4] = True
    >>> soft_contour(line, 2.0, "distance")[2].astype(float).round(2)
    array([0.14, 0.32, 0.61, 0.88, 1.  , 0.88, 0.61, 0.32, 0.14])
    """
    boundary = np.asarray(boundary, bool)
    sigmas = np.broadcast_to(np.asarray(sigma_vox, float), (boundary.ndim,))
    result = np.zeros(boundary.shape, np.float32)
    box = bounds(boundary, (np.ceil(TRUNCATE * sigmas).astype(int) + 1).tolist())
    if box is None:
        return result
    inside = boundary[box]
    if mode == "gaussian":
        heat = np.clip(blurred_sum([flat_at_one(inside, sigmas.tolist(), weight)], sigmas.tolist()), 0, 1)
    else:
        distance = ndimage.distance_transform_edt(~inside, sampling=1 / sigmas)
        heat = np.where(distance <= TRUNCATE, np.exp(-0.5 * distance**2), 0)
    result[box] = heat
    return result


def contour_targets(
    labels: np.ndarray,
    clear: Sequence[int],
    blurry: Sequence[int],
    targets: TargetSettings,
    spacing_mm: Sequence[float],
    across: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The truth for the contour heads, on a whole volume.

    Parameters
    ----------
    labels : (z, y, x) array of organ ids
    clear, blurry : sequences of int
        Organ ids whose contour is hard, and soft.
    targets : TargetSettings
    spacing_mm : sequence of float
        Along z, y, x.
    across : int, optional
        Slice by slice across this axis, for 2-D networks.

    Returns
    -------
    hard : (n_clear, z, y, x) uint8 array
        1 on the boundary of each organ whose contour is hard.
    soft : (n_blurry, z, y, x) float32 array
        Soft contour of each organ whose contour is soft.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> targets = SimpleNamespace(boundary="inner", mode="gaussian", sigma_mm=3.0, boundary_weight="voxel")
    >>> labels = np.zeros((4, 16, 16), np.uint8)
    >>> labels[1:3, 4:12, 4:12] = 1
    >>> hard, soft = contour_targets(labels, clear=[1], blurry=[], targets=targets, spacing_mm=(3.0, 1.0, 1.0))
    >>> hard.shape, int(hard.sum()), soft.shape
    ((1, 4, 16, 16), 128, (0, 4, 16, 16))
    """
    sigma_vox = [targets.sigma_mm / step for step in spacing_mm]

    def softened(boundary: np.ndarray) -> np.ndarray:
        if across is None:
            return soft_contour(boundary, sigma_vox, targets.mode, targets.boundary_weight)
        in_plane = [sigma for axis, sigma in enumerate(sigma_vox) if axis != across]
        planes = np.moveaxis(boundary, across, 0)
        slices = [soft_contour(plane, in_plane, targets.mode, targets.boundary_weight) for plane in planes]
        return np.moveaxis(np.stack(slices), 0, across)

    outlines = {organ: outline(labels == organ, targets.boundary, across) for organ in (*clear, *blurry)}
    hard = [outlines[organ].astype(np.uint8) for organ in clear]
    soft = [softened(outlines[organ]) for organ in blurry]
    empty = np.zeros((0, *labels.shape))
    return (np.stack(hard) if hard else empty.astype(np.uint8)), (np.stack(soft) if soft else empty.astype(np.float32))


def slicewise_difficulty(
    boundaries: Sequence[np.ndarray], sigma_vox: Sequence[float], across: int | None = None, **options: Any
) -> np.ndarray:
    """`difficulty_map` of a whole volume, or of every slice across an axis by itself, with its options.

    Parameters
    ----------
    boundaries : sequence of (z, y, x) bool arrays
        One per organ.
    sigma_vox : sequence of float
        One per axis.
    across : int, optional

    Returns
    -------
    (z, y, x) float32 array
    """
    if across is None:
        return difficulty_map(boundaries, sigma_vox, **options).astype(np.float32)
    in_plane = [sigma for axis, sigma in enumerate(sigma_vox) if axis != across]
    planes = zip(*(np.moveaxis(one, across, 0) for one in boundaries), strict=True)
    slices = [difficulty_map(parts, in_plane, **options).astype(np.float32) for parts in planes]
    return np.moveaxis(np.stack(slices), 0, across)


def difficulty_map(
    boundaries: Sequence[np.ndarray],
    sigma_vox: float | Sequence[float] = 8.0,
    base: float = 1.0,
    gain: float | Sequence[float] = 25.0,
    mode: str = "constant",
    normalise: Scale = "max",
    weight: Weight = "voxel",
) -> np.ndarray:
    """Weights that grow towards boundaries and most where boundaries meet (HMEDN, difficulty-guided entropy).

    Parameters
    ----------
    boundaries : sequence of bool arrays
        One per organ.
    sigma_vox : float or one per axis
    base : float
    gain : float or one per organ
        ``base + Σ gain · S / scale``, with S the `blurred_sum` of each boundary made `flat_at_one`.
    mode : str
        How `scipy.ndimage.gaussian_filter` continues beyond the border.
    normalise : str
        The scale. ``"max"``: the largest sum of all S, so that the weights reach ``base + gain`` in every image.
        ``"plane"``: 1, so that a flat boundary weighs ``base + gain`` in every image and two that touch up to
        ``base + 2 · gain``.
    weight : str
        See `flat_at_one`.

    References
    ----------
    Zhou, Nie, Adeli et al., "High-resolution encoder-decoder networks for low-contrast medical image segmentation",
    IEEE Transactions on Image Processing 29, 2020: equation 4, which says "summed up and then normalized", and not how.

    Examples
    --------
    >>> line = np.zeros((21, 21), bool)
    >>> line[:, 10] = True
    >>> difficulty_map([line], 2.0)[10, [0, 8, 10]].round(1)
    array([ 1. , 16.2, 26. ])
    """
    gains = np.broadcast_to(np.asarray(gain, float), (len(boundaries),))
    total, gained = np.zeros((2, *boundaries[0].shape))
    for boundary, its in zip(boundaries, gains, strict=True):
        smoothed = blurred_sum([flat_at_one(boundary, sigma_vox, weight)], sigma_vox, mode)
        total += smoothed
        gained += its * smoothed
    scale = float(total.max()) if normalise == "max" else 1.0
    return base + gained / (scale or 1.0)
