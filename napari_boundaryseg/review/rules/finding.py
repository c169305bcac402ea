"""Finding of a rule: a sentence for a person, a place to look at, what was measured, and an identity that lasts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from napari_boundaryseg.data.metrics.volumes import ml_text


@dataclass(frozen=True)
class Finding:
    """What a rule found.

    Parameters
    ----------
    rule : str
        The rule's name.
    organs : tuple of str
        The organs or regions that it is about.
    sentence : str
        For a person: mm or mL, slices counted from 1 as the window counts them.
    voxel : tuple of int
        A place (i, j, k) of the scan's own array, which belongs to what was found.
    axis : int
        The array axis across the slices: ``voxel[axis]`` is the slice.
    value : float
        What was measured, in ``unit``.
    unit : str
    key : str
        What tells findings of one rule and organ apart: a slice, a place, and roughly how much.

    Examples
    --------
    >>> found = Finding("cavity", ("Bladder",), "Bladder: a cavity.", (10, 12, 4), 2, 0.05, "mL", "slice 4")
    >>> found.slice, found.identity
    (4, 'cavity/Bladder/slice 4')
    """

    rule: str
    organs: tuple[str, ...]
    sentence: str
    voxel: tuple[int, int, int]
    axis: int
    value: float
    unit: str
    key: str

    @property
    def slice(self) -> int:
        """The slice of the scan's own array, counted from 0."""
        return self.voxel[self.axis]

    @property
    def identity(self) -> str:
        """The same for the same thing in every run; another one when it has moved or grown much."""
        return "/".join((self.rule, "+".join(self.organs), self.key))


def amount(ml: float, n_voxels: int) -> str:
    """A volume for a person: in mL, and one that is next to nothing in voxels.

    Examples
    --------
    >>> amount(0.05, 16), amount(0.003, 1), amount(0.004, 3)
    ('0.05 mL', '1 voxel', '3 voxels')
    """
    return f"{ml_text(ml)} mL" if ml >= 0.01 else f"{n_voxels} voxel{'s' if n_voxels > 1 else ''}"


def magnitude(value: float) -> str:
    """Roughly how much, for an identity: the power of two that is closest.

    Examples
    --------
    >>> magnitude(0.05), magnitude(0.052), magnitude(0.5), magnitude(0.0)
    ('2^-4', '2^-4', '2^-1', '0')
    """
    return f"2^{round(math.log2(value))}" if value > 0 else "0"


def told_apart(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings of one check, with a number behind the key of those whose identity another one has already.

    Examples
    --------
    >>> one = Finding("islands", ("GTV",), "GTV: an island.", (0, 0, 0), 2, 0.05, "mL", "slice 0")
    >>> [found.key for found in told_apart([one, one])]
    ['slice 0', 'slice 0 (2)']
    """
    seen: Counter[str] = Counter()
    told = []
    for found in findings:
        seen[found.identity] += 1
        n = seen[found.identity]
        told.append(found if n == 1 else replace(found, key=f"{found.key} ({n})"))
    return tuple(told)
