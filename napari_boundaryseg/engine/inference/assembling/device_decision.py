"""One class a voxel where the probabilities lie: on a GPU labels come back, and not a map for each class."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor

from napari_boundaryseg.data.nested_regions import organs_between


def decided_there(probabilities: Tensor, nested: Sequence[Sequence[int]] = ()) -> tuple[Tensor, Tensor]:
    """What `decision.decided` says, and how likely that is, on the probabilities' own device.

    Parameters
    ----------
    probabilities : (1 + organs, *sp) float tensor
    nested : sequence of sequences of int
        As of `decision.decided`.

    Returns
    -------
    found : (*sp) uint8 tensor, or int16 where there are more than 256 classes
    own : (*sp) tensor
        The probability of the class that was found.

    Examples
    --------
    >>> found, own = decided_there(torch.tensor([[0.2, 0.5], [0.7, 0.5], [0.1, 0.0]]))
    >>> found.tolist(), [round(one, 1) for one in own.tolist()]
    ([1, 0], [0.7, 0.5])
    """
    kind = torch.uint8 if len(probabilities) <= 256 else torch.int16
    found = torch.zeros(probabilities.shape[1:], dtype=kind, device=probabilities.device)
    if nested:
        for inside, organ in zip(nested, organs_between(nested), strict=True):
            found.masked_fill_(reduce(torch.add, [probabilities[n] for n in inside]) >= 0.5, organ)
        return found, probabilities.gather(0, found.long()[None])[0]
    most = probabilities[0].clone()
    for n, other in enumerate(probabilities[1:], start=1):
        found.masked_fill_(other > most, n)  # the first of equals, as nowhere else is promised
        torch.maximum(most, other, out=most)
    return found, most
