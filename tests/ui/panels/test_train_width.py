"""The Train panel at 1366 x 768: a fine-tuning with much to show is no wider than the dock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hands import live
from napari.settings import get_settings
from qtpy import API_NAME
from qtpy.QtWidgets import QAbstractSpinBox, QPushButton, QWidget, QWidgetItem

from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.case_table import CaseLine
from napari_boundaryseg.ui.widgets.jobs.training_list import Stopped
from napari_boundaryseg.ui.widgets.version_list import Version

CASES = [f"hippocampus_{n:03}" for n in (17, 42, 68, 95, 101, 113)]
DOCK, MARGINS = 300, 16
"""The dock's width at 1366 x 768, and what a panel leaves at both sides together, in pixels."""
ORGANS = ("Hippocampus_A", "Hippocampus_P", "Femur_Head_L", "Bladder")


def much(panel: Any) -> None:
    """What a finished fine-tuning, one that runs, and those before them show."""
    rows = [
        {"case": name, "organ": organ, "dsc_before": 0.913, "dsc_after": 0.947} for name in CASES for organ in ORGANS
    ]
    change = {"mean": 0.034, "low": 0.011, "high": 0.057}
    comparison = {"verdict": "no evidence", "n": 6, "change": change, "cases": rows}
    names = ["hippocampus-hmedn-3", "hippocampus-hmedn-2", "hippocampus-hmedn-1"]
    versions = [
        Version(Path(f"{name}.safetensors"), "hippocampus-hmedn", "2026-11-30", n == 0, comparison, True)
        for n, name in enumerate(names)
    ]
    panel.cases.show_cases([CaseLine(name) for name in CASES])
    panel.versions.show_versions(versions)
    panel.stopped.show_trainings([Stopped("hippocampus-hmedn, 40 of 80 steps, 6 cases", "2026-11-30", None)])
    panel.versions.choose(versions[0].path)
    panel.model.setText("Trains: hippocampus-hmedn-3, as chosen in Segment")
    panel.time.setText("On this device: about 12 minutes, longer for large scans.")
    panel.pause.setText("Resume")
    panel.empty.hide()
    for part in (panel.training, panel.curves, panel.curves.scores, panel.time, panel.hint, panel.card, panel.outcome):
        part.show()


def test_a_fine_tuning_with_all_it_shows_fits_in_the_dock(
    controller: ViewerController, bench: Any, wait: Callable[..., None]
) -> None:
    bench.setFixedWidth(DOCK)
    bench.sections.open("Train")
    panel = bench.panels["Train"]
    much(panel)
    area = bench.sections.by_title["Train"].area
    wait(lambda: area.verticalScrollBar().isVisible())
    for points in (9, 11, 13):
        get_settings().appearance.font_size = points
        live(100)
        room = area.viewport().width()
        parts = [part for part in panel.findChildren(QWidget) if part.isVisibleTo(panel)]
        wide = {part.objectName() or type(part).__name__: QWidgetItem(part).minimumSize().width() for part in parts}
        assert {name: width for name, width in wide.items() if width > room - MARGINS} == {}, points
        assert panel.width() == room, points
        for part in parts:
            if isinstance(part, QPushButton | QAbstractSpinBox):
                right = part.mapTo(panel, part.rect().topRight()).x()
                assert right < room - (MARGINS / 2 if API_NAME == "PyQt5" else 0), (points, part.objectName())
                assert part.width() >= QWidgetItem(part).minimumSize().width(), (points, part.objectName())
        for spin in panel.form.findChildren(QAbstractSpinBox):
            needed = spin.fontMetrics().horizontalAdvance(spin.text())
            assert spin.lineEdit().width() >= needed + 2, (points, spin.objectName(), spin.text())
        table = panel.comparison.table
        assert sum(table.columnWidth(n) for n in range(3)) <= table.viewport().width(), "the last column is seen whole"
