"""Earlier scans: what a model learnt from before, as far as it is here; to be rehearsed, and to say what was forgotten.

Accepted cases that an ancestor of the model was trained on, where there are any; else scans of the recipe's own
synthetic generator, if it has one.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from napari_boundaryseg.data.datasets.copies import marks
from napari_boundaryseg.engine.checkpoints.card import EarlierScores
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model
from napari_boundaryseg.engine.devices import choose
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
from napari_boundaryseg.engine.training.data.cases import TrainingCase, prepare_all
from napari_boundaryseg.engine.training.data.synthetic_cases import judging_scans
from napari_boundaryseg.engine.training.loop.validate import dice_scores, mean_of
from napari_boundaryseg.engine.training.share_choice import mixed

MOST_JUDGES = 6
"""Each is predicted once for the model before and once for every share of what was learnt that is tried."""
FEW = 4
"""Below so many cases all judge, and none is rehearsed."""
MOST_LOSS = 0.01
"""Of the mean Dice on earlier scans: a share of what was learnt that loses more is not taken."""


class EarlierScans(NamedTuple):
    """Earlier cases by what is done with them, no case both: those that judge were not rehearsed."""

    rehearsed: Sequence[LabelledScan] = ()
    judging: Sequence[LabelledScan] = ()

    @classmethod
    def of(
        cls, cases: Sequence[LabelledScan], now: Sequence[LabelledScan] = (), patients: Mapping[str, str] | None = None
    ) -> EarlierScans:
        """Every second case judges, and six at most; of fewer than four all.

        Parameters
        ----------
        cases : sequence of LabelledScan
        now : sequence of LabelledScan
            Cases that train or judge now: no copy of them, and no other scan of their patients, is an earlier one.
        patients : mapping, optional
            Case to patient, where that is known.
        """
        known = patients or {}
        names = {case.volume.name for case in now}
        taken = {known[name] for name in names if known.get(name)}
        seen = {mark for case in now for mark in marks(case.volume)} if cases else set()
        cases = [
            case
            for case in cases
            if case.volume.name not in names
            and known.get(case.volume.name) not in taken
            and not seen & set(marks(case.volume))
        ]
        if len(cases) < FEW:
            return cls((), cases)
        judging = cases[::2][:MOST_JUDGES]
        return cls([case for case in cases if all(case is not one for one in judging)], judging)


class Forgetting:
    """Asks what a fine-tuning has lost on earlier scans; they are prepared when it is first asked, and once.

    Parameters
    ----------
    before : LoadedModel
    earlier : EarlierScans
    device : str
    """

    def __init__(self, before: LoadedModel, earlier: EarlierScans, device: str = "auto") -> None:
        self._before, self._judging, self._device = before, earlier.judging, device

    def kept(self, learnt: Path, share: float) -> EarlierScores | None:
        """The mean Dice on earlier scans before, and with a share of what was learnt; None where there is no such scan.

        Parameters
        ----------
        learnt : Path
            The last checkpoint of the training.
        share : float
        """
        if not self._cases:
            return None
        after = self._dice(mixed(self._before.network, load_model(learnt).network, share))
        return EarlierScores(
            synthetic=not self._judging, n=len(self._cases), dsc_before=self._dsc_before, dsc_after=after
        )

    @cached_property
    def _cases(self) -> Sequence[TrainingCase]:
        recipe = self._before.card.recipe
        if self._judging:
            return prepare_all(self._judging, recipe)
        return judging_scans(recipe, MOST_JUDGES) if recipe.synthetic else ()

    @cached_property
    def _dsc_before(self) -> float:
        return self._dice(self._before.network.state_dict())

    def _dice(self, weights: dict[str, Tensor]) -> float:
        device, recipe = torch.device(choose(self._device)), self._before.card.recipe
        network = copy.deepcopy(self._before.network).to(device)
        network.load_state_dict(weights)
        return mean_of(dice_scores(network, self._cases, recipe, device).choosing)


def few_enough(scores: EarlierScores | None) -> bool:
    """Whether no more is lost on earlier scans than may be; also where nobody can say."""
    return scores is None or scores.dsc_before - scores.dsc_after <= MOST_LOSS
