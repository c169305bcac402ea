"""What is known of several observers beside labels in work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.review.observer_spread import ObserverSpread
from napari_boundaryseg.review.observing import Observing
from napari_boundaryseg.ui.control.reviewing.references import Reference
from napari_boundaryseg.ui.layers.editable_labels import State


@dataclass
class Studied:
    """Who was chosen, what they drew, and where labels lie among them."""

    observers: tuple[Reference, ...]
    names: tuple[str, ...]
    """As a person gave them."""
    observing: Observing | None = None
    failed: str = ""
    """Why they could not be compared."""
    organ: str = ""
    """The chosen one."""
    judged: LabelMap | None = None
    """The labels of which it is known where they lie."""
    state: State | None = None
    """Theirs."""
    lying: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    plain: dict[str, Any] = field(default_factory=dict)
    """The same for a certificate."""

    @property
    def spread(self) -> ObserverSpread | None:
        """Of the chosen organ."""
        return self.observing.organs.get(self.organ) if self.observing is not None else None
