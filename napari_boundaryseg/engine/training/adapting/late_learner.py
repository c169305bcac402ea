"""Late learner: a copy of a network whose late layers learn from the corrected slices of one scan."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_boundaryseg.engine.inference.heads import Heads
from napari_boundaryseg.engine.training.adapting.late_layers import only_late
from napari_boundaryseg.engine.training.adapting.trunk import Trunk, steady
from napari_boundaryseg.engine.training.adapting.view import Lesson, Place, View
from napari_boundaryseg.losses import Target
from napari_boundaryseg.losses.reduce import valid_mean
from napari_boundaryseg.losses.wce_dice import segmentation
from napari_boundaryseg.models.blocks import CHANNELS_LAST

RATE = 1e-3
"""Of Adam."""
KEPT = 0.3
"""How much the first answer counts on all other voxels, beside what was drawn."""
GAIN, SHIFT = 0.05, 0.03
"""The scan is seen a little brighter or darker: the largest relative gain, and the SD of a shift, in the scan's SD."""
SHADES = 3
"""So many ways, one after the other: few, so that the trunk's answers can be remembered."""
TOGETHER_VOX = 2**18
"""Two windows of so many voxels at most are learnt from together, which takes a CPU less time than one does."""
_AXES = {"z": 0, "y": 1, "x": 2}


class LateLearner:
    """Keeps a copy of a network between its steps.

    Statistics of norms stay as they are, and nothing is dropped out. Where the model averages over the mirrored scan,
    each window is seen mirrored every second time. What is drawn is learnt by cross-entropy and Dice; on all other
    voxels the cross-entropy to the model's first answer holds it back.

    Parameters
    ----------
    network : nn.Module
        It is left as it is.
    layers : sequence of str
        Whose weights learn: see `late_layers`.
    trunk : Trunk
        Of this network; other learners of the same scan may share it.
    view : View
    lessons : mapping
        Windows that corrected slices go through, with what they teach; without one nothing is learnt.
    device : str
    seed : int
    """

    def __init__(
        self,
        network: nn.Module,
        layers: Sequence[str],
        trunk: Trunk,
        view: View,
        lessons: Mapping[Place, Lesson],
        device: str,
        seed: int,
    ) -> None:
        self._view, self._recipe, self._device, self._trunk = view, view.scan.recipe, device, trunk
        rng = np.random.default_rng(seed)
        self._shades = [(rng.uniform(1 - GAIN, 1 + GAIN), rng.normal(0, SHIFT)) for _ in range(SHADES)]
        copied = copy.deepcopy(network).to(device)
        self.network = copied.to(memory_format=CHANNELS_LAST[self._recipe.dims])  # type: ignore[call-overload]
        self._optimiser = torch.optim.Adam(only_late(self.network, layers), RATE)
        trunk.under(self.network)
        self._lessons, self._first = lessons, self.answers(lessons)
        self.steps = 0

    def step(self) -> None:
        """Move the weights once."""
        self.steps += 1
        if not self._lessons:
            return
        chosen = self._chosen()
        batch = (torch.stack(part).to(self._device) for part in zip(*(self._sample(*one) for one in chosen)))
        image, labels, counted, elsewhere, first = batch
        with self._trunk.given(chosen):
            logits = steady(self.network)(image.contiguous(memory_format=CHANNELS_LAST[3])).logits.float()
        changed = -(first * F.log_softmax(logits, 1)).sum(1, keepdim=True)
        loss = segmentation(logits, Target(labels, valid=counted), None) + KEPT * valid_mean(changed, elsewhere)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._optimiser.step()

    def answers(self, places: Iterable[Place]) -> dict[Place, Tensor]:
        """What the network says of some windows now: (classes, z, y, x) probabilities of each, on the CPU."""
        flips = tuple(_AXES[axis] for axis in self._recipe.inference.flip_axes)
        heads, found = Heads(self.network.eval(), flips, asked=()), {}
        for place in places:
            with torch.no_grad(), self._trunk.given(place):
                stacked = heads(self._view.cut(place)[None].to(self._device))[0]
            found[place] = heads.split(stacked)["classes"].cpu()
        return found

    def _chosen(self) -> tuple[tuple[Place, int, str], ...]:
        """The windows of a step, with the shade of each and the axis along which it is mirrored, if any."""
        size = 2 if math.prod(self._view.window) <= TOGETHER_VOX else 1
        places, flips, chosen = list(self._lessons), self._recipe.inference.flip_axes, []
        for n in range((self.steps - 1) * size, self.steps * size):
            before, which = divmod(n, len(places))
            mirrored = flips[before // 2 % len(flips)] if flips and (which + before) % 2 else ""
            chosen.append((places[which], n // size % SHADES, mirrored))
        return tuple(chosen)

    def _sample(self, place: Place, shade: int, mirrored: str) -> tuple[Tensor, ...]:
        lesson, (gain, shift) = self._lessons[place], self._shades[shade]
        scan, sides = lesson.image, lesson.image[:0]
        if self._recipe.sides_mm:
            scan, sides = lesson.image.split([len(lesson.image) - 3, 3])
        # What is 0 in all channels is padding, or beyond the head.
        image = torch.cat([(scan * gain + shift).masked_fill((scan == 0).all(0), 0), sides])
        parts = (image, lesson.labels, lesson.counted, lesson.elsewhere, self._first[place])
        return tuple(part.flip(_AXES[mirrored] - 3) if mirrored else part for part in parts)
