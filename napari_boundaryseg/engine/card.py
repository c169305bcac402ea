"""A model's card: what it is, what it was trained on, how well it does. JSON, without torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from napari_boundaryseg.engine.recipe import Recipe
from napari_boundaryseg.engine.settings import Settings, Spacing


class TrainingData(Settings):
    """What a model has seen, and under which terms."""

    description: str = Field("", max_length=1000)
    cases: int = Field(0, ge=0)
    licence: str = Field("", max_length=400)
    attribution: str = Field("", max_length=2000)


class Score(Settings):
    """One figure over a set of cases."""

    organ: str
    metric: str = Field(description="as in data/metrics.py, for example dsc or asd_mm")
    mean: float
    sd: float
    n: int = Field(ge=1)
    floor: float | None = Field(None, description="what a label prior that ignores the image scores on the same cases")


class Card(Settings):
    """Everything about a model but its weights. Stored inside the checkpoint and beside it as JSON."""

    format: Literal["napari-boundaryseg-model/1"] = "napari-boundaryseg-model/1"
    name: str = Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    recipe: Recipe
    parameters: int = Field(ge=0, description="number of weights")
    created: str = Field("", max_length=40, description="UTC date, ISO 8601")
    step: int = Field(0, ge=0, description="training steps taken")
    training: TrainingData = TrainingData()
    scores: tuple[Score, ...] = ()
    scored_on: str = Field("", max_length=400, description="the cases that the scores come from")
    parent: str = Field("", max_length=128, description="the model it was fine-tuned from, name and SHA-256")
    expected_spacing_mm: Spacing | None = None
    notes: str = Field("", max_length=4000)

    @property
    def expected_field_mm(self) -> tuple[float, float, float] | None:
        """Field of view of the training scans along x, y, z of the patient, in mm."""
        return self.recipe.expected_field_mm
