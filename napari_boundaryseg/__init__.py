"""Finish and certify the blurry boundary of an organ.

Nothing heavy is imported here: torch, Qt and napari come with the first call that needs them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from napari_boundaryseg import losses, models
    from napari_boundaryseg.data.formats import read, write
    from napari_boundaryseg.data.labels import LabelScheme
    from napari_boundaryseg.data.metrics import evaluate
    from napari_boundaryseg.data.volume import LabelMap, Volume
    from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
    from napari_boundaryseg.engine.inference.predictor import predict
    from napari_boundaryseg.engine.training.fine_tune import fine_tune
    from napari_boundaryseg.engine.training.train import fit

__all__ = [
    "LabelMap",
    "LabelScheme",
    "Volume",
    "evaluate",
    "fine_tune",
    "fit",
    "load_model",
    "losses",
    "models",
    "predict",
    "read",
    "write",
]

_HOMES = {
    "LabelMap": "data.volume",
    "Volume": "data.volume",
    "LabelScheme": "data.labels",
    "read": "data.formats",
    "write": "data.formats",
    "evaluate": "data.metrics",
    "load_model": "engine.checkpoints.checkpoint",
    "predict": "engine.inference.predictor",
    "fit": "engine.training.train",
    "fine_tune": "engine.training.fine_tune",
}


def __getattr__(name: str) -> Any:
    if name in ("models", "losses"):
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
