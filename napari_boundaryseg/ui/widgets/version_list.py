"""List of a project's fine-tuned models: use one, or roll back to the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QListWidget, QListWidgetItem, QWidget

from napari_boundaryseg.ui.widgets.controls import button, column, line, named
from napari_boundaryseg.ui.widgets.layout.button_grid import ButtonGrid

MAX_ROWS_SHOWN = 3


@dataclass(frozen=True)
class Version:
    """One row: a fine-tuned model, what it was made from, and how it compares."""

    path: Path
    base: str
    added: str
    active: bool
    comparison: Mapping[str, Any] | None = None
    has_page: bool = False
    """Whether there are pictures of what changed."""


class VersionList(QWidget):
    """Versions, the one in use marked."""

    use_requested = Signal(str, str)
    rollback_requested = Signal(str)
    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._versions: list[Version] = []
        self.title = line("train_panel.versions_title", "Versions")
        self.list = named(QListWidget(), "train_panel.versions", "Versions", "Models fine-tuned in this project")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.use = button("train_panel.use", "Use", "Segment with the chosen version from now on")
        self.rollback = button("train_panel.rollback", "Roll back", "Use again what was used before; nothing is lost")
        column(self, self.title, self.list, ButtonGrid([self.use, self.rollback])).setContentsMargins(0, 0, 0, 0)
        self.use.clicked.connect(self._on_use)
        self.rollback.clicked.connect(self._on_rollback)
        self.list.currentRowChanged.connect(self._on_row)

    def show_versions(self, versions: Sequence[Version]) -> None:
        """List these versions; without any the list is hidden."""
        self._versions = list(versions)
        self.setVisible(bool(versions))
        self.list.clear()
        for version in versions:
            name, verdict = version.path.stem, str((version.comparison or {}).get("verdict", "not compared"))
            row = f"● {name} · in use" if version.active else name
            item = QListWidgetItem(f"{row}\n    {verdict}")  # a line of its own: a "no" that is cut is a yes
            item.setToolTip(f"{name} · {verdict}\nAdded {version.added}")
            self.list.addItem(item)
        self._enable()
        rows = min(max(len(versions), 1), MAX_ROWS_SHOWN)
        self.list.setFixedHeight(rows * max(self.list.sizeHintForRow(0), 20) + 6)

    def choose(self, path: Path) -> None:
        """Choose the row of a version by its file, where it is listed."""
        paths = [version.path for version in self._versions]
        if path in paths:
            self.list.setCurrentRow(paths.index(path))

    def _current(self) -> Version | None:
        row = self.list.currentRow()
        return self._versions[row] if 0 <= row < len(self._versions) else None

    def _in_use(self) -> Version | None:
        current = self._current()
        active = [version for version in self._versions if version.active]
        same = [version for version in active if current is not None and version.base == current.base]
        return next(iter(same or active), None)

    def _enable(self) -> None:
        current = self._current()
        self.use.setEnabled(current is not None and not current.active)
        self.rollback.setEnabled(self._in_use() is not None)

    def _on_row(self, row: int) -> None:
        self._enable()
        current = self._current()
        if current is not None:
            self.chosen.emit(current)

    def _on_use(self) -> None:
        current = self._current()
        if current is not None:
            self.use_requested.emit(current.base, current.path.name)

    def _on_rollback(self) -> None:
        active = self._in_use()
        if active is not None:
            self.rollback_requested.emit(active.base)
