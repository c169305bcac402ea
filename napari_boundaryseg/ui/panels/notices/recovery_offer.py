"""The offer of work that an earlier window left behind on the open scan."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import QGridLayout, QMenu, QWidget

from napari_boundaryseg.data.metrics.volumes import ml_text
from napari_boundaryseg.editing.journal.recovery import KEPT_DAYS, RecoverableWork
from napari_boundaryseg.ui.control.recovery import scheme_of
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import button, line


def in_words(work: RecoverableWork) -> str:
    """When it was drawn and what it holds."""
    scheme = scheme_of(work)
    volumes = ", ".join(
        f"{scheme.organ(i).name} {ml_text(ml)} mL" for i, ml in work.volumes_ml.items() if i in scheme.ids
    )
    end = "." if work.complete else ". Its end is damaged; what came before can be restored."
    steps = f"{work.steps} step{'s' if work.steps != 1 else ''}" + (f", {volumes}" if volumes else "")
    return f"{work.changed.astimezone():%d %b %Y, %H:%M}: {steps}{end}"


class RecoveryOffer(QWidget):
    """Shown while there is something to offer."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recovery = controller.recovery
        self._work: RecoverableWork | None = None
        self._menu: QMenu | None = None
        self.text = line("correct_panel.recovery")
        self.text.setProperty("level", "warning")
        self.preview = button("correct_panel.preview", "Preview", "Show its outlines beside the labels")
        self.preview.setCheckable(True)
        self.restore = button("correct_panel.restore", "Restore", "Resume it; undo reaches its steps", main=True)
        self.discard = button(
            "correct_panel.discard", "Discard", f"Offer it no longer; for {KEPT_DAYS:.0f} days it can be restored"
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self.text, 0, 0, 1, 3)
        for n, part in enumerate((self.restore, self.preview, self.discard)):
            grid.addWidget(part, 1, n)
        self.preview.toggled.connect(self._on_preview)
        self.restore.clicked.connect(lambda _: self._answer(self._recovery.restore))
        self.discard.clicked.connect(lambda _: self._answer(self._recovery.discard))
        self._recovery.found.connect(self._on_found)
        session = controller.session
        controller.listen(self, session.scan_changed, lambda _: self.refresh())
        self.refresh()

    def _on_preview(self, shown: bool) -> None:
        if self._work is not None:
            self._recovery.preview(self._work, shown)

    def _on_found(self, work: list[RecoverableWork]) -> None:
        """A method, which Qt forgets with the panel."""
        self.refresh()
        if self._menu is not None and self._menu.isVisible():
            self._fill(self._menu)

    def refresh(self) -> None:
        """Offer the newest, or nothing."""
        work = next(iter(self._recovery.of_scan()), None)
        if work != self._work:
            self.preview.setChecked(False)
        self._work = work
        self.setVisible(work is not None)
        if work is not None:
            self.text.setText(f"Unsaved work on this scan was found. {in_words(work)}")

    def _answer(self, act: Callable[[RecoverableWork], None]) -> None:
        if (work := self._work) is not None:
            self.preview.setChecked(False)
            act(work)

    def fill_discarded(self, menu: QMenu) -> None:
        """List what was discarded in the last days on this scan, and look anew; choosing one restores it."""
        self._menu = menu
        self._fill(menu)
        self._recovery.look()

    def _fill(self, menu: QMenu) -> None:
        menu.clear()
        for work in self._recovery.discarded():
            menu.addAction(in_words(work), lambda w=work: self._recovery.restore(w))
        if menu.isEmpty():
            menu.addAction("Nothing on this scan" if self._recovery.looked else "Looking…").setEnabled(False)
