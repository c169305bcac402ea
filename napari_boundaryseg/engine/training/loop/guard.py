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
    skipped : int
        Steps that were skipped, in all.
    settled : int
        Steps with a finite loss and gradient since the last good weights were restored.

    Examples
    --------
    >>> Guard().after_bad().after_bad().after_bad()
    Guard(damping=0.5, bad=0, restores=1, skipped=3, settled=0)
    """

    damping: float = 1.0
    bad: int = 0
    restores: int = 0
    skipped: int = 0
    settled: int = 0

    @property
    def given_up(self) -> bool:
        """Whether restoring has not helped."""
        return self.restores > MOST_RESTORES

    def spoilt(self, steps: int) -> bool:
        """Whether a training that ends after so many steps ends in the middle of a fault, or mostly was one."""
        return 2 * self.skipped > steps or (self.restores > 0 and self.settled < BAD_IN_A_ROW)

    def after_good(self) -> Guard:
        """A step with a finite loss and gradient."""
        return replace(self, bad=0, settled=self.settled + 1)

    def after_bad(self) -> Guard:
        """One that is skipped; one more in `restores` means that the last good weights are to be restored."""
        if self.bad + 1 < BAD_IN_A_ROW:
            return replace(self, bad=self.bad + 1, skipped=self.skipped + 1)
        return Guard(self.damping / 2, 0, self.restores + 1, self.skipped + 1)

    def numbers(self) -> dict[str, float]:
        """As a training's state keeps it."""
        return asdict(self)

    @classmethod
    def of(cls, numbers: dict[str, float]) -> Guard:
        """Undo `numbers`."""
        bad, restores, skipped = (int(numbers.get(name, 0)) for name in ("bad", "restores", "skipped"))
        settled = int(numbers.get("settled", BAD_IN_A_ROW))  # a state of version 1 does not count them
        return cls(numbers["damping"], bad, restores, skipped, settled)
