"""How much each loss of a training pulls at the weights that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn


def gradient_shares(
    values: Mapping[str, Tensor],
    parameters: Sequence[nn.Parameter],
    backward: Callable[..., object] = torch.autograd.backward,
) -> dict[str, float]:
    """Each loss's part of the sum of the norms of the losses' gradients on shared weights.

    Parameters
    ----------
    values : mapping of str to scalar tensor
        Each loss times its weight; their graph is kept.
    parameters : sequence of Parameter
        A network's, whose gradients are gone afterwards. Those that only some of the losses reach, as a head's, are
        left out.
    backward : callable
        ``backward(value, retain_graph=True)``; the training's own, where another is refused.

    Returns
    -------
    dict of str to float
        0..1, summing to 1; all 0 where nothing pulls at what is shared.

    Examples
    --------
    >>> trunk, head = nn.Parameter(torch.tensor(1.0)), nn.Parameter(torch.tensor(1.0))
    >>> gradient_shares({"one": 3 * trunk, "other": trunk * head}, [trunk, head])
    {'one': 0.75, 'other': 0.25}
    """
    squares: list[dict[int, float]] = []
    for value in values.values():
        for parameter in parameters:
            parameter.grad = None
        if value.requires_grad:
            backward(value, retain_graph=True)
        reached = {n: one.grad for n, one in enumerate(parameters) if one.grad is not None}
        squares.append({n: float(grad.float().square().sum()) for n, grad in reached.items()})
    for parameter in parameters:
        parameter.grad = None
    shared = set.intersection(*(set(one) for one in squares if one)) if any(squares) else set()
    norms = [sum(one[n] for n in shared) ** 0.5 if one else 0.0 for one in squares]
    total = sum(norms)
    return {name: norm / total if total > 0 else 0.0 for name, norm in zip(values, norms, strict=True)}
