"""Metric of a structure in two label maps, and the table that every metric joins."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

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
    on_request : bool
        It is measured only where somebody names it, as papers that report it do.
    of_parts : bool
        It means something of a part of a structure (`StructurePair.part`), which has the whole's surfaces.
    """

    name: str
    compute: Compute
    title: str
    better: Better
    unit: str = ""
    missing: float | None = None
    absent: float = math.nan
    order: int = LAST
    on_request: bool = False
    of_parts: bool = True

    @property
    def heading(self) -> str:
        """Title and unit."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    @property
    def definition(self) -> str:
        """The first line of what its function says of itself."""
        return (self.compute.__doc__ or "").strip().partition("\n")[0]

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
    on_request: bool = False,
    of_parts: bool = True,
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
        metric = Metric(name, compute, title, better, unit, missing, absent, order, on_request, of_parts)
        _registry.register(name)(metric)
        return compute

    return add


def metrics(also: Iterable[str] = ()) -> tuple[Metric, ...]:
    """Every metric that is always measured, and those of the others that are named, in the order of the columns.

    Raises
    ------
    InputError
        For a name that is no metric's.
    """
    wanted = {name: _registry[name] for name in also}
    wanted |= {metric.name: metric for metric in every() if not metric.on_request}
    return tuple(sorted(wanted.values(), key=lambda metric: (metric.order, metric.name)))


def names(also: Iterable[str] = ()) -> tuple[str, ...]:
    """The names of `metrics`."""
    return tuple(metric.name for metric in metrics(also))


def every() -> tuple[Metric, ...]:
    """Every metric, also those that are measured on request only."""
    return tuple(_registry[name] for name in _registry)


def measured(rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The names of the metrics that a table of these rows has columns for.

    Examples
    --------
    >>> [name for name in measured([{"slice_dsc": 0.5}]) if name not in names()]
    ['slice_dsc']
    """
    found = {key for row in rows for key in row}
    return names(metric.name for metric in every() if metric.name in found)
