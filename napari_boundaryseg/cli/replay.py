"""`boundaryseg replay`: accepted labels rebuilt from a certificate's journal, bit for bit"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_boundaryseg.cli.commands import command


@command("replay")
def replay(
    certificate: Annotated[
        Path, typer.Argument(metavar="CERTIFICATE", help="certificate-vN.json in the folder of an accepted case.")
    ],
) -> None:
    """Rebuild accepted labels from a model's result and the journal: status 1 where one bit differs."""
    from napari_boundaryseg.session.certificate.replaying import replay as rebuild

    done = rebuild(certificate)
    typer.echo(done.words)
    if not done.same:
        raise typer.Exit(1)
