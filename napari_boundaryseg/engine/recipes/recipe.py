"""Recipe: network, targets, losses, preprocessing and schedule as one frozen value. No torch."""

from __future__ import annotations

import hashlib
import json
import math
from copy import deepcopy
from typing import Literal

from pydantic import Field, field_validator, model_validator

from napari_boundaryseg.data.labels import LabelScheme, Organ
from napari_boundaryseg.data.nested_regions import classes_inside
from napari_boundaryseg.engine.recipes.migration import FORMAT, digested, migrated, read
from napari_boundaryseg.engine.recipes.settings import (
    MOST_NUMBERS,
    Augmentation,
    FieldOfView,
    Inference,
    Margins,
    Metric,
    Optimiser,
    Plain,
    Preprocessing,
    Schedule,
    Settings,
    Targets,
    Voxels,
)
from napari_boundaryseg.engine.recipes.sides import sided
from napari_boundaryseg.errors import InputError

TUNING_STEPS = 80
"""Of a fine-tuning, where nobody says: about two minutes on two cores for the small models that ship."""

FROM_THE_RECIPE = ("dims", "in_channels", "classes", "clear", "blurry")
"""Arguments of a network that follow from the recipe's channels and organs, and are never given by hand."""


class Recipe(Settings):
    """Everything that makes a model but the data and the chance.

    `losses` maps a registered loss's name to its weight. Network and loss arguments are plain values, checked
    against the registered function's signature before anything is built.
    """

    format: Literal["napari-boundaryseg-recipe/3"] = FORMAT
    name: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    task: str = Field("", max_length=400, description="one sentence: which organs on which scans")
    source: str = Field("", max_length=400, description="the paper it follows")
    modality: str = ""
    channels: tuple[str, ...] = Field(("image",), min_length=1, max_length=64)
    scheme: LabelScheme
    regions: tuple[str, ...] = Field(
        (), max_length=64, description="nested regions that are taught, a sigmoid each, the outermost first; or none"
    )
    network: str = "sgm"
    dims: Literal[2, 3] = Field(3, description="2: a volume is segmented slice by slice")
    plane: Literal["axial", "coronal", "sagittal"] = Field("axial", description="which slices, for two dimensions")
    slices: int = Field(1, ge=1, le=31, description="neighbouring slices as channels, an odd number; 1 for none")
    network_arguments: dict[str, Plain] = Field(default_factory=dict)
    initialisation: Literal["default", "xavier", "he"] = Field(
        "default", description="fresh weights; default: as the network makes them itself"
    )
    losses: dict[str, float] = Field(default_factory=dict)
    loss_arguments: dict[str, dict[str, Plain]] = Field(default_factory=dict)
    preprocessing: Preprocessing = Preprocessing()
    targets: Targets = Targets()
    augmentation: Augmentation = Augmentation()
    optimiser: Optimiser = Optimiser()
    schedule: Schedule = Schedule()
    inference: Inference = Inference()
    patch_vox: Voxels = Field((16, 96, 96), description="training patch (z, y, x)")
    foreground: float = Field(0.7, ge=0, le=1, description="share of patches centred on an organ's voxel")
    batch: int = Field(2, ge=1, le=1024)
    steps: int = Field(1000, ge=1, le=10**9)
    steps_per_epoch: int = Field(100, ge=1, le=10**9, description="validation and checkpoint come after each epoch")
    seed: int = Field(0, ge=0, lt=2**63)
    expected_field_mm: FieldOfView | None = Field(
        None, description="the field of view of the training scans; a far larger scan needs a box"
    )
    locator: str = Field("", max_length=64, description="the model that proposes the box round the organs, by name")
    locator_margin_mm: float = Field(15.0, ge=0, le=500, description="kept round what the locator finds")
    locator_fills_patch: bool = Field(
        False, description="the locator's box grows to a patch and a window where it is smaller and the scan goes on"
    )
    box_margin_mm: Margins | None = Field(
        None, description="the model is given a box: each training draw takes one with random margins between these"
    )
    box_margin_along_mm: Margins | None = Field(
        None, description="the same for its two ends along the body; none where they are as the others"
    )
    sides_mm: float = Field(
        0.0, ge=0, le=500, description="further channels: the distances to the box's sides, up to so far; 0 for none"
    )
    metrics: tuple[Metric, ...] = Field((), description="the figures that the paper reports, as evaluate names them")
    synthetic: Literal["", "pelvis", "brain"] = Field("", description="training scans made on the fly by phantom")
    synthetic_hard: float = Field(0.0, ge=0, le=1, description="share of the synthetic pelves that are hard")
    synthetic_share: float = Field(
        1.0, gt=0, le=1, description="share of the patches that are of synthetic scans; the others are of labelled ones"
    )

    @field_validator("network_arguments")
    @classmethod
    def _not_by_hand(cls, arguments: dict[str, Plain]) -> dict[str, Plain]:
        given = [name for name in FROM_THE_RECIPE if name in arguments]
        if given:
            raise ValueError(f"{', '.join(given)} cannot be set: the recipe's channels and organs say it")
        return arguments

    @model_validator(mode="after")
    def _sliced(self) -> Recipe:
        if self.slices % 2 == 0:
            raise ValueError("the number of slices must be odd")
        if self.slices > 1 and self.dims == 3:
            raise ValueError("neighbouring slices are channels of two-dimensional networks only")
        return self

    @model_validator(mode="after")
    def _mixed(self) -> Recipe:
        if self.synthetic_share < 1 and not self.synthetic:
            raise ValueError("a share of synthetic scans needs a kind of them: set synthetic")
        return self

    @model_validator(mode="after")
    def _nested(self) -> Recipe:
        if self.regions:
            if len(self.scheme.organs) < 2:
                raise ValueError("one organ has no regions")
            try:
                classes_inside(self.regions, self.scheme)
            except InputError as fault:
                raise ValueError(str(fault)) from None
        return self

    @model_validator(mode="after")
    def _gained(self) -> Recipe:
        gains, organs = len(self.targets.difficulty_gains), len(self.scheme.organs)
        if gains not in (0, organs):
            raise ValueError(f"there are {gains} difficulty gains for {organs} organs")
        return self

    @model_validator(mode="after")
    def _ended(self) -> Recipe:
        if self.box_margin_along_mm is not None and self.box_margin_mm is None:
            raise ValueError("margins along the body need random boxes: set box_margin_mm")
        return self

    @model_validator(mode="after")
    def _sided(self) -> Recipe:
        if self.sides_mm and (self.box_margin_mm is None or self.augmentation.permute_axes):
            raise ValueError("distances to the box's sides need random boxes, and axes that keep their places")
        return self

    @model_validator(mode="after")
    def _cubic(self) -> Recipe:
        if self.augmentation.permute_axes and (self.dims == 2 or len(set(self.patch_vox)) > 1):
            raise ValueError("axes change places in cubic patches of three-dimensional networks only")
        return self

    @model_validator(mode="after")
    def _unmirrored(self) -> Recipe:
        mirrored = "x" in (*self.augmentation.flip_axes, *self.inference.flip_axes) or self.augmentation.permute_axes
        one_sided = sided(self.scheme.names) if mirrored else []
        if one_sided:
            raise ValueError(
                f"scans cannot be mirrored along x, nor their axes permuted, where {', '.join(one_sided[:3])} "
                "is of one side of the body"
            )
        return self

    @model_validator(mode="after")
    def _finite(self) -> Recipe:
        tolerances = [organ.tolerance_mm for organ in self.scheme.organs]
        tolerances += [region.tolerance_mm for region in self.scheme.regions]
        if not all(map(math.isfinite, tolerances)):
            raise ValueError("a tolerance of the label scheme is not a finite number")
        return self

    @model_validator(mode="after")
    def _fits_into_memory(self) -> Recipe:
        channels, maps = self.in_channels, 2 * len(self.scheme.organs) + 1
        if math.prod(self.window_vox) * max(channels, maps) > MOST_NUMBERS:
            raise ValueError("the windows are too large for so many channels or organs")
        if math.prod(self.patch_vox) * self.batch * max(channels, maps) > MOST_NUMBERS:
            raise ValueError("the patches of a batch are too large for so many channels or organs")
        return self

    @property
    def in_channels(self) -> int:
        """The channels that the network is given."""
        return len(self.channels) * self.slices + (3 if self.sides_mm else 0)

    @property
    def nested(self) -> tuple[tuple[int, ...], ...]:
        """The class indices inside each of `regions`."""
        return classes_inside(self.regions, self.scheme) if self.regions else ()

    @property
    def across(self) -> int | None:
        """The axis of (z, y, x) across which slices lie; None for volumes."""
        return None if self.dims == 3 else {"axial": 0, "coronal": 1, "sagittal": 2}[self.plane]

    @property
    def clear(self) -> tuple[Organ, ...]:
        """The organs whose hard contour is taught, in label order."""
        if self.targets.contours == "by organ":
            return self.scheme.clear
        return self.scheme.organs if self.targets.contours == "hard" else ()

    @property
    def blurry(self) -> tuple[Organ, ...]:
        """The organs whose soft contour is taught, in label order."""
        if self.targets.contours == "by organ":
            return self.scheme.blurry
        return self.scheme.organs if self.targets.contours == "soft" else ()

    @property
    def window_vox(self) -> tuple[int, int, int]:
        """Size of a prediction window, (z, y, x) voxels."""
        return self.inference.window_vox or self.patch_vox

    @property
    def learns_from_cases(self) -> bool:
        """Whether labelled scans are needed, all or beside synthetic ones."""
        return not self.synthetic or self.synthetic_share < 1

    @property
    def box_margins_mm(self) -> tuple[Margins, Margins, Margins] | None:
        """Of the box that the model is given, along x, y, z of the patient; None where it is given none."""
        if self.box_margin_mm is None:
            return None
        return self.box_margin_mm, self.box_margin_mm, self.box_margin_along_mm or self.box_margin_mm

    @property
    def digest(self) -> str:
        """Twelve characters that change with every setting; one added later counts only where it is in use."""
        values = digested(self.model_dump(mode="json"), self.model_dump(mode="json", exclude_defaults=True))
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12]

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
            place[last] = deepcopy(value)
        return Recipe.model_validate(values)


def read_recipe(text: str | bytes) -> Recipe:
    """A recipe from its JSON, of this or an older version of the program; errors as in `migration.read`."""
    return read(Recipe, text, migrated)
