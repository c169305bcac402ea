"""Guard against losses and gradients that are not finite: steps skipped, weights restored, the learning rate halved."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

BAD_IN_A_ROW = 3
"""Steps without a finite loss and gradient, after which the last good weights are restored."""

MOST_RESTORES = 3
"""A training that needs more is given up."""


@dataclass(frozen=True)
class Guard:
    """Where a training stands.

    Parameters
    ----------
    damping : float
        What the learning rate is multiplied by.
    bad : int
        Steps in a row that were skipped.
    restores : int
        How often the last good weights were restored.

    Examples
    --------
    >>> Guard().after_bad().after_bad().after_bad()
    Guard(damping=0.5, bad=0, restores=1)
    """

    damping: float = 1.0
    bad: int = 0
    restores: int = 0

    @property
    def given_up(self) -> bool:
        """Whether restoring has not helped."""
        return self.restores > MOST_RESTORES

    def after_good(self) -> Guard:
        """A step with a finite loss and gradient."""
        return replace(self, bad=0)

    def after_bad(self) -> Guard:
        """One that is skipped; one more in `restores` means that the last good weights are to be restored."""
        if self.bad + 1 < BAD_IN_A_ROW:
            return replace(self, bad=self.bad + 1)
        return Guard(self.damping / 2, 0, self.restores + 1)

    def numbers(self) -> dict[str, float]:
        """As a training's state keeps it."""
        return asdict(self)

    @classmethod
    def of(cls, numbers: dict[str, float]) -> Guard:
        """Undo `numbers`."""
        return cls(numbers["damping"], int(numbers.get("bad", 0)), int(numbers.get("restores", 0)))
