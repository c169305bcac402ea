"""Half precision: a network in bfloat16 or float16, where its labels were those of float32 or are seen to be so."""

from __future__ import annotations

import csv
from functools import cache
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel
from napari_boundaryseg.engine.checkpoints.model_library import WEIGHTS
from napari_boundaryseg.engine.inference.backends.stacked import Stacked

Precision = Literal["float32", "bf16", "f16"]
KINDS = {"bf16": torch.bfloat16, "f16": torch.float16}
LEAST_DICE = 0.999
"""Of each organ, between its labels in float32 and in half precision."""
TABLE = WEIGHTS / "half_precision.csv"
"""What was measured of the shipped models: model, its SHA-256, precision, organ, cases, least Dice of a case."""
WATCHED, MOST_WATCHED = 4, 16
"""Batches of windows with organs, and batches at all, that an unknown model computes twice."""
ENOUGH_VOX = 1000
"""Fewer voxels of an organ say nothing of it."""


class NotPrecise(RuntimeError):
    """In half precision a network's labels are others than in float32."""


class Choice(NamedTuple):
    """In what a prediction is computed, whether it is watched, and what is to be said of it."""

    precision: Precision
    watched: bool = False
    note: str = ""


def chosen(model: LoadedModel, wanted: Precision, device: str) -> Choice:
    """What is wanted, where the table does not speak against it; a model that is not in it is watched."""
    if wanted == "float32":
        return Choice(wanted)
    if wanted == "f16" and device == "cpu":  # far slower than float32 there
        return Choice("float32", note="Computed in float32: f16 is for GPUs")
    known = measured().get((model.sha256, wanted))
    if known is None:
        return Choice(wanted, watched=True)
    organ, dice = min(known.items(), key=lambda item: item[1], default=("", 0.0))
    if dice < LEAST_DICE:
        return Choice("float32", note=_in_words(wanted, organ, dice))
    return Choice(wanted)


@cache
def measured() -> dict[tuple[str, str], dict[str, float]]:
    """(SHA-256, precision) to the least Dice of each organ."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            organs = found.setdefault((row["sha256"], row["precision"]), {})
            if row["dice"]:  # of an organ that it found in none of the scans nothing is known
                organs[row["organ"]] = float(row["dice"])
    return found


def _in_words(precision: str, organ: str, dice: float) -> str:
    return f"Computed in float32: in {precision} {organ} would agree with it by a Dice of {dice:.4f} only"


class Half:
    """A `Backend` in half precision; while it is watched it computes in float32, too, answers with that, and compares.

    Parameters
    ----------
    stacked : Stacked
    precision : str
    device : str
    organs : sequence of str
        The names of the classes from 1 on.
    watched : bool

    Raises
    ------
    NotPrecise
        From a call, when an organ's labels differ.
    """

    name = "torch"

    def __init__(
        self, stacked: Stacked, precision: Precision, device: str, organs: tuple[str, ...], watched: bool
    ) -> None:
        self._stacked, self._precision, self._device = stacked, precision, device.partition(":")[0]
        self._organs = organs
        self.attention_kind, self.levels = "", list[str]()
        self.sizes: dict[str, int] = {}
        self._left, self._most = (WATCHED, MOST_WATCHED) if watched else (0, 0)
        self._both, self._sum = torch.zeros(len(organs)), torch.zeros(len(organs))

    def __call__(self, x: Tensor) -> tuple[Tensor, ...]:
        """As of a `Backend`; float32 comes back."""
        if not (self._left and self._most):
            return self._half(x)
        half, full = self._half(x), self._stacked(x)
        self._compare(full[0], half[0])
        answer: tuple[Tensor, ...] = full
        return answer

    def _half(self, x: Tensor) -> tuple[Tensor, ...]:
        with torch.autocast(self._device, KINDS[self._precision]):
            answer: tuple[Tensor, ...] = self._stacked(x)
        one = self._stacked
        self.sizes, self.levels, self.attention_kind = one.sizes, one.levels, one.attention_kind
        return answer

    def _compare(self, full: Tensor, half: Tensor) -> None:
        """The first classes of (B, N, *sp), one organ after the other."""
        classes = 1 + len(self._organs)
        one, other = full[:, :classes].argmax(1), half[:, :classes].argmax(1)
        for n in range(1, classes):
            a, b = one == n, other == n
            self._both[n - 1] += 2 * int((a & b).sum())
            self._sum[n - 1] += int(a.sum()) + int(b.sum())
        self._most -= 1
        if bool((self._sum >= 2 * ENOUGH_VOX).any()):
            self._left -= 1
        if not (self._left and self._most):
            dice = torch.where(self._sum >= 2 * ENOUGH_VOX, self._both / self._sum.clamp_min(1), 1.0)
            worst = int(dice.argmin())
            if dice[worst] < LEAST_DICE:
                raise NotPrecise(_in_words(self._precision, self._organs[worst], float(dice[worst])))
