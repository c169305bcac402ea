"""Half precision: a network in bfloat16 or float16, where its labels were those of float32 or are seen to be so."""

from __future__ import annotations

import csv
import weakref
from collections.abc import Sequence
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel
from napari_boundaryseg.engine.checkpoints.model_library import WEIGHTS
from napari_boundaryseg.engine.inference.assembling.decision import decided
from napari_boundaryseg.engine.inference.assembling.device_decision import decided_there
from napari_boundaryseg.engine.inference.backends.stacked import Backend, Stacked
from napari_boundaryseg.engine.recipes.recipe import Recipe

Precision = Literal["float32", "bf16", "f16"]
KINDS = {"bf16": torch.bfloat16, "f16": torch.float16}
LEAST_DICE = 0.999
"""Of each organ, between its labels in float32 and in half precision, by PyTorch and by OpenVINO."""
TABLE = WEIGHTS / "half_precision.csv"
"""What was measured of the shipped models: model, its SHA-256, precision, organ, cases, least Dice of a case."""
ENOUGH_CASES = 5
"""A row of fewer cases says too little to leave a model unwatched."""
WATCHED, ALWAYS_WATCHED, EVERY = 4, 16, 8
"""Of an unknown model twice are computed: each organ's first batches of windows, the very first, and every eighth."""
ENOUGH_VOX = 1000
"""Of so many voxels of an organ a difference is told at once; of fewer at the end."""


class NotPrecise(RuntimeError):
    """In half precision a network's labels are others than in float32."""


class Choice(NamedTuple):
    """In what a prediction is computed, whether it is watched, and what is to be said of it."""

    precision: Precision
    watched: bool = False
    note: str = ""


_refused: weakref.WeakKeyDictionary[nn.Module, dict[tuple[str, str], str]] = weakref.WeakKeyDictionary()


def chosen(model: LoadedModel, wanted: Precision, device: str) -> Choice:
    """What is wanted, where nothing speaks against it; where too little speaks for it the model is watched.

    The table was made on a CPU, and says nothing of a GPU.
    """
    if wanted == "float32":
        return Choice(wanted)
    if wanted == "f16" and device == "cpu":  # far slower than float32 there
        return Choice("float32", note="Computed in float32: f16 is for GPUs")
    before = _refused.get(model.network, {}).get((wanted, device))
    if before:
        return Choice("float32", note=before)
    known = measured().get((model.sha256, wanted), {}) if device == "cpu" else {}
    for organ, (dice, _) in known.items():
        if dice < LEAST_DICE:
            return Choice("float32", note=_in_words(wanted, organ, dice))
    names = model.card.recipe.scheme.names
    enough = all(name in known and known[name][1] >= ENOUGH_CASES for name in names)
    return Choice(wanted, watched=not enough)


def refuse(model: LoadedModel, precision: Precision, device: str, note: str) -> None:
    """Remember of a model in this process that half precision does not hold."""
    _refused.setdefault(model.network, {})[precision, device] = note


@cache
def measured() -> dict[tuple[str, str], dict[str, tuple[float, int]]]:
    """(SHA-256, precision) to the least Dice of each organ, and in how many cases it was found."""
    found: dict[tuple[str, str], dict[str, tuple[float, int]]] = {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            organs = found.setdefault((row["sha256"], row["precision"]), {})
            if row["dice"]:  # of an organ that it found in none of the scans nothing is known
                organs[row["organ"]] = float(row["dice"]), int(row["cases"])
    return found


def _in_words(precision: str, organ: str, dice: float) -> str:
    return f"Computed in float32: in {precision} {organ} would agree with it by a Dice of {dice:.4f} only"


class Half:
    """A `Backend` in half precision; what is watched is computed in float32, too: that comes back, and is compared.

    Parameters
    ----------
    stacked : Stacked
    precision : str
    device : str
    recipe : Recipe
    watched : bool
    other : Backend, optional
        What computes in half precision; by default PyTorch does, under autocast.

    Raises
    ------
    NotPrecise
        From a call or `check`, when an organ's labels differ; from a call also when an answer is not finite.
    """

    def __init__(
        self,
        stacked: Stacked,
        precision: Precision,
        device: str,
        recipe: Recipe,
        watched: bool,
        other: Backend | None = None,
    ) -> None:
        self._stacked, self._precision, self._device = stacked, precision, device.partition(":")[0]
        self._other, self.name = other, other.name if other is not None else "torch"
        self._organs, self._nested, self._watched = recipe.scheme.names, recipe.nested, watched
        self.attention_kind, self.levels = "", list[str]()
        self.sizes: dict[str, int] = {}
        self._seen = 0
        self._times = np.zeros(len(self._organs), int)
        self._both, self._sum = np.zeros((2, len(self._organs)), int)
        self.answered = 0
        """How many batches were answered in half precision."""

    def __call__(self, x: Tensor) -> tuple[Tensor, ...]:
        """As of a `Backend`; tensors of float32 come back."""
        half = self._half(x)
        if not bool(torch.isfinite(half[0].sum())):  # of values between 0 and 1
            raise NotPrecise(f"Computed in float32: in {self._precision} the answer is not a number everywhere")
        self._seen += 1
        if not (self._watched and self._is_open(half[0])):
            self.answered += 1
            return half
        full: tuple[Tensor, ...] = self._stacked(x)
        self._compare(self._decided(full[0]), self._decided(half[0]))
        return full

    def check(self) -> None:
        """Look at the end at every organ that was compared, however small it is."""
        self._judge(self._sum > 0)

    def _half(self, x: Tensor) -> tuple[Tensor, ...]:
        answer: Sequence[Tensor]
        one: Backend = self._stacked if self._other is None else self._other
        if self._other is not None:
            answer = self._other(x)
        else:
            # Of a batch whose channels lie last bfloat16 is slower on a CPU.
            x = x.contiguous(memory_format=torch.contiguous_format) if self._device == "cpu" else x
            with torch.autocast(self._device, KINDS[self._precision]):
                answer = self._stacked(x)
        self.sizes, self.levels, self.attention_kind = one.sizes, one.levels, one.attention_kind
        return tuple(answer)

    def _is_open(self, half: Tensor) -> bool:
        """Whether a batch is to be compared."""
        if self._seen <= ALWAYS_WATCHED or self._seen % EVERY == 0:
            return True
        organs = np.unique(self._decided(half))
        return bool((self._times[organs[organs > 0] - 1] < WATCHED).any())

    def _decided(self, answer: Tensor) -> np.ndarray:
        classes = answer[:, : 1 + len(self._organs)].movedim(1, 0)
        if classes.device.type == "cpu":
            return decided(classes.numpy(), self._nested)
        return decided_there(classes, self._nested)[0].cpu().numpy()

    def _compare(self, full: np.ndarray, half: np.ndarray) -> None:
        for n in range(len(self._organs)):
            one, other = full == n + 1, half == n + 1
            both = int(np.count_nonzero(one)) + int(np.count_nonzero(other))
            self._times[n] += both > 0
            self._sum[n] += both
            self._both[n] += 2 * int(np.count_nonzero(one & other))
        self._judge((self._times >= WATCHED) & (self._sum >= 2 * ENOUGH_VOX))

    def _judge(self, which: np.ndarray) -> None:
        dice = np.where(which, self._both / np.maximum(self._sum, 1), 1.0)
        worst = int(dice.argmin())
        if dice[worst] < LEAST_DICE:
            raise NotPrecise(_in_words(self._precision, self._organs[worst], float(dice[worst])))
