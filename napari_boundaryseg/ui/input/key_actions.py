"""What the keys of the table do in one window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from napari.layers import Labels

from napari_boundaryseg.ui import keys
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.input import habits
from napari_boundaryseg.ui.input.keyboard import Act
from napari_boundaryseg.ui.keys import DOWN, MODES
from napari_boundaryseg.ui.layers.organ_slices import ends
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid
from napari_boundaryseg.ui.layers.step_names import PLANES
from napari_boundaryseg.ui.tools.outline import REACH_PX
from napari_boundaryseg.ui.views.pixels import mm_per_pixel


class KeyActions:
    """Finds out whether there is something to act on, and acts.

    Parameters
    ----------
    controller : ViewerController
    view : callable
        The grid of the plane that the mouse is over.
    has : callable
        Whether a habit holds.
    """

    def __init__(
        self, controller: ViewerController, view: Callable[[], ScanGrid], has: Callable[[str], bool], bare: Any
    ) -> None:
        self._controller, self._tools, self._view, self._has = controller, controller.tools, view, has
        self._viewer, self._bare = controller.viewer, bare

    def acts(self) -> Mapping[str, Act]:
        """By the actions of the table; a key without an act stays napari's."""
        tools, outline, carry = self._tools, self._tools.outline, self._controller.carry
        clean, copies, review = self._controller.clean, self._controller.copies, self._controller.review
        made = {
            "tool.smaller": self._on_labels("tool.smaller", lambda: tools.resize_brush(-1)),
            "tool.larger": self._on_labels("tool.larger", lambda: tools.resize_brush(1)),
            "tool.leave": Act(self._leave, lambda: self._in_hand() or self._carries() or clean.is_on),
            "outline.apply": Act(self._apply, lambda: self._has_outline() or clean.is_on),
            "outline.delete": Act(self._delete_corner, self._has_outline),
            "outline.back": Act(outline.back, self._has_outline),
            "edit.undo": Act(self._undo, self._may_go_back),
            "edit.redo": Act(self._redo, self._may_go_back),
            "case.accept": self._on_labels("case.accept", self._controller.cases.accept_and_go_on),
            "case.next": Act(self._controller.cases.next, self._has_cases),
            "case.previous": Act(self._controller.cases.previous, self._has_cases),
            "carry.show": self._on_labels("carry.show", lambda: carry.show(not carry.is_on, self._view())),
            "slice.accept": self._on_labels("slice.accept", self._controller.progress.accept_slice),
            "slice.copy_up": self._on_labels("slice.copy_up", lambda: copies.copy(1, self._view())),
            "slice.copy_down": self._on_labels("slice.copy_down", lambda: copies.copy(-1, self._view())),
            "clean.show": self._on_labels("clean.show", self._controller.clean_asked.emit),
            "adapt.run": self._on_labels("adapt.run", self._controller.adapting.run),
            "carry.way": Act(carry.change_way, self._carries),
            "carry.take": Act(carry.take, self._carries),
            "carry.take_range": Act(carry.take_range, self._carries),
            "carry.take_all": Act(carry.take_all, self._carries),
            "review.next": Act(review.next, self._reviews),
            "review.previous": Act(review.previous, self._reviews),
            "review.accept": Act(review.accept, self._reviews),
            "review.flag": Act(review.flag, self._reviews),
            "view.bare": Act(self._bare.begin, self._has_scan, self._bare.end),
            "slice.next": Act(partial(self._step, 1), self._steps),
            "slice.previous": Act(partial(self._step, -1), self._steps),
            "slice.first": Act(lambda: self._go_to_end(0), self._finds_organ),
            "slice.last": Act(lambda: self._go_to_end(1), self._finds_organ),
            "help": Act(self._controller.keys_asked.emit),
        }
        for name, mode in MODES.items():
            made[f"tool.{name}"] = self._on_labels(f"tool.{name}", partial(tools.set_mode, mode))
        for n in range(9):
            made[f"organ.{n + 1}"] = Act(partial(self._choose, n), partial(self._has_organ, n))
        return made

    def _has_scan(self) -> bool:
        return self._controller.session.scan is not None

    def _has_cases(self) -> bool:
        return bool(self._controller.cases.rows())

    def _has_labels(self) -> bool:
        return self._tools.layer is not None

    def _has_outline(self) -> bool:
        return self._in_hand() and self._tools.state()[0] == MODES["polygon"] and self._tools.has_outline()

    def _carries(self) -> bool:
        return self._controller.carry.is_on

    def _reviews(self) -> bool:
        return self._controller.review.is_on and self._tools.own.stroke is None

    def _in_hand(self) -> bool:
        return self._has_labels() and self._tools.state()[0] != DOWN

    def _steps(self) -> bool:
        return self._has(habits.ARROWS) and self._view().is_flat

    def _finds_organ(self) -> bool:
        return self._steps() and self._has_labels()

    def _may_go_back(self) -> bool:
        """Another labels layer that a person works on has steps of its own."""
        active = self._viewer.layers.selection.active
        return self._has_labels() and (active is self._tools.layer or not isinstance(active, Labels))

    def _on_labels(self, action: str, do: Callable[[], object]) -> Act:
        def act() -> None:
            self._take_labels(keys.KEYS[action].label)
            do()

        return Act(act, self._has_labels)

    def _take_labels(self, what: str = "") -> None:
        """Make our labels the active layer, and say so where another one was chosen."""
        active, selection = self._viewer.layers.selection.active, self._viewer.layers.selection
        if active is self._tools.layer:
            return
        selection.active = self._tools.layer
        if active is not None:
            begin = f"{what}: this is" if what else "This is"
            self._controller.session.say(
                "info", f"{begin} about the labels. The layer {active.name} was chosen before."
            )

    def _organs(self) -> tuple[int, ...]:
        scheme = self._controller.labels.scheme()
        return scheme.ids if scheme is not None else ()

    def _has_organ(self, n: int) -> bool:
        return n < len(self._organs())

    def _choose(self, n: int) -> None:
        self._take_labels()
        self._tools.choose(self._organs()[n])

    def _undo(self) -> None:
        """A stroke that is not let go, or the last corner of a polygon in work, is the last change."""
        if self._tools.own.call_off():
            return
        if self._has_outline():
            self._tools.outline.back()
        else:
            self._take_labels("Undo")
            self._tools.undo()

    def _redo(self) -> None:
        self._take_labels("Redo")
        self._tools.redo()

    def _delete_corner(self) -> None:
        self._tools.outline.delete(REACH_PX * abs(mm_per_pixel(self._view().viewer)[0]))

    def _apply(self) -> None:
        if not self._has_outline():
            self._controller.clean.apply()
            return
        outline, shown = self._tools.outline, (self._controller.grid, self._view())
        axis, at = outline.axis, outline.slice
        seen = any((grid.axis, grid.slice()) == (axis, at) for grid in shown)
        outline.apply("" if seen else f"on {PLANES[axis]} {at + 1}")

    def _leave(self) -> None:
        if self._tools.own.call_off():
            return
        if self._has_outline():
            self._tools.outline.discard()
        elif self._controller.clean.is_on:
            self._controller.clean.put_away()
        elif self._carries():
            self._controller.carry.show(False)
        else:
            self._tools.set_mode(DOWN)

    def _step(self, by: int) -> None:
        if self._tools.own.stroke is None:  # a stroke never goes on in another slice
            self._view().step(by)

    def _go_to_end(self, which: int) -> None:
        if self._tools.own.stroke is not None:
            return
        view, labels, organ = self._view(), self._tools.layer, self._tools.state()[2]
        found = ends(labels.data, organ, view.axis)
        if found is None:
            self._controller.session.say("info", "The chosen organ is not drawn yet.")
        else:
            view.show_slice(found[which])
