"""`boundaryseg demo`: the main job in one go."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated

import typer

from napari_boundaryseg.cli.commands import command
from napari_boundaryseg.cli.overwriting import Overwrite
from napari_boundaryseg.errors import MissingExtra


@command("demo")
def demo(
    scan: Annotated[Path | None, typer.Option(help="A scan of your own instead of the sample.")] = None,
    headless: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write pictures and files here, then end.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Open a scan, segment it and show the result; with --headless DIR also save it and end."""
    try:
        window = importlib.import_module("napari_boundaryseg.ui.demo")
        importlib.import_module("napari.viewer")
    except ModuleNotFoundError as error:
        raise MissingExtra("The window", "pyqt5") from error
    window.run_demo(scan, headless, overwrite)
    if headless is not None:
        typer.echo(f"Written to {headless}: {', '.join(sorted(path.name for path in headless.iterdir()))}")
