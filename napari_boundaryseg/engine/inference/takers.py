"""What takes a network's answer slab by slab: for all maps, or for labels alone."""

from __future__ import annotations

from napari_boundaryseg.engine.inference.answer import Look
from napari_boundaryseg.engine.inference.assembling.assembly import Assembly
from napari_boundaryseg.engine.inference.assembling.decision import Winners
from napari_boundaryseg.engine.inference.assembling.device_decision import decided_there
from napari_boundaryseg.engine.inference.heads import Heads
from napari_boundaryseg.engine.inference.sliding_window import Slab


class TakesMaps:
    """Takes all maps.

    Parameters
    ----------
    heads : Heads
    assembly : Assembly
    """

    def __init__(self, heads: Heads, assembly: Assembly) -> None:
        self.heads, self.assembly = heads, assembly

    def take(self, slab: Slab) -> None:
        """To the assembly, on the CPU."""
        maps = {name: tensor.cpu().numpy() for name, tensor in self.heads.split(slab.maps).items()}
        self.assembly.add(slab.where, slab.axis, maps, self.heads.attention_kind)


class TakesLabels:
    """Takes which class each voxel is.

    Parameters
    ----------
    heads : Heads
    seen : Look
    """

    def __init__(self, heads: Heads, seen: Look) -> None:
        self._heads, self._nested = heads, seen.recipe.nested
        self.winners = Winners(seen.grid.own_shape, 1 + len(seen.recipe.scheme.ids), seen.recipe.nested)

    def take(self, slab: Slab) -> None:
        """To the CPU: from a GPU the labels alone."""
        classes = self._heads.split(slab.maps)["classes"]
        if classes.device.type == "cpu":
            self.winners.add(slab.where, classes.numpy())
        else:
            self.winners.put(slab.where, *(one.cpu().numpy() for one in decided_there(classes, self._nested)))
