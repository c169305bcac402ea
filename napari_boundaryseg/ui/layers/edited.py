"""Which labels layer shows which labels in work."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from napari_boundaryseg.ui.layers.editable_labels import EditableLabels

_EDITABLE: WeakKeyDictionary[Any, EditableLabels] = WeakKeyDictionary()
"""Beside the layers and not in their metadata, which napari copies when a person duplicates a layer."""


def keep(layer: Any, editable: EditableLabels) -> EditableLabels:
    """Remember a layer's history, journal and effort."""
    _EDITABLE[layer] = editable
    return editable


def known(layer: Any) -> EditableLabels | None:
    """What was remembered of a layer, if anything."""
    return _EDITABLE.get(layer)


def forget(layer: Any) -> None:
    """Let a layer be one like any other, before it goes."""
    _EDITABLE.pop(layer, None)
