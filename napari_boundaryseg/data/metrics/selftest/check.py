"""Check of the metrics against the known answers, value by value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_boundaryseg.data.metrics.label_maps import evaluate
from napari_boundaryseg.data.metrics.metric import Metric, metrics
from napari_boundaryseg.data.metrics.selftest import solids, special_cases
from napari_boundaryseg.data.metrics.selftest.known_answer import KnownAnswer
from napari_boundaryseg.data.metrics.surface import AT_TOLERANCES
from napari_boundaryseg.data.volume import Geometry, LabelMap

ROUNDING = 1e-9
"""A value that differs by less is the known one, as a share of it where it is above 1."""


@dataclass(frozen=True)
class Checked:
    """One value of one metric beside the known one."""

    answer: KnownAnswer
    organ: int
    metric: Metric
    value: float
    expected: float

    @property
    def right(self) -> bool:
        """Whether the two are the same; both may be none."""
        if math.isnan(self.expected):
            return math.isnan(self.value)
        return abs(self.value - self.expected) <= ROUNDING * max(1.0, abs(self.expected))


def known_answers() -> tuple[KnownAnswer, ...]:
    """Every shape with known answers.

    Examples
    --------
    >>> [answer.name for answer in known_answers()][:2]
    ['a cube and itself', 'a sphere of 5 mm against one of 4 mm']
    """
    made = (
        solids.same,
        solids.sphere,
        solids.shell,
        solids.shifted,
        solids.long_voxels,
        solids.island,
        solids.at_the_border,
        special_cases.both_empty,
        special_cases.not_found,
        special_cases.not_there,
        special_cases.touching,
        special_cases.one_voxel,
        special_cases.planes,
    )
    return tuple(make() for make in made)


def check(answers: Iterable[KnownAnswer] | None = None) -> Iterator[Checked]:
    """Every value of every metric with a known answer, measured as `evaluate` measures label maps.

    Surface Dice at 1, 2 and 3 mm is checked too. A metric of another package has no known answer, and is left out.

    Parameters
    ----------
    answers : iterable of KnownAnswer, optional
        `known_answers` by default.

    Examples
    --------
    >>> found = list(check())
    >>> len(found), all(one.right for one in found)
    (168, True)
    """
    for answer in known_answers() if answers is None else answers:
        measured = _measured(answer)
        for organ, expected in answer.expected.items():
            for metric in metrics(AT_TOLERANCES):
                if metric.name in expected:
                    # What neither map holds has no row: the table of metrics says what stands for it.
                    value = measured[organ][metric.name] if organ in measured else metric.absent
                    yield Checked(answer, organ, metric, float(value), float(expected[metric.name]))


def _measured(answer: KnownAnswer) -> dict[int, dict[str, Any]]:
    affine = np.eye(4)
    np.fill_diagonal(affine[:3, :3], answer.spacing_mm)
    geometry = Geometry(answer.reference.shape, affine)
    found, truth = LabelMap(answer.prediction, geometry), LabelMap(answer.reference, geometry)
    scores = evaluate(found, truth, answer.tolerance_mm, AT_TOLERANCES)
    return {int(organ.removeprefix("Label ")): row for organ, row in scores.items()}
