"""Results of a model that never ran, in a real window; and a press of what is in sight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hands import LEFT, live
from qtpy.QtCore import QPoint, QRect
from qtpy.QtTest import QTest

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.session.actions import segment
from napari_boundaryseg.session.kept_results import KeptResult


def result_of(session: Any, array: np.ndarray, **details: object) -> KeptResult:
    """What a model might say of the open scan; of one that was left out (organ 4 here), it is sure of organ 2."""
    scan, folder = session.scan, session.new_folder("prediction")
    probabilities = np.stack([array == n for n in range(4)]).astype(np.float32)
    probabilities[2] += array == 4
    labels = scan.with_labels(np.where(array == 4, 0, array).astype(np.uint8), preset("pelvis-mr"))
    said = {"model": "tiny-pelvis", "seconds": {"network": 1.0}, **details}
    return KeptResult(scan.name, Prediction(labels, probabilities, probabilities[0], {}, {}, details=said), folder, ())


def nothing() -> None:
    """What a person may do while a model runs."""


def comes(
    controller: Any,
    monkeypatch: pytest.MonkeyPatch,
    array: np.ndarray,
    meanwhile: Callable[[], object] = nothing,
    **details: object,
) -> None:
    """A model runs on the open scan, something happens meanwhile, and this comes of it."""
    watches: list[Any] = []
    with monkeypatch.context() as patch:
        patch.setattr(segment, "in_worker", lambda session, task, watch, **_: watches.append(watch))
        controller.segmentation.run()
    meanwhile()
    watches[0].done(result_of(controller.session, array, **details))
    live(50)
    while controller.segmentation.busy:
        live(20)


def empty(controller: Any) -> np.ndarray:
    """Labels of the open scan without a voxel."""
    return np.zeros(controller.session.scan.geometry.shape, np.uint8)


def drawn(controller: Any) -> np.ndarray:
    """The labels in the window, (z, y, x)."""
    return np.asarray(controller.tools.layer.data).copy()


def in_sight(widget: Any) -> bool:
    """Whether all of it can be seen in its window."""
    window = widget.window()
    inside = QRect(QPoint(), window.size()).contains(QRect(widget.mapTo(window, QPoint()), widget.size()))
    return bool(widget.isVisible() and inside and widget.visibleRegion().boundingRect().size() == widget.size())


def press(widget: Any) -> None:
    """Press what is in sight."""
    assert in_sight(widget) and widget.isEnabled(), widget.objectName()
    QTest.mouseClick(widget, LEFT)
    live(50)
