"""A model's result that is sure of all but one place, and a ranking of it that is taken to be proven."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hands import live

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.review.arcs import rankings
from napari_boundaryseg.session.actions import segment
from napari_boundaryseg.session.kept_results import KeptResult

MODEL = "tiny-pelvis"
ORGANS = ("Bladder", "Prostate", "Rectum")
RANKED = ORGANS[:2]


def prove(monkeypatch: pytest.MonkeyPatch, organs: tuple[str, ...] = RANKED) -> None:
    """Let the ranking of the tiny model be one that was measured."""
    rows = tuple(rankings.Ranking(MODEL, name, "doubt", 2.0, "a test", 9, 0.9, 0.85, 0.95) for name in organs)
    monkeypatch.setattr(rankings, "rankings", lambda: rows)


def probabilities_of(labels: np.ndarray, doubtful: tuple[slice, ...]) -> np.ndarray:
    """(4, I, J, K), sure of the labels, but not in a box."""
    sure = np.stack([np.where(labels == n, 0.991, 0.003) for n in range(4)]).astype(np.float32)
    sure[(slice(None), *doubtful)] = 0.25
    return sure


def segmented(
    controller: Any,
    monkeypatch: pytest.MonkeyPatch,
    labels: np.ndarray,
    doubtful: tuple[slice, ...],
    **details: object,
) -> None:
    """A model runs on the open scan, and these labels (I, J, K) come of it; more may be said of the model."""
    watches: list[Any] = []
    with monkeypatch.context() as patch:
        patch.setattr(segment, "in_worker", lambda session, task, watch, **_: watches.append(watch))
        controller.segmentation.run()
    scan, folder = controller.session.scan, controller.session.new_folder("prediction")
    likely = probabilities_of(labels, doubtful)
    said = {"model": MODEL, "seconds": {"network": 1.0}, **details}
    map_ = scan.with_labels(labels.astype(np.uint8), preset("pelvis-mr"))
    watches[0].done(KeptResult(scan.name, Prediction(map_, likely, likely[0], {}, {}, details=said), folder, ()))
    live(50)
    while controller.segmentation.busy:
        live(20)


def settled(controller: Any, wait: Callable[..., None]) -> None:
    """Everything that is looked at beside the window's thread was looked at."""
    live(500)
    wait(lambda: controller.review._settled.is_quiet and not controller.review._following.is_busy)
    wait(lambda: not controller.checks.is_busy)
    live(50)
