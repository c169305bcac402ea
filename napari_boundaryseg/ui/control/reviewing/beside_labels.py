"""What is known of the labels in work beside others' labels: computed beside the window, and renewed as they change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.data.geometry import slice_axis
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.reviewing.beside import Beside
from napari_boundaryseg.ui.control.reviewing.look import Look
from napari_boundaryseg.ui.control.reviewing.references import Reference, References
from napari_boundaryseg.ui.control.reviewing.settled import Settled
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels, State


class BesideLabels(QObject):
    """Keeps what is known of each labels, with the state in which they were; one thing is computed at a time.

    A class of it begins what is missing in `_follow` and shows what there is in `_show`.

    Parameters
    ----------
    name : str
        Of its threads.
    """

    changed = Signal()
    """Something else is known, chosen or shown."""

    def __init__(
        self,
        name: str,
        viewer: Any,
        session: Session,
        settled: Settled,
        look: Look,
        references: References,
        *,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self.session = viewer, session
        self._settled, self._look, self._references = settled, look, references
        self._beside = Beside(session, name, self)
        self._known: WeakKeyDictionary[EditableLabels, Any] = WeakKeyDictionary()
        self._asked: EditableLabels | None = None
        """The labels for which a person waits."""
        self._told_fresh = False
        viewer.layers.events.removed.connect(self._on_removed)
        settled.stepped.connect(self._on_step)
        settled.settled.connect(self._on_settled)
        session.scan_changed.connect(self._on_scan)

    def known(self) -> Any:
        """What is known of the labels in work; None where nothing is."""
        editable = self._settled.editable
        return self._known.get(editable) if editable is not None else None

    def others(self) -> list[Reference]:
        """Whose labels there are beside those in work."""
        return self._references.all() if self._settled.editable is not None else []

    @property
    def is_fresh(self) -> bool:
        """Whether what is known is of the labels as they are."""
        editable, known = self._settled.editable, self.known()
        return editable is not None and known is not None and known.state == editable.state

    @property
    def is_busy(self) -> bool:
        """Whether anything is being computed."""
        return self._beside.is_busy

    @property
    def is_comparing(self) -> bool:
        """Whether what a person has just chosen is being compared."""
        return self._asked is not None and self._asked is self._settled.editable

    def _now(self, editable: EditableLabels, scan: Volume) -> tuple[Callable[[], LabelMap], State]:
        """What makes a label map of the labels as they are, on any thread; and their state."""
        editable.history.commit("Change")
        array, scheme = editable.history.array.copy(), editable.scheme

        def judged() -> LabelMap:
            own = np.ascontiguousarray(scan.geometry.display.from_display(array))
            return LabelMap(own, scan.geometry, scheme, scan.name)

        return judged, editable.state

    def _may_begin(self) -> bool:
        """Whether the labels are at rest; else `_follow` is called once they are."""
        if self._settled.is_drawing or not self._settled.is_quiet:
            self._settled.tell_again()
            return False
        return True

    def _look_at(self, voxel: tuple[int, int, int]) -> None:
        """Show a place of the display grid, in the scan's own plane."""
        scan = self.session.scan
        if scan is not None:
            self._look.at(voxel, scan.geometry.display.axis_to_display(slice_axis(scan.affine)))

    def _tell(self) -> None:
        self._told_fresh = self.is_fresh
        self.changed.emit()

    def _follow(self) -> None:
        raise NotImplementedError

    def _show(self) -> None:
        raise NotImplementedError

    def _on_step(self) -> None:
        """What is shown is of before, or is right again."""
        if self.known() is not None and self.is_fresh != self._told_fresh:
            self._tell()

    def _on_settled(self) -> None:
        """Labels that have changed are looked at again; those that came into the window have layers of their own."""
        self._show()
        self._follow()

    def _on_scan(self, *_: object) -> None:
        raise NotImplementedError

    def _on_removed(self, event: Any) -> None:
        raise NotImplementedError
