"""Networks that say of nested regions, one by one, whether a voxel lies in them: a sigmoid for each region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_boundaryseg.models import ModelOutput


def class_logits(regions: Tensor, organs: Sequence[int]) -> Tensor:
    """Logits of nested regions to those of classes, whose softmax is what the regions' sigmoids say.

    The sigmoid of a region is its share of the region round it, so that what lies in an inner region lies in the outer
    ones: P(inner) = σ(z inner) P(outer).

    Parameters
    ----------
    regions : (B, R, *sp) tensor
        The outermost first.
    organs : sequence of int
        The class of each region outside the next one.

    Returns
    -------
    (B, 1 + R, *sp) tensor
        Logarithms of probabilities, background first.

    Examples
    --------
    >>> z = torch.tensor([[0.0, 2.0]]).logit(eps=0.2).clamp(-50, 50)[..., None]
    >>> [round(p, 2) for p in class_logits(z, (2, 1)).softmax(1).flatten().tolist()]
    [0.8, 0.16, 0.04]
    """
    z = regions.float()
    inside, outside = F.logsigmoid(z), F.logsigmoid(-z)
    around = torch.zeros_like(z[:, :1])
    found = [outside[:, :1], *[around] * len(organs)]
    for n, organ in enumerate(organs):
        around = around + inside[:, n : n + 1]
        last = n + 1 == len(organs)
        found[organ] = around if last else around + outside[:, n + 1 : n + 2]
    return torch.cat(found, dim=1)


def by_regions(network: nn.Module, organs: Sequence[int]) -> nn.Module:
    """A network with one output channel for each nested region, made to return logits of classes as every other.

    Its weights keep their names.
    """
    network.register_forward_hook(partial(_answer, organs=tuple(organs)))
    return network


def _answer(network: nn.Module, given: object, output: ModelOutput, organs: tuple[int, ...]) -> ModelOutput:
    return replace(
        output,
        logits=class_logits(output.logits, organs),
        deep=[class_logits(one, organs) for one in output.deep],
        main=None if output.main is None else class_logits(output.main, organs),
    )
