"""`boundaryseg convert`: from one file format to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_boundaryseg.cli.commands import command
from napari_boundaryseg.cli.overwriting import Overwrite, refuse_sources, refuse_target
from napari_boundaryseg.cli.stopping import stop_if_asked, stoppable


@command("convert")
def convert(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A file, or a folder with one DICOM series.")],
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="The file to write; its suffix says how.")],
    overwrite: Overwrite = False,
) -> None:
    """Convert a scan or a label map between the formats that can be read and written."""
    from napari_boundaryseg.cli.console import progress_bar
    from napari_boundaryseg.cli.inputs.cases import sources
    from napari_boundaryseg.data import formats

    paths = sources(source)
    refuse_sources([target], paths)
    refuse_target(target, overwrite)
    written: list[Path] = []
    with stoppable(lambda: f"{target.name} is written." if written else "nothing is written."):
        volume = formats.read(*paths, progress=progress_bar())
        for warning in volume.warnings:
            typer.echo(f"note: {warning}", err=True)
        stop_if_asked()
        formats.write(volume, target)
        written.append(target)
