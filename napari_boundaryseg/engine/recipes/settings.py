"""Settings of a recipe in groups: frozen, finite, within what one computer can do. No torch."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from napari_boundaryseg.data import metrics

LONGEST_VOX = 512
"""Of a patch or window, along one axis."""

MOST_VOX = 2**24
"""Of a patch or window, in all."""

MOST_NUMBERS = 2**29
"""That go into a network or come out of it at once: 2 GiB in float32."""

MOST_SPREAD_MM = 50.0
"""A wider kernel is no setting but a mistake; kernels take memory in proportion to their width."""

_Whole = Annotated[int, Field(strict=True)]
Plain = bool | int | float | str | None | tuple[_Whole, ...] | tuple[str, ...] | tuple[float, ...]
"""A plain value of JSON; whole numbers stay whole, and a list becomes a tuple."""


class Settings(BaseModel):
    """Settings are frozen and finite, and a misspelt name fails at once."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _bounded(size: tuple[int, int, int]) -> tuple[int, int, int]:
    if min(size) < 1 or max(size) > LONGEST_VOX or math.prod(size) > MOST_VOX:
        raise ValueError(f"each side must be 1 to {LONGEST_VOX} voxels, and all three together at most {MOST_VOX}")
    return size


def _distinct(axes: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(axes)) < len(axes):
        raise ValueError("each axis can be named once")
    return axes


def _ascending(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] >= ends[1]:
        raise ValueError("the first must be below the second")
    return ends


def _measured(name: str) -> str:
    known = metrics.names(metric.name for metric in metrics.every())
    if name not in known:
        raise ValueError(f"{name!r} is no metric; known: {', '.join(known)}")
    return name


Metric = Annotated[str, AfterValidator(_measured)]
"""What `data.metrics.evaluate` measures, by name."""

_Positive = Annotated[float, Field(gt=0)]
_SpacingMm = Annotated[float, Field(ge=0.05, le=50)]
_FieldMm = Annotated[float, Field(ge=1, le=5000)]
_Gain = Annotated[float, Field(ge=0, le=1e4)]
_Percentile = Annotated[float, Field(ge=0, le=100)]
_Intensity = Annotated[float, Field(ge=-1e12, le=1e12)]
_Hu = Annotated[float, Field(ge=-100_000, le=100_000)]
Margins = Annotated[
    tuple[Annotated[float, Field(ge=0, le=500)], Annotated[float, Field(ge=0, le=500)]], AfterValidator(_ascending)
]
Spacing = Annotated[tuple[_SpacingMm, _SpacingMm, _SpacingMm], Field(description="along x, y, z of the patient, in mm")]
FieldOfView = Annotated[tuple[_FieldMm, _FieldMm, _FieldMm], Field(description="along x, y, z of the patient, in mm")]
Voxels = Annotated[tuple[int, int, int], AfterValidator(_bounded)]
Axes = Annotated[tuple[Literal["x", "y", "z"], ...], Field(max_length=3), AfterValidator(_distinct)]


class Preprocessing(Settings):
    """From the scan to the network's grid: axes RAS+ transposed to (z, y, x), spacing, intensities."""

    spacing_mm: Spacing | None = Field(None, description="network grid; the scan's own where empty")
    size_vox: Voxels | None = Field(None, description="(z, y, x) that every scan is resized to, instead of a spacing")
    crop: Literal["", "nonzero"] = Field("", description="nonzero: what is 0 in every channel round it is cut off")
    normalise: Literal["zscore", "hu", "unit", "dataset", "foreground"] = Field(
        "zscore",
        description="zscore: per channel; hu: HU / 1000, clipped; unit: 0 to 1 between the percentiles; "
        "dataset: by the mean and SD of the training scans; foreground: 0 to 1 between the percentiles of all labelled "
        "voxels of the training scans",
    )
    nonzero: bool = Field(False, description="only voxels that are not 0 count, and the others stay 0")
    per_slice: bool = Field(False, description="every axial slice by itself (zscore, unit)")
    means: tuple[float, ...] = Field((), max_length=64, description="of the training scans, for 'dataset'")
    sds: tuple[_Positive, ...] = Field((), max_length=64, description="of the training scans, for 'dataset'")
    lows: tuple[_Intensity, ...] = Field((), max_length=64, description="lower percentiles, for 'foreground'")
    highs: tuple[_Intensity, ...] = Field((), max_length=64, description="upper percentiles, for 'foreground'")
    clip_percentiles: Annotated[tuple[_Percentile, _Percentile], AfterValidator(_ascending)] = Field(
        (0.0, 99.2), description="per channel, before the z-score; what unit and foreground map to 0 and 1"
    )
    clip_hu: Annotated[tuple[_Hu, _Hu], AfterValidator(_ascending)] = Field((-1000.0, 1000.0), description="for 'hu'")


class Targets(Settings):
    """How contour targets are made from labels (specs: SGM §2)."""

    boundary: Literal["inner", "canny"] = "inner"
    mode: Literal["gaussian", "distance"] = "gaussian"
    sigma_mm: float = Field(3.0, gt=0, le=MOST_SPREAD_MM, description="width of the soft contour, in mm")
    contours: Literal["by organ", "hard", "soft"] = Field(
        "by organ", description="which contour is taught: by how the organ's border looks, or the same for all"
    )
    difficulty_sigma_mm: float = Field(8.0, gt=0, le=MOST_SPREAD_MM, description="reach of the difficulty map, in mm")
    difficulty_gain: float = Field(25.0, ge=0, le=1e4, description="weight added where the border is hardest")
    difficulty_gains: tuple[_Gain, ...] = Field(
        (), max_length=1024, description="one for each organ in the scheme's order, instead of the one gain"
    )
    difficulty_scale: Literal["max", "plane"] = Field(
        "max",
        description="max: the hardest place of every volume, or slice, has the whole gain; plane: every flat border "
        "has, and where two touch there is more",
    )
    boundary_weight: Literal["voxel", "area"] = Field(
        "voxel",
        description="what counts where a boundary is filtered: its voxels, of which an oblique border has fewer, or "
        "the area in each of them",
    )


class Augmentation(Settings):
    """Random changes of a training batch; 0 switches one off."""

    flip_axes: Axes = Field((), description="patient axes that may be mirrored")
    permute_axes: bool = Field(False, description="a cubic patch in any of the 48 orientations of a cube")
    rotate_deg: float = Field(0.0, ge=0, le=180, description="largest rotation about each axis")
    scale: float = Field(0.0, ge=0, lt=1, description="largest relative change of size")
    shift_mm: float = Field(0.0, ge=0, le=1000)
    elastic_mm: float = Field(0.0, ge=0, le=MOST_SPREAD_MM, description="displacement of a smooth deformation (SD)")
    bias_field: float = Field(0.0, ge=0, le=10, description="log-amplitude of a smooth gain field (SD)")
    contrast: float = Field(0.0, ge=0, lt=1, description="largest relative change of contrast; gamma likewise")
    gain: float = Field(0.0, ge=0, lt=1, description="largest relative change of each channel's intensities")
    shift: float = Field(0.0, ge=0, le=10, description="largest shift of each channel's intensities, in its SD")
    noise: float = Field(0.0, ge=0, le=100, description="SD of added noise, in SD of the image, drawn from 0 to this")
    blur_mm: float = Field(0.0, ge=0, le=MOST_SPREAD_MM, description="largest SD of a Gaussian blur, in mm")
    low_resolution: float = Field(
        1.0, ge=1, le=10, description="largest factor by which the resolution along one axis is lowered; 1: none"
    )


class Optimiser(Settings):
    """What moves the weights."""

    name: Literal["adam", "adamw", "sgd"] = "adamw"
    lr: float = Field(2e-3, gt=0)
    weight_decay: float = Field(1e-4, ge=0)
    anchor: float = Field(
        0.0, ge=0, description="pull back to the weights that the training began with, times the learning rate a step"
    )
    gradient_clip: float = Field(0.0, ge=0, description="largest gradient norm; 0 for none")
    ema_decay: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="the result is an exponential moving average of the weights, with this decay a step; "
        "0: the last weights",
    )


class Schedule(Settings):
    """How the learning rate runs."""

    name: Literal["one-cycle", "constant", "sgm", "poly", "plateau"] = "one-cycle"
    warm_up: float = Field(0.1, ge=0, lt=1, description="part of the steps spent rising (one-cycle)")
    factor: float = Field(0.5, gt=0, lt=1, description="what the rate is multiplied by on a plateau")
    patience: int = Field(10, ge=1, le=10**6, description="epochs without improvement until it is (plateau)")
    stop: int = Field(50, ge=1, le=10**6, description="epochs without improvement until the training ends (plateau)")


class Inference(Settings):
    """Sliding windows at prediction time."""

    window_vox: Voxels | None = Field(None, description="(z, y, x); the training patch where empty")
    overlap: float = Field(0.5, ge=0, le=0.9)
    flip_axes: Axes = Field((), description="average with the mirrored scan")
    smallest_share: float = Field(
        0.0, ge=0, le=1, description="pieces of an organ below this share of its largest go; 1: all but the likeliest"
    )
    fill: bool = Field(False, description="give an organ the holes that it encloses; not for nested organs")
