"""One paper's whole recipe: network, targets, losses, preprocessing, schedule. Frozen, without torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from napari_boundaryseg.data.labels import LabelScheme, preset
from napari_boundaryseg.errors import InputError

TUNING_STEPS = 100
"""Of a fine-tuning, where nobody says: about two minutes on two cores for the small models that ship."""

Plain = bool | int | float | str | None | tuple[float, ...]
Millimetres = Annotated[tuple[float, float, float], Field(description="along x, y, z of the patient, in mm")]


class Settings(BaseModel):
    """Settings are frozen, and a misspelt name fails at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Preprocessing(Settings):
    """From the scan to the network's grid: axes RAS+ transposed to (z, y, x), spacing, intensities."""

    spacing_mm: Millimetres | None = Field(None, description="network grid; the scan's own where empty")
    normalise: Literal["zscore", "hu"] = Field("zscore", description="zscore: per channel; hu: HU / 1000, clipped")
    clip_percentiles: tuple[float, float] = Field((0.0, 99.2), description="per channel, before the z-score")
    clip_hu: tuple[float, float] = Field((-1000.0, 1000.0), description="for 'hu'")


class Targets(Settings):
    """How contour targets are made from labels (specs: SGM §2)."""

    boundary: Literal["inner", "canny"] = "inner"
    mode: Literal["gaussian", "distance"] = "gaussian"
    sigma_mm: float = Field(3.0, gt=0, description="width of the soft contour, in mm")


class Augmentation(Settings):
    """Random changes of a training batch; 0 switches one off."""

    flip_axes: tuple[Literal["x", "y", "z"], ...] = Field((), description="patient axes that may be mirrored")
    rotate_deg: float = Field(0.0, ge=0, le=180, description="largest rotation about each axis")
    scale: float = Field(0.0, ge=0, lt=1, description="largest relative change of size")
    shift_mm: float = Field(0.0, ge=0)
    elastic_mm: float = Field(0.0, ge=0, description="displacement of a smooth deformation (SD)")
    bias_field: float = Field(0.0, ge=0, description="log-amplitude of a smooth gain field (SD)")
    contrast: float = Field(0.0, ge=0, lt=1, description="largest relative change of contrast; gamma likewise")
    noise: float = Field(0.0, ge=0, description="SD of added noise, in SD of the image, drawn from 0 to this")
    blur_mm: float = Field(0.0, ge=0, description="largest SD of a Gaussian blur, in mm")


class Optimiser(Settings):
    """What moves the weights."""

    name: Literal["adam", "adamw", "sgd"] = "adamw"
    lr: float = Field(2e-3, gt=0)
    weight_decay: float = Field(1e-4, ge=0)
    gradient_clip: float = Field(0.0, ge=0, description="largest gradient norm; 0 for none")


class Schedule(Settings):
    """How the learning rate runs."""

    name: Literal["one-cycle", "constant", "sgm", "poly"] = "one-cycle"
    warm_up: float = Field(0.1, ge=0, lt=1, description="part of the steps spent rising (one-cycle)")


class Inference(Settings):
    """Sliding windows at prediction time."""

    window_vox: tuple[int, int, int] | None = Field(None, description="(z, y, x); the training patch where empty")
    overlap: float = Field(0.5, ge=0, lt=1)
    flip_axes: tuple[Literal["x", "y", "z"], ...] = Field((), description="average with the mirrored scan")


class Recipe(Settings):
    """Everything that makes a model but the data and the chance.

    `losses` maps a registered loss's name to its weight. Network and loss arguments are plain values, checked
    against the registered function's signature before anything is built.
    """

    name: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    task: str = Field("", max_length=400, description="one sentence: which organs on which scans")
    source: str = Field("", max_length=400, description="the paper it follows")
    modality: str = ""
    channels: tuple[str, ...] = Field(("image",), min_length=1, max_length=64)
    scheme: LabelScheme
    network: str = "sgm"
    network_arguments: dict[str, Plain] = {}
    losses: dict[str, float] = {}
    loss_arguments: dict[str, dict[str, Plain]] = {}
    preprocessing: Preprocessing = Preprocessing()
    targets: Targets = Targets()
    augmentation: Augmentation = Augmentation()
    optimiser: Optimiser = Optimiser()
    schedule: Schedule = Schedule()
    inference: Inference = Inference()
    patch_vox: tuple[int, int, int] = Field((16, 96, 96), description="training patch (z, y, x)")
    foreground: float = Field(0.7, ge=0, le=1, description="share of patches centred on an organ's voxel")
    batch: int = Field(2, ge=1)
    steps: int = Field(1000, ge=1)
    steps_per_epoch: int = Field(100, ge=1, description="validation and checkpoint come after each epoch")
    seed: int = 0
    expected_field_mm: Millimetres | None = Field(
        None, description="the field of view of the training scans; a far larger scan needs a box"
    )
    synthetic: Literal["", "pelvis"] = Field("", description="training scans made on the fly by data/phantom.py")

    @model_validator(mode="after")
    def _positive(self) -> Recipe:
        if min(self.patch_vox) < 1 or (self.inference.window_vox and min(self.inference.window_vox) < 1):
            raise ValueError("patch and window sizes must be at least 1")
        if self.preprocessing.spacing_mm and min(self.preprocessing.spacing_mm) <= 0:
            raise ValueError("the spacing must be above 0 mm")
        return self

    @property
    def window_vox(self) -> tuple[int, int, int]:
        """Size of a prediction window, (z, y, x) voxels."""
        return self.inference.window_vox or self.patch_vox

    def with_settings(self, settings: dict[str, object]) -> Recipe:
        """A copy with some fields replaced; ``"optimiser.lr"`` reaches into a group."""
        values = self.model_dump()
        for key, value in settings.items():
            *groups, last = key.split(".")
            place = values
            for group in groups:
                place = place.get(group) if isinstance(place, dict) else None  # type: ignore[assignment]
            free = groups and groups[-1] in ("network_arguments", "losses", "loss_arguments")
            if not isinstance(place, dict) or (last not in place and not free):
                raise InputError(key, "the recipe has no such setting", "See boundaryseg train --show RECIPE")
            place[last] = value
        return Recipe.model_validate(values)


_SGM_LOSSES = {"wce-dice": 1.0, "hard-contour": 1.0, "soft-contour": 1.0}

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="sgm-pelvis-mr",
            task="Bladder, prostate and rectum on T2 MR, 1 mm isotropic",
            source="Nie and Shen, Semantic-guided encoder feature learning for blurry boundary delineation (2019)",
            modality="MR",
            scheme=preset("pelvis-mr"),
            network_arguments={"width": 32, "norm": "batch"},
            losses=_SGM_LOSSES,
            loss_arguments={"wce-dice": {"class_weights": (1.0, 4.0, 8.0, 6.0)}},
            preprocessing=Preprocessing(spacing_mm=(1.0, 1.0, 1.0)),
            targets=Targets(mode="gaussian", sigma_mm=3.0),
            augmentation=Augmentation(flip_axes=("x",)),
            optimiser=Optimiser(name="adam", lr=2e-3, weight_decay=1e-4),
            schedule=Schedule(name="sgm"),
            patch_vox=(16, 144, 144),
            batch=6,
            steps=100_000,
            steps_per_epoch=10_000,
        ),
        Recipe(
            name="hippocampus-sgm",
            task="Anterior and posterior hippocampus on T1 MR cropped round it",
            source="SGM after Nie and Shen (2019), narrower, both organs blurry",
            modality="MR",
            scheme=preset("hippocampus"),
            network_arguments={"width": 16, "norm": "group"},
            losses=_SGM_LOSSES,
            loss_arguments={"wce-dice": {"class_weights": (1.0, 1.0, 1.0)}},
            preprocessing=Preprocessing(spacing_mm=(1.0, 1.0, 1.0), clip_percentiles=(0.5, 99.5)),
            targets=Targets(mode="distance", sigma_mm=1.5),
            augmentation=Augmentation(
                flip_axes=("x",), rotate_deg=10, scale=0.12, shift_mm=3, elastic_mm=1.0, bias_field=0.2,
                contrast=0.25, noise=0.1, blur_mm=0.3,
            ),
            optimiser=Optimiser(name="adamw", lr=4e-3, weight_decay=1e-4, gradient_clip=5.0),
            schedule=Schedule(name="one-cycle"),
            # Windows of the training patch's size: group norm sees the statistics that it was trained with.
            inference=Inference(flip_axes=("x",)),
            patch_vox=(36, 48, 36),
            foreground=1.0,
            batch=4,
            steps=1800,
            steps_per_epoch=100,
            expected_field_mm=(40, 55, 40),
        ),
        Recipe(
            name="pelvis-mr-sgm",
            task="Bladder, prostate and rectum on T2-weighted pelvic MR; trained on synthetic pelves, to be fine-tuned",
            source="SGM after Nie and Shen (2019); synthetic training scans after SynthSeg (Billot et al. 2023)",
            modality="MR",
            scheme=preset("pelvis-mr"),
            network_arguments={"width": 16, "norm": "group"},
            losses=_SGM_LOSSES,
            loss_arguments={"wce-dice": {"class_weights": (1.0, 2.0, 4.0, 3.0)}},
            preprocessing=Preprocessing(spacing_mm=(1.0, 1.0, 2.5)),
            targets=Targets(mode="distance", sigma_mm=3.0),
            augmentation=Augmentation(flip_axes=("x",), noise=0.1, contrast=0.2, bias_field=0.1),
            optimiser=Optimiser(name="adamw", lr=3e-3, weight_decay=1e-4, gradient_clip=5.0),
            schedule=Schedule(name="one-cycle"),
            patch_vox=(16, 96, 96),
            foreground=0.85,
            batch=2,
            steps=1600,
            steps_per_epoch=100,
            synthetic="pelvis",
            expected_field_mm=(250, 250, 110),
        ),
    )
}
"""The recipes that ship."""


def recipe(name: str) -> Recipe:
    """The shipped recipe with this name."""
    if name not in RECIPES:
        raise InputError(name, "there is no such recipe", f"Known: {', '.join(RECIPES)}")
    return RECIPES[name]
