"""Random changes of training patches, in mm and on torch tensors."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from napari_boundaryseg.engine.recipes.recipe import Augmentation

_AXIS = {"z": 0, "y": 1, "x": 2}


def random_affine(settings: Augmentation, rng: np.random.Generator, across: int | None = None) -> np.ndarray:
    """A random 3 x 3 matrix from patch mm to case mm, order z, y, x: rotation, size, mirroring.

    Slices across an axis are turned and scaled within their plane only.
    """
    angles = np.radians(rng.uniform(-settings.rotate_deg, settings.rotate_deg, 3))
    if across is not None:
        angles[np.arange(3) != across] = 0
    matrix = np.eye(3)
    for axis, angle in enumerate(angles):
        turn = np.eye(3)
        a, b = [i for i in range(3) if i != axis]
        turn[[a, a, b, b], [a, b, a, b]] = math.cos(angle), -math.sin(angle), math.sin(angle), math.cos(angle)
        matrix = matrix @ turn
    scales = 1 + rng.uniform(-settings.scale, settings.scale, 3)
    if across is not None:
        scales[across] = 1
    mirror = np.ones(3)
    for name in settings.flip_axes:
        mirror[_AXIS[name]] = rng.choice((-1.0, 1.0))
    return matrix * scales * mirror


def sampling_points(
    patch: tuple[int, int, int],
    centre: np.ndarray,
    spacing_mm: tuple[float, float, float],
    settings: Augmentation,
    rng: np.random.Generator,
    across: int | None = None,
) -> Tensor:
    """Where a patch's voxels lie in the case: (z, y, x, 3) float32, in voxels of the case, order z, y, x.

    Slices across an axis stay slices of the case: they are moved by whole slices only.
    """
    spacing = np.asarray(spacing_mm)
    axes = [torch.arange(n, dtype=torch.float32) - (n - 1) / 2 for n in patch]
    offsets = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)
    affine = random_affine(settings, rng, across)
    in_voxels = torch.from_numpy((affine * spacing[None, :]) / spacing[:, None]).float()
    shift = rng.uniform(-settings.shift_mm, settings.shift_mm, 3) / spacing
    if across is not None:
        shift[across] = np.round(shift[across])
    points = offsets @ in_voxels.T + torch.from_numpy(centre + shift).float()
    if settings.elastic_mm:
        field = _smooth_field(patch, 3, settings.elastic_mm, rng) / torch.from_numpy(spacing).float()
        if across is not None:
            field[..., across] = 0
        points = points + field
    return _turned(points, rng) if settings.permute_axes else points


def _turned(points: Tensor, rng: np.random.Generator) -> Tensor:
    """The points of a cube in one of its 48 orientations."""
    z, y, x = map(int, rng.permutation(3))
    return points.permute(z, y, x, 3).flip([axis for axis in range(3) if rng.random() < 0.5])


def _smooth_field(shape: tuple[int, int, int], channels: int, sd: float, rng: np.random.Generator) -> Tensor:
    """A smooth random field, (z, y, x, channels)."""
    coarse = torch.from_numpy(rng.normal(0, sd, (1, channels, 5, 5, 5))).float()
    return F.interpolate(coarse, size=shape, mode="trilinear", align_corners=True)[0].movedim(0, -1)


def sample(volume: Tensor, points: Tensor, mode: str, outside: str = "zeros") -> Tensor:
    """Read (C, z, y, x) at (z', y', x', 3) points given in voxels.

    Parameters
    ----------
    mode : str
        ``"bilinear"`` (linear in 3-D) or ``"nearest"``.
    outside : str
        ``"zeros"``, or ``"border"``: the volume's nearest voxel.
    """
    part, first = _around(volume, points)
    size = torch.tensor(part.shape[1:], dtype=torch.float32)
    normalised = (2 * (points - first) + 1) / size - 1
    grid = normalised.flip(-1)[None]
    return F.grid_sample(part[None].float(), grid, mode=mode, padding_mode=outside, align_corners=False)[0]


def _around(volume: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
    """The part of (C, z, y, x) that the points lie in, and its first voxel."""
    last = torch.tensor(volume.shape[1:]) - 1
    # One axis after the other: torch is ten times slower at all three at once.
    ends = [points[..., axis].aminmax() for axis in range(3)]
    low = torch.stack([end.min for end in ends]).floor().long().clamp_min(0).minimum(last)
    high = torch.stack([end.max for end in ends]).ceil().long().minimum(last).maximum(low)
    return volume[(slice(None), *(slice(a, b + 1) for a, b in zip(low, high, strict=True)))], low


def change_intensities(
    image: Tensor, spacing_mm: tuple[float, float, float], settings: Augmentation, rng: np.random.Generator
) -> Tensor:
    """Resolution, blur, bias field, contrast, gain, shift, noise of one (C, z, y, x) patch.

    Its voxels have mean 0 and SD 1, more or less.
    """
    if settings.low_resolution > 1 and rng.random() < 0.25:
        image = low_resolution(image, int(rng.integers(3)), rng.uniform(1, settings.low_resolution))
    if settings.blur_mm and rng.random() < 0.5:
        image = blur(image, tuple(rng.uniform(0, settings.blur_mm) / s for s in spacing_mm))
    if settings.bias_field:
        field = _smooth_field(tuple(image.shape[1:]), 1, settings.bias_field, rng)[..., 0]  # type: ignore[arg-type]
        low = image.amin()
        image = (image - low) * torch.exp(field) + low
    if settings.contrast:
        gain, offset = 1 + rng.uniform(-settings.contrast, settings.contrast), rng.normal(0, settings.contrast)
        image = image * gain + offset
        image = _gamma(image, math.exp(rng.uniform(-settings.contrast, settings.contrast)))
    if settings.gain or settings.shift:
        image = _rescaled(image, settings, rng)
    if settings.noise:
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        image = image + torch.randn(image.shape, generator=generator) * rng.uniform(0, settings.noise)
    return image


def _rescaled(image: Tensor, settings: Augmentation, rng: np.random.Generator) -> Tensor:
    """Each channel with a gain and a shift of its own, within fixed bounds (Myronenko, 2018)."""
    gains = 1 + rng.uniform(-settings.gain, settings.gain, (len(image), 1, 1, 1))
    shifts = rng.uniform(-settings.shift, settings.shift, (len(image), 1, 1, 1))
    sds = image.std((1, 2, 3), keepdim=True, correction=0)
    return image * torch.from_numpy(gains).float() + sds * torch.from_numpy(shifts).float()


def _gamma(image: Tensor, exponent: float) -> Tensor:
    low, high = image.amin(), image.amax()
    span = (high - low).clamp_min(1e-6)
    return ((image - low) / span).clamp(0, 1) ** exponent * span + low


def low_resolution(image: Tensor, axis: int, factor: float) -> Tensor:
    """(C, z, y, x) as a scan with thicker voxels along one axis would show it: averaged, then interpolated back."""
    moved = image.movedim(axis + 1, -1)
    flat = moved.reshape(1, 1, -1, moved.shape[-1])
    wanted = max(1, round(flat.shape[-1] / factor))
    small = F.interpolate(flat, size=(flat.shape[2], wanted), mode="bilinear", align_corners=False, antialias=True)
    back = F.interpolate(small, size=flat.shape[2:], mode="bilinear", align_corners=False)
    return back.reshape(moved.shape).movedim(-1, axis + 1)


def blur(image: Tensor, sigma_vox: tuple[float, ...]) -> Tensor:
    """Gaussian blur of (C, z, y, x), one SD per axis in voxels, edges repeated."""
    for axis, sigma in enumerate(sigma_vox):
        radius = int(2.5 * sigma + 0.5)
        if radius < 1:
            continue
        taps = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / sigma) ** 2)
        taps = taps / taps.sum()
        moved = image.movedim(axis + 1, -1)
        flat = moved.reshape(-1, 1, moved.shape[-1])
        flat = F.conv1d(F.pad(flat, (radius, radius), mode="replicate"), taps[None, None])
        image = flat.reshape(moved.shape).movedim(-1, axis + 1)
    return image
