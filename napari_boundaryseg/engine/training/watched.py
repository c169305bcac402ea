"""Held-out cases watched on the way: their Dice during a training, beside the old model's and the label prior's.

They choose nothing. All of it goes into the training's log, where a resumed training finds it:
``{"step": 0, "old_model": .., "label_prior": .., "watched": {"cases": .., "of": ..}}`` once, and
``{"step": .., "mean_dsc": ..}`` at each look.
"""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel
from napari_boundaryseg.engine.evaluation.label_prior import Drawn, prior_dice
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan, part_of
from napari_boundaryseg.engine.preprocessing.prepared_scan import PreparedScan
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.tuning import WATCHED
from napari_boundaryseg.engine.training.data.cases import Hold, TrainingCase, prepare_all
from napari_boundaryseg.engine.training.loop.folder import logged
from napari_boundaryseg.engine.training.loop.run import TrainingRun
from napari_boundaryseg.engine.training.loop.seen_cases import digest_of
from napari_boundaryseg.engine.training.loop.validate import dice_scores, mean_of
from napari_boundaryseg.progress import Progress


def nobody() -> None:
    """Watch no case."""


@dataclass(frozen=True)
class Watched:
    """Held-out cases that a fine-tuning is scored on while it runs.

    Parameters
    ----------
    before : LoadedModel
        The model that is fine-tuned.
    cases : sequence of LabelledScan
        Who judges it.
    learnt : sequence of LabelledScan
        Who trains it: the label prior is theirs.
    """

    before: LoadedModel
    cases: Sequence[LabelledScan]
    learnt: Sequence[LabelledScan]

    def begin(self, run: TrainingRun, hold: Hold, progress: Progress) -> Callable[[], None]:
        """Write the two lines into the log, unless it has those of these cases.

        Returns
        -------
        callable
            Called after each step, it scores the cases where that is due.
        """
        if not self.cases:
            return nobody
        prepared = prepare_all(self.cases, run.recipe, progress, hold=hold)
        of = hashlib.blake2b(" ".join(map(digest_of, self.cases)).encode(), digest_size=16).hexdigest()
        looked = _looked_at(run.folder, of)
        if looked is None:
            old = copy.deepcopy(self.before.network).to(run.fabric.device)
            dice = _dice(old, prepared, run, "The old model on", progress)
            if dice is None:
                return nobody
            learnt, judging = _drawn(self.learnt, run.recipe), _drawn(self.cases, run.recipe)
            prior = prior_dice(learnt, judging, run.recipe.scheme)
            run.log(step=0, old_model=dice, label_prior=prior, watched={"cases": len(prepared), "of": of})
        due = {max(1, math.ceil(run.steps * n / WATCHED)) for n in range(1, WATCHED + 1)} - (looked or set())

        def look() -> None:
            if run.step not in due:
                return
            dice = _dice(run.result, prepared, run, f"Step {run.step} on", progress)
            if dice is not None:
                run.log(step=run.step, mean_dsc=dice)

        look()  # at the step where a training was stopped that is resumed
        return look


def _looked_at(folder: Path, of: str) -> set[int] | None:
    """The steps at which these cases were looked at; None where the log has no lines, or those of other cases."""
    lines = logged(folder)
    own = [n for n, line in enumerate(lines) if "watched" in line]
    if not own or lines[own[-1]]["watched"]["of"] != of:
        return None
    return {line["step"] for line in lines[own[-1] :] if "mean_dsc" in line}


def _dice(
    network: nn.Module, cases: Sequence[TrainingCase], run: TrainingRun, words: str, progress: Progress
) -> float | None:
    """Mean over organs of the mean over the cases that hold one; None where none does."""
    found: dict[str, list[float]] = {}
    for case in cases:
        progress(run.step / run.steps, f"{words} {case.name}")
        for organ, values in dice_scores(network, [case], run.recipe, run.fabric.device).in_reference.items():
            found.setdefault(organ, []).extend(values)
    return mean_of(found) if found else None


def _drawn(cases: Sequence[LabelledScan], recipe: Recipe) -> list[Drawn]:
    found = []
    for case in cases:
        scheme = case.labels.scheme
        labels = case.labels.with_scheme(recipe.scheme)
        box = part_of(PreparedScan.of(case.volume, recipe), labels, case.box)
        organs = frozenset(recipe.scheme.ids if scheme.unnamed else scheme.ids)
        found.append(Drawn(labels, box, organs, case.looked is None))
    return found
