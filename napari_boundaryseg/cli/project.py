"""`boundaryseg project`: whether a project folder is whole, and its repair"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from napari_boundaryseg.cli.commands import command
from napari_boundaryseg.cli.console import progress_bar, table
from napari_boundaryseg.cli.stopping import stoppable


class Action(StrEnum):
    """What is done with a project."""

    check = "check"


@command("project")
def project(
    action: Annotated[Action, typer.Argument(help="check: look whether what is listed is there and unchanged.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A project folder.")],
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be mended, after a question. Nothing is deleted.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --repair: do not ask.")] = False,
) -> None:
    """Check a project folder: exit status 1 when something is wrong."""
    from napari_boundaryseg.session.certificate.verify import verify
    from napari_boundaryseg.session.project.check import check
    from napari_boundaryseg.session.project.project import Project
    from napari_boundaryseg.session.project.repair import repair as mend
    from napari_boundaryseg.session.project.uncompared import in_words, uncompared

    if yes and not repair:
        raise typer.BadParameter("--yes goes with --repair")
    with stoppable(lambda: "the project is as it was."):
        found = check(folder, progress=progress_bar())
    if not found:
        typer.echo(in_words(uncompared(folder)))
        if said := verify(Project(folder, "command line", relist=True)).in_words():
            typer.echo(said)
        return
    rows = [(finding.subject, finding.problem, finding.remedy or "-") for finding in found]
    typer.echo(table(("file", "what is wrong", "repair"), rows))
    todo = [finding for finding in found if finding.act is not None]
    if repair and todo:
        with stoppable(lambda: "the project is as it was.", at_once=True):
            done = yes or typer.confirm(f"Carry out {len(todo)} repair{'s' if len(todo) > 1 else ''}?")
        if done:
            with stoppable(lambda: "what is repaired stays so; the same command does the rest."):
                held = Project(folder, "command line", relist=True)
                held.begin_writing()  # what has changed while the question waited is left alone
                mend(held, [finding for finding in check(folder, progress=progress_bar()) if finding in todo])
                found = check(folder, progress=progress_bar())
            typer.echo(f"Repaired. {len(found)} left." if found else "Repaired. Nothing is wrong any more.")
            for finding in found:
                typer.echo(f"{finding.subject}: {finding.problem}")
    if found:
        raise typer.Exit(1)
