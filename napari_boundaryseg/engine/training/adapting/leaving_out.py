"""Leaving out: corrected slices are predicted, one after the other, by learners that know only the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from napari_boundaryseg.data.metrics.agreement import agreement
from napari_boundaryseg.engine.training.adapting.corrected_slices import CorrectedSlices
from napari_boundaryseg.engine.training.adapting.late_learner import LateLearner
from napari_boundaryseg.engine.training.adapting.view import View
from napari_boundaryseg.progress import Progress, part

EVERY = 5
"""After so many steps the slices that were left out are looked at."""
MOST_TURNS = 3
"""Of many corrected slices so many are left out, one after the other."""


class LeftOut(NamedTuple):
    """What was seen: see `Adapted`."""

    slices: tuple[int, ...]
    held_out: dict[int, np.ndarray]
    scores: dict[int, float]


def leave_out(
    teach: Callable[[CorrectedSlices], LateLearner],
    view: View,
    corrected: CorrectedSlices,
    most_steps: int,
    progress: Progress,
) -> LeftOut:
    """Leave out corrected slices, at most three that are spread over all, and see what some steps on the others do.

    After every five steps all of them are predicted. Once they agree less with what was drawn than before, no more
    steps are tried.

    Parameters
    ----------
    teach : callable
        Makes a fresh learner of some corrected slices.
    view : View
    corrected : CorrectedSlices
    most_steps : int
    progress : Progress
    """
    at = np.linspace(0, len(corrected.slices) - 1, min(MOST_TURNS, len(corrected.slices))).round().astype(int)
    slices = tuple(corrected.slices[n] for n in at)
    others = [corrected.without(n) for n in slices]
    learners = [teach(known) for known in others]
    shown = [view.showing(view.places(known, corrected), corrected) for known in others]
    seen, counts = LeftOut(slices, {}, {}), sorted({*range(0, most_steps, EVERY), most_steps})
    for looked, steps in enumerate(counts):
        found = []
        for turn, (learner, places) in enumerate(zip(learners, shown, strict=True)):
            done, of = looked * len(slices) + turn, len(counts) * len(slices)
            told = f"all corrected slices but one ({turn + 1} of {len(slices)})"
            take(learner, steps, told, part(progress, done / of, (done + 1) / of))
            found.append(view.slices_of(learner.answers(places), corrected.axis, corrected.slices))
        seen.held_out[steps] = np.stack(found)
        seen.scores[steps] = _score(found, slices, corrected)
        if seen.scores[steps] < max(seen.scores.values()):
            break
    return seen


def take(learner: LateLearner, steps: int, on: str, progress: Progress) -> None:
    """Go on to so many steps in all."""
    begun = learner.steps
    for step in range(begun, steps):
        progress((step - begun) / (steps - begun), f"Step {step + 1} on {on}")
        learner.step()


def _score(found: Sequence[np.ndarray], left_out: Sequence[int], corrected: CorrectedSlices) -> float:
    """The mean `agreement` of the slices that were left out with what was drawn on them."""
    labels = corrected.labels
    plane = [mm for axis, mm in enumerate(labels.spacing_mm) if axis != corrected.axis]
    near = {organ.id: organ.tolerance_mm for organ in labels.scheme.organs}
    own = [one[corrected.slices.index(n)] for one, n in zip(found, left_out, strict=True)]
    return float(np.mean([agreement(a, corrected.drawn(n), near, plane) for a, n in zip(own, left_out, strict=True)]))
