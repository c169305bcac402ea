"""Metric of a structure in two label maps, and the table that every metric joins."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from napari_boundaryseg.data.metrics.structure_pair import StructurePair
from napari_boundaryseg.registry import Registry

Better = Literal["higher", "lower", "zero", "neither"]
Compute = Callable[[StructurePair], float]
LAST = 1000


@dataclass(frozen=True)
class Metric:
    """One row of the table of metrics.

    Parameters
    ----------
    name : str
        The key in rows, CSV columns and recipes; it ends in the unit where there is one: ``hd95_mm``.
    compute : callable
        ``compute(pair)`` → the value, NaN where the two masks have none.
    title : str
        As people read it at the head of a column.
    better : {"higher", "lower", "zero", "neither"}
        Which way is better; "neither" for a size that describes a structure. Sizes are not averaged over structures.
    unit : str
        Empty for a ratio.
    missing : float or None
        The value of a structure that only one of the two masks holds. NaN: it has none, and is left out of a mean.
        None: it is computed as for any other.
    absent : float
        The value of a structure that neither mask holds, where something must stand for it; NaN for none.
    order : int
        The place among the columns, from left to right.
    """

    name: str
    compute: Compute
    title: str
    better: Better
    unit: str = ""
    missing: float | None = None
    absent: float = math.nan
    order: int = LAST

    @property
    def heading(self) -> str:
        """Title and unit."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    def of(self, pair: StructurePair) -> float:
        """The value of one structure."""
        return self.missing if pair.missing and self.missing is not None else float(self.compute(pair))


_registry: Registry[Metric] = Registry("metric", __package__, "napari_boundaryseg.metrics", of=Metric)


def register(
    name: str,
    *,
    title: str,
    better: Better,
    unit: str = "",
    missing: float | None = None,
    absent: float = math.nan,
    order: int = LAST,
) -> Callable[[Compute], Compute]:
    """Decorate the function that computes a metric; the arguments are those of `Metric`.

    Raises
    ------
    ValueError
        When a metric of this name is registered already, or nobody knows which way is better.
    """
    if better not in get_args(Better):
        raise ValueError(f"better is {better!r}, and none of {', '.join(get_args(Better))}")

    def add(compute: Compute) -> Compute:
        _registry.register(name)(Metric(name, compute, title, better, unit, missing, absent, order))
        return compute

    return add


def metrics() -> tuple[Metric, ...]:
    """Every metric, in the order of the columns."""
    return tuple(sorted((_registry[name] for name in _registry), key=lambda metric: (metric.order, metric.name)))


def names() -> tuple[str, ...]:
    """The name of every metric, in the order of the columns."""
    return tuple(metric.name for metric in metrics())
