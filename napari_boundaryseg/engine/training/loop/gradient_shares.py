"""How much each loss of a training pulls at the weights that all of them share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn


def gradient_shares(values: Mapping[str, Tensor], parameters: Iterable[nn.Parameter]) -> dict[str, float]:
    """Each loss's part of the sum of the norms of the losses' gradients on shared weights.

    Parameters
    ----------
    values : mapping of str to scalar tensor
        Each loss times its weight; their graph is kept.
    parameters : iterable of Parameter
        A network's. Those that only some of the losses reach, as a head's, are left out.

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
    wanted = [parameter for parameter in parameters if parameter.requires_grad]
    found = [
        torch.autograd.grad(value, wanted, retain_graph=True, allow_unused=True) if value.requires_grad else ()
        for value in values.values()
    ]
    reached = [one for one in found if any(part is not None for part in one)]
    shared = [n for n in range(len(wanted)) if reached and all(one[n] is not None for one in reached)]
    norms = [sum(float(one[n].float().square().sum()) for n in shared) ** 0.5 if one else 0.0 for one in found]
    total = sum(norms)
    return {name: norm / total if total > 0 else 0.0 for name, norm in zip(values, norms, strict=True)}
