"""`boundaryseg project`: whether a project folder is whole, its repair, and charts over its accepted cases"""

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
    chart = "chart"


@command("project")
def project(
    action: Annotated[
        Action,
        typer.Argument(
            help="check: look whether what is listed is there and unchanged. chart: say whether the model or the "
            "practice changed over the accepted cases."
        ),
    ],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A project folder.")],
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be mended, after a question. Nothing is deleted.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --repair: do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With chart: all charts with their cases, as JSON.")] = False,
    model: Annotated[
        list[Path] | None,
        typer.Option(help="With chart: a model file of your own that segmented cases; it says which it learned from."),
    ] = None,
) -> None:
    """Check a project folder: exit status 1 when something is wrong. Or chart its accepted cases."""
    from napari_boundaryseg.session.certificate.verify import verify
    from napari_boundaryseg.session.project.check import check
    from napari_boundaryseg.session.project.project import Project
    from napari_boundaryseg.session.project.repair import repair as mend
    from napari_boundaryseg.session.project.uncompared import in_words, uncompared

    if yes and not repair:
        raise typer.BadParameter("--yes goes with --repair")
    if action is Action.chart:
        if repair:
            raise typer.BadParameter("--repair goes with check")
        _chart(folder, model or [], as_json)
        return
    if as_json or model:
        raise typer.BadParameter("--json and --model go with chart")
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


def _chart(folder: Path, models: list[Path], as_json: bool) -> None:
    """Print what the charts of every organ found."""
    import json

    from napari_boundaryseg.errors import InputError
    from napari_boundaryseg.session.project.project import Project
    from napari_boundaryseg.session.trend import trend_words
    from napari_boundaryseg.session.trend.trend import read_trends

    if not Project.is_in(folder):
        raise InputError(folder, "it is no project", "Give the folder that holds project.sqlite")
    with stoppable(lambda: "nothing was changed.", at_once=True):
        trends = read_trends(Project(folder, "command line"), models)
    if as_json:
        typer.echo(json.dumps([trend_words.as_json(trend) for trend in trends], indent=2, allow_nan=False))
        return
    if not trends:
        typer.echo("No accepted case says how far off a model was: nothing to chart.")
    for trend in trends:
        typer.echo(f"{trend.organ}. {trend_words.cases_in_words(trend)}")
        for sentence in trend_words.sentences(trend):
            typer.echo(f"  {sentence}")
        if trend.since_then:
            typer.echo(f"  Cases since then: {', '.join(trend.since_then)}")
