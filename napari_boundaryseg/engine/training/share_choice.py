"""The choice of the share that is taken of a fine-tuning: halves of its cases, and what their answers say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from napari_boundaryseg.engine.evaluation.paired_change import t_interval

SHARES = (0.5, 1.0)
"""Of the way from the old weights to the new ones, beside 0; each costs a prediction of every case."""
LITTLE = 0.25
"""What is taken where there is no other patient who could judge, or where more would be forgotten than may be."""


def halves(groups: Sequence[str], labelled: Sequence[bool]) -> tuple[list[int], list[int]]:
    """Places of cases in two halves, all of a group (a patient) in one, and something labelled in each.

    The larger groups come first, each to where fewer cases are; those in which something is labelled before the others.
    Where only one group has anything labelled, all are in the first half.

    Examples
    --------
    >>> halves(["p", "p", "q", "r"], [True] * 4)
    ([0, 1], [2, 3])
    >>> halves(["p", "q", "r"], [True, False, False])
    ([0, 1, 2], [])
    """
    found: tuple[list[int], list[int]] = ([], [])
    members: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    shown = {group for group, is_labelled in zip(groups, labelled, strict=True) if is_labelled}
    if len(shown) < 2:
        return list(range(len(groups))), []
    for group in sorted(members, key=lambda one: (one not in shown, -len(members[one]))):
        min(found, key=len).extend(members[group])
    return sorted(found[0]), sorted(found[1])


def ranked(changes: Mapping[float, Sequence[float]]) -> list[float]:
    """The shares that helped as surely as a verdict has to be, that which helped most first; none where none did.

    Parameters
    ----------
    changes : mapping of float to sequence of float
        Share to the change of the score of each patient, against the old weights.

    Returns
    -------
    list of float
        Those whose 95 % t interval leaves out zero, by their mean; of equal ones the smaller before the larger. With
        few patients only what helps each of them about as much is sure.

    Examples
    --------
    >>> ranked({0.5: [0.02, 0.021, 0.019], 1.0: [0.05, 0.04, 0.06]})
    [1.0, 0.5]
    >>> ranked({0.5: [0.02, -0.03, 0.01], 1.0: [-0.05, 0.04, -0.06]})
    []
    """
    found = {share: t_interval(changes[share]) for share in sorted(changes)}
    sure = {share: mean for share, (mean, low, _) in found.items() if mean is not None and low is not None and low > 0}
    return sorted(sure, key=lambda share: -sure[share])


def mixed(before: nn.Module, after: nn.Module, share: float) -> dict[str, Tensor]:
    """Weights on the way from one network to another of its kind; whole numbers are those of the second.

    Examples
    --------
    >>> import torch
    >>> one, two = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    >>> _ = nn.init.constant_(one.weight, 1.0), nn.init.constant_(two.weight, 3.0)
    >>> mixed(one, two, 0.25)["weight"]
    tensor([[1.5000]])
    """
    old, new = before.state_dict(), after.state_dict()
    return {
        name: old[name] + share * (value - old[name]) if value.is_floating_point() else value.clone()
        for name, value in new.items()
    }
