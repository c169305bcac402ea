"""Shelf of a viewer: labels in work that it does not show, each kept whole with its scan until that is opened again."""

from __future__ import annotations

from threading import Thread
from typing import Any
from weakref import WeakKeyDictionary

from napari_boundaryseg.ui.layers.editable_labels import EditableLabels


class Shelf:
    """Keeps history, locks, effort and journal; the labels themselves are packed, so that many take little memory."""

    def __init__(self) -> None:
        self._held: dict[EditableLabels, Thread] = {}

    def put(self, editable: EditableLabels) -> None:
        """Keep labels that no layer shows any more."""
        editable.detach()
        packing = Thread(target=editable.history.pack, name="shelf", daemon=True)
        self._held[editable] = packing
        packing.start()

    def take(self, editable: EditableLabels) -> EditableLabels:
        """Give labels back, ready to be shown."""
        self._held.pop(editable).join()
        editable.history.unpack()
        return editable

    def of_scan(self, scan_hash: str) -> list[EditableLabels]:
        """The labels of one scan, those that were put here last first."""
        return [editable for editable in reversed(self._held) if editable.scan_hash == scan_hash]

    def all(self) -> list[EditableLabels]:
        """Everything that is here."""
        return list(self._held)

    def tidy(self) -> None:
        """Let go of what has been stored meanwhile."""
        for editable in [editable for editable in self._held if editable.is_as_stored]:
            self._held.pop(editable)
            editable.close()

    def close(self) -> None:
        """End every journal: the next window takes up what is not stored."""
        for editable in self._held:
            editable.close()
        self._held = {}


_SHELVES: WeakKeyDictionary[Any, Shelf] = WeakKeyDictionary()


def shelf_of(viewer: Any) -> Shelf:
    """The viewer's shelf: made when first asked for."""
    return _SHELVES.setdefault(viewer, Shelf())
