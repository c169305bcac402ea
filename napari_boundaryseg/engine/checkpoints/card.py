"""Model card: recipe, training data, scores and calibration as JSON. No torch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from napari_boundaryseg.data.mean_sd import MeanSd
from napari_boundaryseg.engine.checkpoints.ancestry import Ancestry
from napari_boundaryseg.engine.recipes import migration
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Settings, Spacing
from napari_boundaryseg.errors import InputError

LONGEST_DESCRIPTION = 1000
LONGEST_NAME = 128
FIRST = "napari-boundaryseg-model/1"
"""Of version 0.1 of the program."""
SECOND = "napari-boundaryseg-model/2"
"""Of version 0.2: without an ancestry, the organs that were never labelled, and the threads."""
FORMAT: Final = "napari-boundaryseg-model/3"


TakenWhy = Literal["sure", "unsure", "no gain", "one patient", "forgets"]
"""It helped surely, or not surely enough, or not at all, or no other patient could say; or too much was forgotten."""


class EarlierScores(Settings):
    """What a fine-tuning has kept of what the model had learnt before: its mean Dice on earlier scans."""

    synthetic: bool = Field(description="synthetic scans of the recipe's kind, else cases that trained an ancestor")
    n: int = Field(ge=1)
    dsc_before: float = Field(ge=0, le=1)
    dsc_after: float = Field(ge=0, le=1)


class TrainingData(Settings):
    """What a model has seen, and under which terms."""

    description: str = Field("", max_length=LONGEST_DESCRIPTION)
    cases: int = Field(0, ge=0)
    licence: str = Field("", max_length=400)
    attribution: str = Field("", max_length=2000)
    not_taught: tuple[str, ...] = Field(
        (), max_length=1024, description="organs that no case of the last training holds: taught as background"
    )
    taken: float | None = Field(
        None, ge=0, le=1, description="share of what the last fine-tuning learnt that was taken; none for a training"
    )
    adapted: int = Field(0, ge=0, description="scans of the user's that copies of the model were adapted to")
    taken_why: TakenWhy | None = Field(None, description="why it was as much, as halves of its cases judged each other")
    earlier: EarlierScores | None = Field(None, description="on earlier scans, where there are any")


class Score(Settings):
    """One figure over a set of cases."""

    organ: str
    metric: str = Field(description="its name in data/metrics, for example dsc or asd_mm")
    mean: float
    sd: float | None = Field(description="sample SD over the cases (n - 1); none where there is one case")
    n: int = Field(ge=1)
    label_prior: float | None = Field(
        None, description="what a label prior that ignores the image scores on the same cases"
    )

    @property
    def text(self) -> str:
        """Mean and SD as a cell of a table."""
        return MeanSd(self.n, self.mean, self.sd).text()


class Scaling(Settings):
    """Log-odds times a scale, plus a shift; the two logarithms in them, of p and of 1 - p, may have scales apart."""

    scale: float = Field(1.0, ge=0.05, le=20)
    shift: float = Field(0.0, ge=-20, le=20)
    complement: float | None = Field(None, ge=0.0, le=20, description="scale of log(1 - p); that of log p unless given")


class Calibration(Settings):
    """What makes a model's numbers mean what they say near a border; fitted on cases that it had not seen."""

    probabilities: Scaling = Field(Scaling(), description="of the log-probabilities; its shift is not used")
    edges: Scaling = Scaling()
    fitted_on: str = Field("", max_length=400)
    errors: dict[Literal["probabilities", "edges"], Annotated[float, Field(ge=0, le=1)]] = Field(
        {}, description="expected calibration error on cases that fitted nothing"
    )

    @property
    def kept(self) -> tuple[str, ...]:
        """What is put right at all."""
        return tuple(name for name in ("probabilities", "edges") if getattr(self, name) != Scaling())

    @property
    def sentence(self) -> str:
        """What is put right, on which cases that was fitted, and how far the numbers were off on others."""
        off = " and ".join(f"{name} by {error:.3f}" for name, error in self.errors.items())
        return f"{' and '.join(self.kept) or 'nothing'} put right; {self.fitted_on}" + (
            f"; off on other folds: {off} on average" if off else ""
        )


class Card(Settings):
    """Everything about a model but its weights. Stored inside the checkpoint and beside it as JSON."""

    format: Literal["napari-boundaryseg-model/3"] = FORMAT
    name: str = Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    recipe: Recipe = Field(description="with the steps and the seed that were used, whatever it said before")
    parameters: int = Field(ge=0, description="number of weights")
    created: str = Field("", max_length=40, description="UTC date, ISO 8601")
    step: int = Field(0, ge=0, description="training steps taken")
    training: TrainingData = TrainingData()
    ancestry: Ancestry = Ancestry()
    threads: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (), max_length=64, description="of the processor, one after the other; other numbers give other last bits"
    )
    precision: Literal["float32", "bf16"] = Field("float32", description="what the network was trained in")
    scores: tuple[Score, ...] = ()
    scored_on: str = Field("", max_length=400, description="the cases that the scores come from")
    parent: str = Field("", max_length=128, description="the model it was fine-tuned from, name and SHA-256")
    expected_spacing_mm: Spacing | None = None
    notes: str = Field("", max_length=4000)
    calibration: Calibration | None = Field(None, description="how probabilities and edges are put right")
    silent: tuple[Literal["edges", "contours"], ...] = Field(
        (), description="maps that were found to say nothing of where a border is: no window shows them"
    )

    @property
    def expected_field_mm(self) -> tuple[float, float, float] | None:
        """Field of view of the training scans along x, y, z of the patient, in mm."""
        return self.recipe.expected_field_mm

    @property
    def synthetic_only(self) -> bool:
        """Whether it has learned from synthetic scans alone: a starting point, not yet a model for patients."""
        return not self.recipe.learns_from_cases and not self.training.adapted


def read_json(text: str | bytes) -> Card:
    """A card from its JSON, of this or an older version of the program; errors as in `migration.read`."""
    return migration.read(Card, text, migrated)


def migrated(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a card's JSON, of whatever version, under the names of today.

    Examples
    --------
    >>> score = {"organ": "Bladder", "metric": "dsc", "mean": 0.9, "sd": 0.1, "n": 3, "floor": 0.4}
    >>> migrated({"format": "napari-boundaryseg-model/1", "scores": [score]})["scores"][0]["label_prior"]
    0.4
    """
    version = values.get("format", FIRST)
    now = dict(values)
    if isinstance(values.get("recipe"), dict):
        now["recipe"] = migration.migrated(values["recipe"])
    if version in (FIRST, SECOND):
        now["format"] = FORMAT
    if version == FIRST and isinstance(values.get("scores"), list):
        now["scores"] = [_score(score) for score in values["scores"]]
    return now


def _score(score: Any) -> Any:
    if not isinstance(score, dict):
        return score
    now = {"label_prior" if name == "floor" else name: value for name, value in score.items()}
    return {**now, "sd": None} if now.get("n") == 1 else now  # 0.0 stood there, of one case


def new_card(
    recipe: Recipe,
    parameters: int,
    *,
    name: str = "",
    training: TrainingData | None = None,
    parent: Card | None = None,
    sha256: str = "",
) -> Card:
    """The card that a training begins with.

    Parameters
    ----------
    recipe : Recipe
    parameters : int
        Number of weights.
    name : str
        The recipe's where empty.
    training : TrainingData, optional
    parent : Card, optional
        Of the model whose weights the training begins with: its notes, its ancestry and which maps are silent stay, its
        scores do not, for they are not those of the new model.
    sha256 : str
        Of the parent's file.

    Raises
    ------
    InputError
        When a file with this card could not be read again.
    """
    name = name or recipe.name
    kept: dict[str, Any] = {"ancestry": Ancestry.new()}
    if parent is not None:
        kept = {
            "ancestry": parent.ancestry.salted(),
            "notes": parent.notes,
            "expected_spacing_mm": parent.expected_spacing_mm,
            "silent": parent.silent,
            "parent": f"{parent.name[: LONGEST_NAME - 17]} {sha256[:16]}",
        }
    try:
        card = Card(name=name, recipe=recipe, parameters=parameters, training=training or TrainingData(), **kept)
        return Card.model_validate_json(card.model_dump_json())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(
            name, f"its card would be wrong at {place!r:.80}: {first['msg']:.120}", "Correct the name or the recipe"
        ) from error


def tuned_on(before: TrainingData, cases: int) -> TrainingData:
    """What a model has seen after a fine-tuning on the user's cases; only the last fine-tuning is told."""
    said = f"Fine-tuned on {cases} case{'' if cases == 1 else 's'} accepted by the user."
    first = _with(_TUNED.sub("", before.description).strip(), said)
    return before.model_copy(update={"description": first, "cases": cases, "not_taught": ()})


def adapted_to(before: TrainingData, steps: int, slices: int) -> TrainingData:
    """What a model has seen after some steps on corrected slices of one scan of the user's."""
    said = f"Adapted to one scan of the user's: {steps} steps on {slices} corrected slices."
    told = _with(_ADAPTED.sub("", before.description).strip(), said)
    return before.model_copy(update={"description": told, "adapted": before.adapted + 1})


def _with(first: str, said: str) -> str:
    """A description and one more sentence, which is never cut."""
    room = LONGEST_DESCRIPTION - len(said) - 1
    if len(first) > room:
        first = f"{first[: room - 1]}…"
    return f"{first} {said}".strip()


_ADAPTED = re.compile(r"\s*Adapted to one scan of the user's: \d+ steps on \d+ corrected slices\.")
_TUNED = re.compile(r"\s*Fine-tuned on \d+ cases? accepted by the user\.")
