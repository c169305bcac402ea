"""Keep pieces: of the chosen organ, the largest pieces stay."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from napari_boundaryseg.data.boxes import around
from napari_boundaryseg.data.components import pieces_of
from napari_boundaryseg.editing.tools.clean.pieces import of_size
from napari_boundaryseg.editing.tools.clean_tool import CLEAN_TOOLS, CleanTool
from napari_boundaryseg.editing.tools.scene import Scene, Written
from napari_boundaryseg.editing.tools.tool_settings import ToolSettings


class KeepPiecesSettings(ToolSettings):
    """How many stay."""

    pieces: int = Field(
        1, ge=1, le=100, title="Pieces", description="So many of the largest stay: 2 for a left and a right kidney"
    )


def keep_pieces(scene: Scene, settings: KeepPiecesSettings) -> Written | None:
    """The organ without all but its largest pieces.

    Pieces exactly as large as the last that stays stay too: chance does not choose between them.

    Parameters
    ----------
    scene : Scene
    settings : KeepPiecesSettings

    Returns
    -------
    Written, or None where there are no more pieces

    Examples
    --------
    >>> labels = np.zeros((1, 3, 9), np.uint8)
    >>> labels[0, 0, [0, 2, 3, 5, 6, 7]] = 4
    >>> keep_pieces(Scene(labels, 4, (1.0, 1.0, 1.0)), KeepPiecesSettings(pieces=2)).labels
    array([[[0, 0, 4, 4, 0, 4, 4, 4]]], dtype=uint8)
    """
    organ = scene.labels == scene.organ
    box = around(organ, scene.spacing_mm)
    if box is None:
        return None
    parts, sizes = pieces_of(organ[box])
    if len(sizes) <= settings.pieces:
        return None
    return scene.written(box, of_size(parts, sizes, int(np.sort(sizes)[-settings.pieces])))


CLEAN_TOOLS.register("keep-pieces")(
    CleanTool(
        label="Keep the largest pieces",
        words="All but the largest pieces of the chosen organ are removed",
        settings=KeepPiecesSettings,
        act=keep_pieces,
        position=20,
    )
)
