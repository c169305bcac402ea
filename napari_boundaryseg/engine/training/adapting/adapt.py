"""Adapt a copy of a model to one scan: a few steps on slices that a person corrected, and the rest predicted anew."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import AnyBox
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.ancestry import content_hashes
from napari_boundaryseg.engine.checkpoints.card import Card, adapted_to, new_card
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, save
from napari_boundaryseg.engine.devices import DRAW_A_BOX, choose, full_float32, sentence_when_full
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.preprocessing.prepared_scan import PreparedScan
from napari_boundaryseg.engine.training.adapting.adapted import Adapted, best
from napari_boundaryseg.engine.training.adapting.corrected_slices import CorrectedSlices
from napari_boundaryseg.engine.training.adapting.late_layers import late_layers
from napari_boundaryseg.engine.training.adapting.late_learner import LateLearner
from napari_boundaryseg.engine.training.adapting.leaving_out import leave_out, take
from napari_boundaryseg.engine.training.adapting.trunk import Trunk, settled_parts
from napari_boundaryseg.engine.training.adapting.view import View
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, part, silent

MOST_STEPS = 15
"""More of them fit three slices and nothing else."""


def adapt(
    model: LoadedModel,
    volume: Volume,
    labels: LabelMap,
    slices: Sequence[int],
    axis: int,
    *,
    box: AnyBox | None = None,
    most_steps: int = MOST_STEPS,
    device: str = "auto",
    seed: int = 0,
    keep: Path | None = None,
    progress: Progress = silent,
) -> Adapted:
    """Adapt a copy of a model to one scan and predict it again.

    Only the network's late layers learn (see `late_layers`): cross-entropy and Dice on the corrected slices, and to
    stay with the model's first answer elsewhere. How many steps are taken is seen by leaving corrected slices out, at
    most three in turn: as many as bring their prediction nearest to what was drawn, or none. See `leave_out`.

    Parameters
    ----------
    model : LoadedModel
        It is left as it is.
    volume : Volume
    labels : LabelMap
        On the scan's grid. Only the corrected slices are read.
    slices : sequence of int
        Which of them are corrected, two at least: with one there is none to be left out.
    axis : int
        Of the scan's own (I, J, K) array, across which they lie.
    box : three slices or (start, stop) pairs of (I, J, K), optional
        The part of the scan that the model is given, grown to what is drawn outside; by default what `Predictor` would
        give it.
    most_steps : int
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:N"``. On a CPU the result is the same for the same seed.
    seed : int
    keep : Path, optional
        Where the adapted copy becomes a checkpoint, if steps were taken, in a folder that is made when needed: its card
        says of what it learnt, and that nobody judged it on other scans.
    progress : Progress
        Called at every step; may raise `Cancelled`.

    Raises
    ------
    RegionNeeded
        As `Predictor.predict`, for a scan of any modality.
    InputError
        For labels on another grid or of organs that the model does not know, fewer than two slices, one outside scan or
        box, slices on which nothing is drawn or found, a network without late layers, or too little memory.

    Examples
    --------
    >>> from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
    >>> from napari_boundaryseg.phantom.two_part import two_part_structure
    >>> scan, labels = two_part_structure(1)
    >>> found = adapt(load_model("hippocampus-sgm"), scan, labels, (15, 30), axis=1, most_steps=1, device="cpu")
    >>> sorted(found.scores), found.left_out, found.held_out[0].shape
    ([0, 1], (15, 30), (2, 2, 36, 36))
    """
    began, recipe = time.perf_counter(), model.card.recipe
    if most_steps < 0 or seed < 0:
        raise InputError("most_steps or seed", "it is below 0", "Choose 0 or more")
    corrected = CorrectedSlices.of(volume, labels, slices, axis, recipe.scheme)
    given = None if box is None else corrected.grown(boxes.given(box, volume.geometry.shape))
    own, device = replace(model, network=copy.deepcopy(model.network)), choose(device)
    with sentence_when_full("adapting to this scan", DRAW_A_BOX), full_float32():
        first = Predictor(own, device).predict(volume, box=given, any_modality=True, progress=part(progress, 0, 0.1))
        scan = _given(own, volume, first)
        corrected, view = corrected.within(scan.grid.box), View.of(scan, first.labels)
        teach = _teacher(own, view, corrected, device, seed)
        seen = leave_out(teach, view, corrected, most_steps, part(progress, 0.1, 0.75))
        steps, prediction = best(seen.scores), first
        if steps:
            learner = teach(corrected)
            take(learner, steps, "all corrected slices", part(progress, 0.75, 0.9))
            if keep is not None:
                keep.parent.mkdir(parents=True, exist_ok=True)
                save(keep, adapted_card(model, volume, steps, corrected), learner.network.state_dict())
            adapted = Predictor(replace(own, network=learner.network), device)
            prediction = adapted.predict(volume, box=given, any_modality=True, progress=part(progress, 0.9, 1))
            said = {"adapted_steps": steps, "ships": False, "base": own.base or own.card.name}
            prediction = replace(prediction, details={**prediction.details, **said})
    progress(1.0, "Done")
    return Adapted(prediction, steps, corrected.slices, *seen, time.perf_counter() - began)


def adapted_card(model: LoadedModel, volume: Volume, steps: int, corrected: CorrectedSlices) -> Card:
    """The card of a copy that has learnt from slices of a scan: no copy of that scan judges it, or one of its name."""
    before = model.card
    card = new_card(
        before.recipe,
        before.parameters,
        name=before.name,
        training=adapted_to(before.training, steps, len(corrected.slices)),
        parent=before,
        sha256=model.sha256,
    )
    ancestry = card.ancestry.with_cases(content_hashes(volume), [volume.name])
    return card.model_copy(update={"ancestry": ancestry, "step": before.step + steps})


def _given(model: LoadedModel, volume: Volume, first: Prediction) -> PreparedScan:
    """The part of the scan that the model was given for its first answer."""
    box = first.details["box"]
    scan = PreparedScan.of(volume, model.card.recipe, model.card.name)
    return scan.within(boxes.from_pairs(box) if isinstance(box, list) else None)


def _teacher(
    model: LoadedModel, view: View, every: CorrectedSlices, device: str, seed: int
) -> Callable[[CorrectedSlices], LateLearner]:
    """What makes a fresh learner of some of the corrected slices."""
    given = model.card.recipe.in_channels, view.window
    layers = late_layers(model.network, *given)
    trunk = Trunk(settled_parts(model.network, layers, *given))

    def learner(learnt: CorrectedSlices) -> LateLearner:
        lessons = view.lessons(learnt, view.places(learnt, every))
        return LateLearner(model.network, layers, trunk, view, lessons, device, seed)

    return learner
