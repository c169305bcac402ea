"""What a clean-up of a whole organ is, and the register of all of them: the panel's list and forms are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from napari_boundaryseg.editing.tools.scene import Scene, Written
from napari_boundaryseg.editing.tools.tool_settings import ToolSettings
from napari_boundaryseg.registry import Registry


class CleanUp(Protocol):
    """What a clean-up does: a function of arrays."""

    def __call__(self, scene: Scene, settings: Any) -> Written | None:
        """Labels to write; None where there is nothing to do."""


@dataclass(frozen=True)
class CleanTool:
    """A clean-up: a module of `editing.tools.clean` registers it.

    Parameters
    ----------
    label, words : str
        As in the panel's list, and what it does to the chosen organ.
    settings : type
        A `ToolSettings`.
    act : callable
        See `CleanUp`.
    needs_other : bool
        Whether it needs a second organ, `Scene.other`.
    idempotent : bool
        Whether doing it again at once changes nothing more.
    position : int
        The one with the lowest number comes first.
    """

    label: str
    words: str
    settings: type[ToolSettings]
    act: CleanUp
    needs_other: bool = False
    idempotent: bool = True
    position: int = 50


CLEAN_TOOLS: Registry[CleanTool] = Registry("clean-up", f"{__name__.rpartition('.')[0]}.clean", of=CleanTool)


def clean_tools() -> dict[str, CleanTool]:
    """Every clean-up by its name, in the order of the list."""
    return dict(sorted(((name, CLEAN_TOOLS[name]) for name in CLEAN_TOOLS), key=lambda entry: entry[1].position))
