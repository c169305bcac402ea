"""Contour targets from boundaries: soft contours and the difficulty map, in mm, in volumes or slice by slice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, Protocol

import numpy as np
from scipy import ndimage

from napari_boundaryseg.data.boundaries import outline

TRUNCATE = 4.0
"""Gaussians are cut off after this many standard deviations."""


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


def gaussian_centre(sigma_vox: float) -> float:
    """The centre weight of the discrete, normalised 1-D Gaussian that `scipy.ndimage` uses."""
    radius = int(TRUNCATE * sigma_vox + 0.5)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma_vox) ** 2)
    return float(1 / weights.sum())


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
    boundary: np.ndarray, sigma_vox: float | Sequence[float], mode: Literal["gaussian", "distance"] = "gaussian"
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

    Returns
    -------
    float32 array, 0..1; exactly 0 beyond 4σ

    References
    ----------
    Nie and Shen, "Semantic-guided encoder feature learning for blurry boundary delineation", 2019.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.zeros((5, 9), bool)
    >>> line[:, 4] = True
    >>> soft_contour(line, 2.0, "distance")[2].astype(float).round(2)
    array([0.14, 0.32, 0.61, 0.88, 1.  , 0.88, 0.61, 0.32, 0.14])
    """
    boundary = np.asarray(boundary, bool)
    sigmas = np.broadcast_to(np.asarray(sigma_vox, float), (boundary.ndim,))
    result = np.zeros(boundary.shape, np.float32)
    if not boundary.any():
        return result
    box = _padded_box(boundary, np.ceil(TRUNCATE * sigmas).astype(int) + 1)
    inside = boundary[box]
    if mode == "gaussian":
        # The flat-boundary peak is the 1-D centre weight; with one σ per axis the narrowest spacing's is taken.
        heat = np.clip(blurred_sum([inside], sigmas.tolist()) / gaussian_centre(float(sigmas.max())), 0, 1)
    else:
        distance = ndimage.distance_transform_edt(~inside, sampling=1 / sigmas)
        heat = np.where(distance <= TRUNCATE, np.exp(-0.5 * distance**2), 0)
    result[box] = heat
    return result


def _padded_box(mask: np.ndarray, margin: np.ndarray) -> tuple[slice, ...]:
    found = ndimage.find_objects(mask.astype(np.uint8))[0]
    return tuple(
        slice(max(0, s.start - int(m)), min(n, s.stop + int(m)))
        for s, m, n in zip(found, margin, mask.shape, strict=True)
    )


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
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> targets = SimpleNamespace(boundary="inner", mode="gaussian", sigma_mm=3.0)
    >>> labels = np.zeros((4, 16, 16), np.uint8)
    >>> labels[1:3, 4:12, 4:12] = 1
    >>> hard, soft = contour_targets(labels, clear=[1], blurry=[], targets=targets, spacing_mm=(3.0, 1.0, 1.0))
    >>> hard.shape, int(hard.sum()), soft.shape
    ((1, 4, 16, 16), 128, (0, 4, 16, 16))
    """
    sigma_vox = [targets.sigma_mm / step for step in spacing_mm]
    hard = [outline(labels == organ, targets.boundary, across).astype(np.uint8) for organ in clear]
    soft = [
        _soft(outline(labels == organ, targets.boundary, across), sigma_vox, targets.mode, across) for organ in blurry
    ]
    empty = np.zeros((0, *labels.shape))
    return (np.stack(hard) if hard else empty.astype(np.uint8)), (np.stack(soft) if soft else empty.astype(np.float32))


def _soft(
    boundary: np.ndarray, sigma_vox: Sequence[float], mode: Literal["gaussian", "distance"], across: int | None
) -> np.ndarray:
    if across is None:
        return soft_contour(boundary, sigma_vox, mode)
    in_plane = [sigma for axis, sigma in enumerate(sigma_vox) if axis != across]
    slices = [soft_contour(plane, in_plane, mode) for plane in np.moveaxis(boundary, across, 0)]
    return np.moveaxis(np.stack(slices), 0, across)


def slicewise_difficulty(
    boundaries: Sequence[np.ndarray],
    sigma_vox: Sequence[float],
    base: float = 1.0,
    gain: float = 25.0,
    across: int | None = None,
) -> np.ndarray:
    """`difficulty_map` of a whole volume, or of every slice across an axis by itself.

    Parameters
    ----------
    boundaries : sequence of (z, y, x) bool arrays
        One per organ.
    sigma_vox : sequence of float
        One per axis.
    base, gain : float
    across : int, optional

    Returns
    -------
    (z, y, x) float32 array
    """
    if across is None:
        return difficulty_map(boundaries, sigma_vox, base, gain).astype(np.float32)
    in_plane = [sigma for axis, sigma in enumerate(sigma_vox) if axis != across]
    planes = zip(*(np.moveaxis(one, across, 0) for one in boundaries), strict=True)
    return np.moveaxis(
        np.stack([difficulty_map(parts, in_plane, base, gain).astype(np.float32) for parts in planes]), 0, across
    )


def difficulty_map(
    boundaries: Sequence[np.ndarray],
    sigma_vox: float | Sequence[float] = 8.0,
    base: float = 1.0,
    gain: float = 25.0,
    mode: str = "constant",
    normalise: Literal["max", "plane"] = "max",
) -> np.ndarray:
    """Weights that grow towards boundaries and most where boundaries meet (HMEDN, difficulty-guided entropy).

    Parameters
    ----------
    boundaries : sequence of bool arrays
        One per organ.
    sigma_vox : float or one per axis
    base, gain : float
        ``base + gain · S / scale``, with S the `blurred_sum` of the boundaries.
    mode : str
        How `scipy.ndimage.gaussian_filter` continues beyond the border.
    normalise : str
        The scale. ``"max"``: the largest S, so that the weights reach ``base + gain`` in every image. ``"plane"``: the
        S of one flat boundary across the axis of the widest σ, so that such a boundary weighs ``base + gain`` in every
        image and two that touch up to ``base + 2 · gain``.

    References
    ----------
    Zhou, Nie, Adeli et al., "High-resolution encoder-decoder networks for low-contrast medical image segmentation",
    IEEE Transactions on Image Processing 29, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.zeros((21, 21), bool)
    >>> line[:, 10] = True
    >>> difficulty_map([line], 2.0)[10, [0, 8, 10]].round(1)
    array([ 1. , 16.2, 26. ])
    """
    total = blurred_sum(boundaries, sigma_vox, mode)
    scale = float(total.max()) if normalise == "max" else gaussian_centre(float(np.max(sigma_vox)))
    return base + gain * (total / scale if scale > 0 else np.zeros_like(total))
