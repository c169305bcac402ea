"""Margins: the chosen organ grows or shrinks by a distance, another one in each direction of the patient if wanted."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from napari_boundaryseg.data.boxes import around, grown
from napari_boundaryseg.editing.tools.clean.near import Pair, within
from napari_boundaryseg.editing.tools.clean_tool import CLEAN_TOOLS, CleanTool
from napari_boundaryseg.editing.tools.scene import Scene, Written
from napari_boundaryseg.editing.tools.tool_settings import ToolSettings

MOST_MM = 50.0


def _towards(where: str) -> Any:
    """A field for one direction."""
    return Field(None, ge=-MOST_MM, le=MOST_MM, description=f"Towards {where}, if not as on all sides")


class MarginsSettings(ToolSettings):
    """How far the border moves outwards; inwards below 0."""

    margin_mm: float = Field(
        5.0,
        ge=-MOST_MM,
        le=MOST_MM,
        title="All sides",
        description="How far the organ grows; below 0 it shrinks",
    )
    superior_mm: float | None = _towards("the head")
    inferior_mm: float | None = _towards("the feet")
    anterior_mm: float | None = _towards("the front")
    posterior_mm: float | None = _towards("the back")
    left_mm: float | None = _towards("the patient's left")
    right_mm: float | None = _towards("the patient's right")

    @property
    def by_axis(self) -> tuple[Pair, Pair, Pair]:
        """Towards lower and higher indices of the axes of the display grid (`data.geometry.DisplayGrid`): z, y, x."""
        inferior, superior, anterior, posterior, right, left = (
            self.margin_mm if given is None else given
            for given in (
                self.inferior_mm,
                self.superior_mm,
                self.anterior_mm,
                self.posterior_mm,
                self.right_mm,
                self.left_mm,
            )
        )
        return (inferior, superior), (anterior, posterior), (right, left)


def margins(scene: Scene, settings: MarginsSettings) -> Written | None:
    """The organ with margins, as in treatment planning.

    Grown, it is all that lies in an ellipsoid round the middle of one of its voxels, which has its own half axis in
    each of the six directions. Shrunk, it is what no such ellipsoid round a voxel outside reaches, turned round: its
    upper border moves down by the upper margin. Of margins with both signs, those that grow come first. A thin organ
    may shrink to nothing. Other organs are spared. Nothing grows beyond the scan, and an organ that an edge of the
    scan cuts off does not shrink from there.

    Parameters
    ----------
    scene : Scene
        On the display grid, whose axes z, y, x grow towards the patient's head, back and left.
    settings : MarginsSettings

    Returns
    -------
    Written, or None where nothing changes

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.zeros((3, 1, 9), np.uint8)
    >>> labels[1, 0, 4] = 1
    >>> scene = Scene(labels, 1, (3.0, 1.0, 1.0))
    >>> margins(scene, MarginsSettings(margin_mm=2.0, left_mm=3.0)).labels[1, 0]
    array([0, 0, 1, 1, 1, 1, 1, 1, 0], dtype=uint8)
    """
    organ, sides = scene.labels == scene.organ, settings.by_axis
    room = around(organ, scene.spacing_mm, max(0.0, *(mm for pair in sides for mm in pair)))
    if room is None:
        return None
    box = grown(room, organ.shape)
    mask = within(organ, scene.spacing_mm, [(max(0.0, low), max(0.0, high)) for low, high in sides], box)
    if any(mm < 0 for pair in sides for mm in pair):
        inwards = [(max(0.0, -high), max(0.0, -low)) for low, high in sides]
        mask = ~within(~mask, scene.spacing_mm, inwards)
    return scene.written(box, mask)


CLEAN_TOOLS.register("margins")(
    CleanTool(
        label="Margins",
        words="The chosen organ grows or shrinks by a distance, the same on all sides or not; other organs are spared",
        settings=MarginsSettings,
        act=margins,
        idempotent=False,
        position=50,
    )
)
