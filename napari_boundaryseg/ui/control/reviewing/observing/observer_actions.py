"""Actions of several observers: the surface in the middle, how far they lie apart, and the labels beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from qtpy.QtCore import QObject

from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.jobs.error_text import sentence
from napari_boundaryseg.review.observer_spread import ObserverSpread
from napari_boundaryseg.review.observing import labels_among, observe
from napari_boundaryseg.review.spread_places import SpreadPlace
from napari_boundaryseg.ui.compat.window import is_open
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.control.reviewing.beside_labels import BesideLabels
from napari_boundaryseg.ui.control.reviewing.observing.studied import Studied
from napari_boundaryseg.ui.control.reviewing.references import Reference
from napari_boundaryseg.ui.layers.access import KIND
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels
from napari_boundaryseg.ui.layers.reviewing.border_layer import hide_border
from napari_boundaryseg.ui.layers.reviewing.observer_layers import MEDIAN, SPREAD, show_median, show_spread

SHOW = {MEDIAN: show_median, SPREAD: show_spread}


class ObserverActions(BesideLabels):
    """Compares observers beside the window's thread when it is asked for, and the labels with them as they change."""

    def __init__(self, *parts: Any, parent: QObject | None = None) -> None:
        super().__init__("observers", *parts, parent=parent)
        self._wanted: set[str] = set()
        self._in_sight: dict[str, ObserverSpread | None] = dict.fromkeys(SHOW)

    def known(self) -> Studied | None:
        """What is known of observers beside the labels in work; None where there are none."""
        found: Studied | None = super().known()
        return found

    @property
    def shows_median(self) -> bool:
        """Whether the surface in the middle is to be seen."""
        return MEDIAN in self._wanted

    @property
    def shows_spread(self) -> bool:
        """Whether it is to be seen how far observers lie apart along it."""
        return SPREAD in self._wanted

    # What the panel asks for.
    @report_errors
    def compare(self, observers: Sequence[Reference], names: Sequence[str]) -> None:
        """Compare observers with each other, and the labels in work with them, from now on whenever they change."""
        editable, scan = self._settled.editable, self.session.scan
        if editable is None or scan is None:
            return
        scheme, read = editable.scheme, [self._references.reader(one, editable.scheme) for one in observers]
        studied = Studied(tuple(observers), tuple(names))
        judged, state = self._now(editable, scan)

        def compute() -> Studied:
            labels: list[LabelMap] = []
            try:
                for name, one in zip(names, read, strict=True):
                    labels.append(replace(one(), name=name))
                return _lying(replace(studied, observing=observe(labels, scheme)), judged(), state)
            except Exception as error:
                return replace(studied, failed=sentence(error), state=state)

        self._asked = editable
        self._beside.ask(compute, partial(self._take, editable))
        self.changed.emit()

    @report_errors
    def name(self, key: object, name: str) -> None:
        """Call an observer otherwise."""
        known = self.known()
        if known is not None and any(one.key == key for one in known.observers):
            pairs = zip(known.observers, known.names, strict=True)
            known.names = tuple(name if one.key == key else was for one, was in pairs)
            self.changed.emit()

    @report_errors
    def choose(self, organ: str) -> None:
        """Look at an organ."""
        known = self.known()
        if known is not None and known.organ != organ:
            known.organ = organ
            self._show()

    @report_errors
    def show_median(self, on: bool) -> None:
        """Show or hide the surface in the middle."""
        self._want(MEDIAN, on)

    @report_errors
    def show_spread(self, on: bool) -> None:
        """Show or hide how far observers lie apart along it."""
        self._want(SPREAD, on)

    def _want(self, kind: str, on: bool) -> None:
        (self._wanted.add if on else self._wanted.discard)(kind)
        self._show()

    @report_errors
    def go_to(self, place: SpreadPlace) -> None:
        """Show a place of the border."""
        self._look_at(place.voxel)

    def for_certificate(self) -> dict[str, Any] | None:
        """What was said of the very labels in work beside several observers; None where it was not."""
        known = self.known()
        return known.plain if known is not None and known.observing is not None and self.is_fresh else None

    def _follow(self) -> None:
        """Find out where the labels lie as they are, unless that is known or something is being computed."""
        known, editable, scan = self.known(), self._settled.editable, self.session.scan
        if known is None or editable is None or scan is None or known.observing is None:
            return
        if self.is_fresh or self._beside.is_busy or not self._may_begin():
            return
        judged, state = self._now(editable, scan)
        self._beside.ask(lambda: _lying(known, judged(), state), partial(self._take, editable))
        self.changed.emit()

    def _take(self, editable: EditableLabels, found: Studied) -> None:
        before, self._asked = self._known.get(editable), None
        self._known[editable] = found
        organs = list(found.observing.organs) if found.observing is not None else []
        organ = before.organ if before is not None else ""
        found.organ = organ if organ in organs else next(iter(organs), "")
        if before is not None and [one.key for one in before.observers] == [one.key for one in found.observers]:
            found.names = before.names  # a person may have given others meanwhile
        self._show()
        self._follow()

    def _show(self) -> None:
        """Have the layers in the window that are wanted; within a stroke they stay as they are."""
        known, scan = self.known(), self.session.scan
        spread = known.spread if known is not None else None
        for kind, show in SHOW.items() if is_open(self._viewer) else ():
            wanted = spread if kind in self._wanted and scan is not None else None
            if wanted is self._in_sight[kind]:
                continue
            if wanted is None or known is None or scan is None:
                self._in_sight[kind] = None
                hide_border(self._viewer, kind)
            elif self._settled.is_drawing:
                self._settled.tell_again()
            else:
                self._in_sight[kind] = wanted
                show(self._viewer, scan, known.organ, wanted)
        self._tell()

    def _on_scan(self, *_: object) -> None:
        self._wanted.clear()
        self._show()

    def _on_removed(self, event: Any) -> None:
        """A person may take a layer out of the list."""
        kind = event.value.metadata.get(KIND)
        if kind in SHOW:
            self._wanted.discard(kind)
            self._in_sight[kind] = None
            self.changed.emit()


def _lying(studied: Studied, judged: LabelMap, state: Any) -> Studied:
    """The same observers, and where these labels lie among them."""
    if studied.observing is None:
        return studied
    before = None if studied.judged is None else (studied.judged, studied.lying)
    lying = labels_among(judged, studied.observing, before)
    plain = studied.observing.plain([one.kind for one in studied.observers], lying)
    return replace(studied, judged=judged, state=state, lying=lying, plain=plain)
