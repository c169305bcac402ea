"""Reduce-on-plateau schedule with early stopping."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from napari_boundaryseg.engine.recipes.settings import Schedule


@dataclass(frozen=True)
class Plateau:
    """Where a training stands between two epochs.

    Parameters
    ----------
    best : float
        The lowest value so far.
    waited : int
        Epochs since then.
    waited_here : int
        Epochs since then, or since the rate was last lowered.
    factor : float
        What the recipe's rate is multiplied by.
    total, count : float, int
        Sum and number of the losses of this epoch that are finite.
    """

    best: float = math.inf
    waited: int = 0
    waited_here: int = 0
    factor: float = 1.0
    total: float = 0.0
    count: int = 0

    def after_step(self, loss: float) -> Plateau:
        """One more step of the epoch."""
        if not math.isfinite(loss):
            return self
        return Plateau(self.best, self.waited, self.waited_here, self.factor, self.total + loss, self.count + 1)

    def after_epoch(self, score: float, schedule: Schedule) -> Plateau:
        """One more epoch; its mean training loss counts where there is no score (higher is better)."""
        value = -score if math.isfinite(score) else self.total / self.count if self.count else math.inf
        if value < self.best:
            return Plateau(value, 0, 0, self.factor)
        waited, here = self.waited + 1, self.waited_here + 1
        if here < schedule.patience:
            return Plateau(self.best, waited, here, self.factor)
        return Plateau(self.best, waited, 0, self.factor * schedule.factor)

    def ended(self, schedule: Schedule) -> bool:
        """Whether a training with this schedule goes no further."""
        return schedule.name == "plateau" and self.waited >= schedule.stop

    def numbers(self) -> dict[str, float]:
        """As a training's state keeps it."""
        return {f"plateau_{name}": float(value) for name, value in asdict(self).items()}

    @classmethod
    def of(cls, numbers: dict[str, float]) -> Plateau:
        """Undo `numbers`; a state without them stands at the beginning."""
        new = asdict(cls())
        return cls(**{name: type(value)(numbers.get(f"plateau_{name}", value)) for name, value in new.items()})
