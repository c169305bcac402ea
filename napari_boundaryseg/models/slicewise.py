"""Slice-wise networks: two-dimensional networks on volumes, with neighbouring slices as channels."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_boundaryseg.models import Attention, ModelOutput

Plane = Literal["axial", "coronal", "sagittal"]
AXIS: dict[Plane, int] = {"axial": 0, "coronal": 1, "sagittal": 2}
"""Across which axis of (z, y, x) the slices of a plane lie."""


class SliceWise(nn.Module):
    """A 2-D network that is given volumes: every slice of a plane is a case of its own.

    Parameters
    ----------
    network : nn.Module
        Maps (B, C, height, width) to a `ModelOutput`.
    plane : str
        Which slices: axial are of one z, coronal of one y, sagittal of one x.
    """

    def __init__(self, network: nn.Module, plane: Plane = "axial") -> None:
        super().__init__()
        self.network, self.plane = network, plane

    def forward(self, x: Tensor) -> ModelOutput:
        """(B, C, z, y, x) to a `ModelOutput` of the same spatial size."""
        axis, cases = AXIS[self.plane] + 2, len(x)
        output = self.network(x.movedim(axis, 1).flatten(0, 1))

        def back(maps: Tensor) -> Tensor:
            return maps.unflatten(0, (cases, -1)).movedim(1, axis)

        def each(maps: Tensor | None) -> Tensor | None:
            return None if maps is None else back(maps)

        gates = {
            level: Attention(
                back(gate.spatial), None if gate.channel is None else _mean(gate.channel, cases), gate.kind
            )
            for level, gate in output.attention.items()
        }
        return replace(
            output,
            logits=back(output.logits),
            deep=[back(side) for side in output.deep],
            hard=each(output.hard),
            soft=each(output.soft),
            edges=each(output.edges),
            main=each(output.main),
            attention=gates,
        )


def _mean(channel: Tensor, cases: int) -> Tensor:
    return channel.unflatten(0, (cases, -1)).mean(1)


def with_neighbours(image: Tensor, slices: int, plane: Plane = "axial") -> Tensor:
    """Each slice with its neighbours as further channels; the first and the last slice are repeated beyond the ends.

    Parameters
    ----------
    image : (C, z, y, x) tensor
    slices : int
        Odd: 5 gives each slice two neighbours on both sides. 1 gives the image itself.
    plane : str

    Returns
    -------
    (C · slices, z, y, x) tensor
        Channel by channel, each from the lowest neighbour to the highest.
    """
    if slices == 1:
        return image
    axis, reach = AXIS[plane] + 1, slices // 2
    ends = [0, 0, 0, 0, 0, 0]
    ends[2 * (3 - axis)] = ends[2 * (3 - axis) + 1] = reach
    padded = F.pad(image[None], ends, mode="replicate")[0]
    shifted = [padded.narrow(axis, start, image.shape[axis]) for start in range(slices)]
    return torch.stack(shifted, dim=1).flatten(0, 1)
