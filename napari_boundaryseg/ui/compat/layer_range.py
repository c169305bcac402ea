"""The range of a viewer's sliders: that of one scan, in mm, whatever layers there are."""

from __future__ import annotations

from typing import Any, ClassVar

from napari.components import LayerList

Range = tuple[float, float, float]
"""First and last point, and the step between two."""


class _OwnRange(LayerList):
    """A layer list that answers napari's question for the range and the units of its last three axes.

    (0.9.2: a viewer takes both from all its layers together, each time that one comes, goes or changes, and its sliders
    then move to the nearest step. There is no other place to say what they should be.)
    """

    own: ClassVar[tuple[Range, ...]] = ()
    """Along the last three axes, in mm; nothing while napari's own answer counts."""

    @property
    def _ranges(self) -> Any:
        found = super()._ranges
        return (*found[:-3], *self.own) if self.own and len(found) >= 3 else found

    def _get_units(self, layers_extent: Any) -> Any:  # type: ignore[override]  # napari's is a static method
        units = LayerList._get_units(layers_extent)
        if not self.own or units is None or not all(unit.is_compatible_with("mm") for unit in units[-3:]):
            return units
        return (*units[:-3], *(((1 * unit).to("mm")).units for unit in units[-3:]))


def keep_range(viewer: Any, own: tuple[Range, ...]) -> None:
    """Give the sliders of the last three axes this range, also when layers come and go; nothing for napari's own."""
    layers = viewer.layers
    if not isinstance(layers, _OwnRange):
        layers.__class__ = _OwnRange
    layers.own = own
    layers._clean_cache()
    if len(layers):
        viewer._on_layers_change()
