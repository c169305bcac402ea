"""Settings of a fine-tuning: steps, learning rate, trained part of the network. Without torch."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field

from napari_boundaryseg.engine.recipes.recipe import TUNING_STEPS
from napari_boundaryseg.engine.recipes.settings import Settings

Part = Literal["all", "decoder", "heads", "norm"]
"""Which weights are trained: all, all but the encoder's, those of the last layers of every output, or of the norms."""


FEWEST_PATIENTS, TOO_MANY_PATIENTS = 3, 10
"""Of cross-fitting: with fewer there is no verdict; with so many some can be held out."""
MOST_MODELS = 5
SMALLEST_GAIN = 0.01
"""Of surface Dice: a smaller gain does not matter, whatever its interval."""
PART_OF_STEPS = 4
"""Each half of the cases learns for a quarter of the steps: enough to see whether what it teaches is shared."""
LOOKS = 3
"""At each training case that the other half has not seen: by the model before, and with both shares."""


WATCHED = 4
"""Looks at each held-out case while a model is fine-tuned, the last at its end; one more is the old model's."""


class Pace(NamedTuple):
    """How long things take on a device, in seconds: a step of the training, and a look at a scan."""

    step_s: float
    look_s: float

    def expected_s(self, settings: FineTuneSettings, cases: int, held_out: int, models: int = 0) -> float:
        """How long a fine-tuning will take: its steps, those of both halves of its cases, and all looks at scans.

        Parameters
        ----------
        settings : FineTuneSettings
        cases, held_out : int
            How many train, and how many judge; each is taken for one window of the network.
        models : int
            How many more models judge by cross-fitting, each taught without some of the cases.

        Examples
        --------
        >>> Pace(step_s=2.0, look_s=1.0).expected_s(FineTuneSettings(steps=80), cases=5, held_out=3)
        276.0
        """
        steps = settings.steps + 2 * max(1, settings.steps // PART_OF_STEPS)
        judged = 2 * cases if models else (2 + 1 + WATCHED) * held_out
        looked = LOOKS * cases * max(1, models) + judged  # each model lacks its part
        return (1 + models) * steps * self.step_s + looked * self.look_s


class FineTuneSettings(Settings):
    """What a person may set when a model is trained further; everything else is the model's own recipe."""

    steps: int = Field(
        TUNING_STEPS, ge=1, le=100_000, title="Steps", description="More steps take longer and change the model more"
    )
    lr: float = Field(
        1e-3,
        ge=1e-5,
        le=0.1,
        title="Learning rate",
        description="Highest step size of the optimiser; a lower one changes the model less",
        json_schema_extra={"step": 1e-4},
    )
    smallest_gain: float = Field(
        SMALLEST_GAIN,
        ge=0.0,
        le=0.5,
        title="Smallest gain",
        description="Of surface Dice on the held-out cases: a model that gains less is not called better",
        json_schema_extra={"step": 0.005},
    )
    cross_fitting: bool = Field(
        True,
        title="Cross-fitting",
        description="With 3 to 9 patients and nobody held out: up to 5 more models, each judged on patients that it "
        "has not seen; takes as many times longer",
    )
    part: Part = Field(
        "all",
        title="Trained part",
        description="The other weights stay as they are: the encoder's, all but the last layers of each output, or all "
        "but the scales and shifts of the norms",
        json_schema_extra={
            "words": {
                "all": "Whole network",
                "decoder": "All but the encoder",
                "heads": "Heads only",
                "norm": "Norms only",
            }
        },
    )
    anchor: float = Field(
        0.0,
        ge=0,
        le=1000,
        title="Pull to the old weights",
        description="0 for none. A stronger pull changes the model less: less is learnt, and less is forgotten",
        json_schema_extra={"step": 1.0},
    )
    rehearsal: float = Field(
        0.0,
        ge=0,
        le=0.9,
        title="Rehearsal",
        description="The share of earlier scans in what is shown to the model: accepted cases that it was trained on "
        "before, or synthetic scans where it learnt from such; 0 for none",
        json_schema_extra={"step": 0.05},
    )
