"""What a tool that follows the mouse is, and the register of all of them: buttons, keys and forms are made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from napari_boundaryseg.editing.tools.scene import Scene, Written
from napari_boundaryseg.editing.tools.tool_settings import ToolSettings
from napari_boundaryseg.registry import Registry


class Act(Protocol):
    """What a tool does: a function of arrays."""

    def __call__(self, scene: Scene, way: np.ndarray, settings: Any) -> Written | None:
        """Labels to write; None where there is nothing to do.

        Parameters
        ----------
        scene : Scene
        way : (N, 3) array of float
            Where the mouse was since it was pressed, in voxels, all on one slice; the last is where it is.
        settings : ToolSettings
        """


def radius(settings: Any, way: np.ndarray, spacing_mm: tuple[float, float, float]) -> float:
    """The radius that was set."""
    return float(settings.radius_mm)


@dataclass(frozen=True)
class DrawTool:
    """A tool that is pressed, dragged and let go; a module of `editing.tools.draw` registers it.

    Parameters
    ----------
    label, words : str
        As on its button, and what a person does with it.
    key : str
        That takes it in hand, as Qt writes it.
    settings : type
        A `ToolSettings`.
    act : callable
        See `Act`.
    goes_on : bool
        Whether each piece of the way is done on what the piece before has left, as with a brush; else all of the way
        is done anew, on the labels as they were when the mouse was pressed.
    ring_mm : callable, optional
        Radius of the ring at the mouse, in mm, by settings, way and spacing: the tool changes nothing outside it.
    has_line : bool
        Whether the way itself is shown.
    of_pressed : bool
        Whether it is about the organ that was pressed, whichever is chosen.
    needs_model : bool
        Whether it can do nothing where no model has looked for the organ.
    position : int
        The tool with the lowest number comes first.
    """

    label: str
    words: str
    key: str
    settings: type[ToolSettings]
    act: Act
    goes_on: bool = False
    ring_mm: Callable[[Any, np.ndarray, tuple[float, float, float]], float] | None = radius
    has_line: bool = False
    of_pressed: bool = False
    needs_model: bool = False
    position: int = 50


DRAW_TOOLS: Registry[DrawTool] = Registry("drawing tool", f"{__name__.rpartition('.')[0]}.draw", of=DrawTool)


def draw_tools() -> dict[str, DrawTool]:
    """Every drawing tool by its name, in the order of their buttons."""
    return dict(sorted(((name, DRAW_TOOLS[name]) for name in DRAW_TOOLS), key=lambda entry: entry[1].position))
