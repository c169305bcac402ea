"""Messages of the tools: what a stroke could not change and why, and what the journal cannot keep."""

from __future__ import annotations

from napari_boundaryseg.data.metrics.volumes import ml_text
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.tools.paint_tools import PaintTools


def tell_of(tools: PaintTools, session: Session) -> None:
    """Let a person know of what the tools of a window say, as long as there is the window."""

    def on_protected(stroke: str, voxels: int) -> None:
        if tools.editable is not None:
            ml = ml_text(voxels * tools.editable.voxel_ml)
            session.say("info", f"{stroke}: {voxels} voxels ({ml} mL) are locked and were not changed.")

    def on_erased_nothing(stroke: str) -> None:
        session.say("info", f"{stroke}: there is nothing of it here, and other organs stay. Choose the one to erase.")

    tools.n_protected.connect(on_protected)
    tools.erased_nothing.connect(on_erased_nothing)
    tools.refused.connect(lambda why: session.say("info", why))
    tools.journal_failed.connect(lambda why: session.say("error", why))
