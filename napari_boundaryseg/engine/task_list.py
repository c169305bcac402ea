"""What the worker can be asked for, as typed values; the functions, which need torch, are in `engine.tasks`."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.engine.recipes.recipe import TUNING_STEPS
from napari_boundaryseg.engine.recipes.tuning import SMALLEST_GAIN, FineTuneSettings, Part
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.task import Task, Text

Pairs = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
"""(start, stop) along I, J and K: a box as JSON."""


class WarmUp(Task):
    """Load the libraries before they are needed."""


class Predict(Task):
    """Segment the scan in a folder and write the prediction into another one.

    Parameters
    ----------
    scan_folder, out_folder : str
        See `data.exchange.save_volume` and `engine.inference.prediction_files.save_prediction`.
    model : str
        A shipped name or a checkpoint file; the last one stays loaded.
    whole : bool
        Predict on a scan that is far larger than the model's field of view.
    any_modality : bool
        Predict on a scan of another modality than the model's.
    """

    title = "Segment"

    scan_folder: Text
    model: Text
    out_folder: Text
    box: Pairs | None = None
    device: str = "auto"
    whole: bool = False
    any_modality: bool = False


class Adapt(Task):
    """Adapt a copy of a model to the scan in a folder, on corrected slices, and predict the scan again.

    Parameters
    ----------
    scan_folder, labels_folder, out_folder : str
        See `data.exchange.save_volume`, `data.exchange.save_labels` and
        `engine.training.adapting.adapted_files.save_adapted`.
    model : str
        A shipped name or a checkpoint file.
    slices : tuple of int
        Which slices of the labels are corrected, two at least; all others are not read.
    axis : int
        Of the scan's own array, across which they lie.
    box : the part of the scan that the model was given, optional
    keep : str
        Where the copy becomes a checkpoint; nowhere by default.
    """

    lane = "adapting"
    title = "Adapt"

    scan_folder: Text
    labels_folder: Text
    model: Text
    slices: tuple[int, ...]
    axis: int
    out_folder: Text
    box: Pairs | None = None
    keep: Text = ""
    seed: int = 0
    device: str = "auto"


class TuningCase(BaseModel):
    """An accepted case: its files, and what its labels mean.

    Parameters
    ----------
    scheme : LabelScheme, optional
        What the labels were drawn under; else their integers are the model's.
    box : the part of the scan that somebody has looked at, optional
    looked : LookedAt, optional
        The slices that a person has looked at, in the integers of ``scheme`` and along the label file's own array; all
        of them by default.
    patient : str
        A word for the patient, the same for all scans of one; empty where nobody knows.
    untouched : bool
        Its labels are a model's own result, which nobody has corrected: it may teach, and judges nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    image: Text
    label: Text
    scheme: LabelScheme | None = None
    box: Pairs | None = None
    looked: LookedAt | None = None
    patient: Text = ""
    untouched: bool = False

    @model_validator(mode="wrap")
    @classmethod
    def _in_one_sentence(cls, value: Any, read: ModelWrapValidatorHandler[TuningCase]) -> TuningCase:
        try:
            return read(value)
        except ValidationError as error:
            name = value.get("name") if isinstance(value, dict) else None
            raise InputError(
                name if isinstance(name, str) else "case", "what its labels mean cannot be read", "Accept it again"
            ) from error


class TimeSteps(Task):
    """Time a few steps of a fine-tuning on this device, so that a person knows how long it will take.

    Parameters
    ----------
    model : str
        A shipped name or a checkpoint file.
    part : str
        Which weights are trained.
    """

    lane = "adapting"
    title = "Time a few steps"

    model: Text
    part: Part = "all"
    device: str = "auto"


class FineTune(Task):
    """Fine-tune a model on accepted cases and compare it with the old one on held-out cases.

    Parameters
    ----------
    model : str
        A shipped name or a checkpoint file.
    out_folder : str
        Gets checkpoint, log and comparison.
    earlier : tuple of TuningCase
        Accepted cases that the model or an ancestor was trained on: to be rehearsed, and to say what was forgotten.
    resume : bool
        Resume what was stopped in this folder, with everything else as it was; or begin.
    """

    lane = "training"
    title = "Fine-tune"

    model: Text
    cases: tuple[TuningCase, ...]
    held_out: tuple[TuningCase, ...] = ()
    out_folder: Text
    steps: int = TUNING_STEPS
    lr: float = FineTuneSettings().lr
    part: Part = "all"
    smallest_gain: float = SMALLEST_GAIN
    cross_fitting: bool = False
    anchor: float = FineTuneSettings().anchor
    rehearsal: float = FineTuneSettings().rehearsal
    earlier: tuple[TuningCase, ...] = ()
    seed: int = 0
    device: str = "auto"
    resume: bool = False
