"""The commands of the program: each module of this folder registers its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_boundaryseg.registry import Registry

COMMANDS: Registry[Callable[..., Any]] = Registry("command", __name__.rpartition(".")[0])
command = COMMANDS.register
"""``@command("name")`` on a function whose arguments typer reads."""
