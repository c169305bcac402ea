"""Notice of unsaved work, whichever section is open: what was taken up by itself, and what lies on other scans."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QGridLayout, QWidget

from napari_boundaryseg.editing.journal.recovery import KEPT_DAYS, RecoverableWork
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.panels.notices.recovery_offer import in_words
from napari_boundaryseg.ui.widgets.controls import button, line


def where(work: RecoverableWork) -> str:
    """The scan and the folder that it was opened from."""
    source = work.header.source
    return f"{work.header.scan_name} in {Path(source[0]).parent.name}" if source else work.header.scan_name


class RecoveryNotice(QWidget):
    """A sentence and its answers; nothing while there is nothing to say."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._labels, self._recovery, session = controller.labels, controller.recovery, controller.session
        self._taken: RecoverableWork | None = None
        self._later: set[Path] = set()
        self.text = line("recovery_notice.text")
        self.text.setProperty("level", "warning")
        self.open = button("recovery_notice.open", "Open", "Open the scan; the work on it is taken up", main=True)
        self.later = button("recovery_notice.later", "Later", "It is taken up whenever the scan is opened")
        self.keep = button("recovery_notice.keep", "Go on", "Go on with these labels", main=True)
        self.discard = button(
            "recovery_notice.discard",
            "Discard",
            f"Take them away; for {KEPT_DAYS:.0f} days they can be restored",
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(8, 4, 8, 4)
        grid.addWidget(self.text, 0, 0, 1, 2)
        for n, part in enumerate((self.open, self.later, self.keep, self.discard)):
            grid.addWidget(part, 1, n % 2)
        self.open.clicked.connect(lambda _: self._on_open())
        self.later.clicked.connect(lambda _: self._on_later())
        self.keep.clicked.connect(lambda _: self._on_keep())
        self.discard.clicked.connect(lambda _: self._on_discard())
        self._recovery.taken_up.connect(self._on_taken)
        self._recovery.found.connect(self._refresh)
        self._labels.accepted.connect(self._on_keep)
        controller.listen(self, session.scan_changed, lambda _: self._on_keep())
        self._refresh()

    def _elsewhere(self) -> list[RecoverableWork]:
        return [work for work in self._recovery.elsewhere() if work.folder not in self._later]

    def _refresh(self, found: object = None) -> None:
        taken, elsewhere = self._taken, self._elsewhere()
        if taken is not None:
            self.text.setText(f"Unsaved work on this scan was taken up again. {in_words(taken)}")
        elif elsewhere:
            first, more = elsewhere[0], len({work.header.scan_hash for work in elsewhere}) - 1
            others = f" And on {more} more scan{'s' if more != 1 else ''}." if more else ""
            self.text.setText(f"Unsaved work on {where(first)}: {in_words(first)}{others}")
            self.text.setToolTip("\n".join(first.header.source))
        for part in (self.keep, self.discard):
            part.setVisible(taken is not None)
        self.open.setVisible(taken is None and bool(elsewhere) and bool(elsewhere[0].header.source))
        self.later.setVisible(taken is None and bool(elsewhere))
        self.setVisible(taken is not None or bool(elsewhere))

    def _on_taken(self, work: RecoverableWork) -> None:
        self._taken = work
        self._refresh()

    def _on_keep(self) -> None:
        self._taken = None
        self._refresh()

    def _on_discard(self) -> None:
        self._on_keep()
        self._labels.discard()
        self._recovery.look()

    def _on_open(self) -> None:
        self._controller.open(*(Path(source) for source in self._elsewhere()[0].header.source))

    def _on_later(self) -> None:
        self._later |= {work.folder for work in self._recovery.elsewhere()}
        self._refresh()
