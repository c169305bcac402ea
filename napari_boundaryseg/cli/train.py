"""`boundaryseg train`: a recipe and a folder of labelled scans to a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_boundaryseg.cli.commands import command
from napari_boundaryseg.cli.console import progress_bar
from napari_boundaryseg.cli.stopping import stoppable
from napari_boundaryseg.cli.training_options import (
    Data,
    Device,
    Out,
    Overwrite,
    Precision,
    cases_of,
    needed,
    notes,
    recipe_of,
)
from napari_boundaryseg.engine.evaluation import folds
from napari_boundaryseg.errors import InputError

if TYPE_CHECKING:
    from napari_boundaryseg.data.datasets import Case


@command("train")
def train(
    recipe: Annotated[
        str | None, typer.Argument(metavar="RECIPE", help="A shipped recipe's name, or a JSON file.")
    ] = None,
    data: Data = None,
    out: Out = None,
    splits_csv: Annotated[
        Path | None,
        typer.Option(
            "--splits",
            metavar="CSV",
            help="Columns case, group, split. Rows marked val or test are not used, for you to judge the model by; "
            "of ten or more groups every tenth of the others chooses the best step.",
        ),
    ] = None,
    fold: Annotated[
        int | None,
        typer.Option(help="The K-th of five parts, 0 to 4, chooses the best step; val rows train, test rows do not."),
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Instead of the recipe's.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Resume where DIR stopped, or begin.")] = False,
    overwrite: Overwrite = False,
    devices: Annotated[int, typer.Option(min=1, help="Only 1: training does not spread over several devices.")] = 1,
    device: Device = "auto",
    precision: Precision = "auto",
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change a setting of the recipe, for example optimiser.lr=0.001.",
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the recipe as JSON, and end.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="Print every shipped recipe with its task, and end.")] = False,
) -> None:
    """Train a recipe: DIR gets the model, card.json and log.jsonl."""
    if listed:
        from napari_boundaryseg.engine.recipes.shipped import RECIPES

        width = max(map(len, RECIPES))
        typer.echo("\n".join(f"{name:<{width}}  {one.task} [{one.source}]" for name, one in RECIPES.items()))
        return
    wanted = recipe_of(needed(recipe, "a RECIPE (or --list)"), settings or [])
    if show:
        typer.echo(wanted.model_dump_json(indent=2))
        return
    out = needed(out, "-o DIR")
    if devices > 1:
        raise InputError(
            f"{devices} devices",
            "a training runs on one device and cannot be spread over several",
            "Leave out --devices, and choose the device with --device; different trainings can run side by side",
        )
    if resume and overwrite:
        raise typer.BadParameter("--resume and --overwrite exclude each other")
    cases: list[Case] = []
    from napari_boundaryseg.data.datasets import check_cases, load_labelled
    from napari_boundaryseg.engine.checkpoints.model_library import read_card
    from napari_boundaryseg.engine.training.loop.folder import claim, refuse_read_in
    from napari_boundaryseg.engine.training.loop.kept import kept_in

    claim(out, resume=resume, overwrite=overwrite)  # before every scan is read
    refuse_read_in(out, [Path(file) for file in (recipe, splits_csv) if file])
    training: list[Case] = []
    validation: list[Case] = []
    with stoppable(kept_in(out, overwrite)):
        if not wanted.synthetic:
            cases = cases_of(needed(data, "--data FOLDER"), splits_csv, wanted)
            training, validation = folds.for_training(cases, fold)
        from napari_boundaryseg.engine.training.train import fit

        used = {case.name for case in (*training, *validation)}
        notes(
            check_cases(
                training,
                wanted.scheme,
                len(wanted.channels),
                judging=validation,
                others=[case for case in cases if case.name not in used],
                every_organ=True,
                progress=progress_bar(),
            )
        )
        best = fit(
            wanted,
            load_labelled(training, wanted.scheme),
            out,
            validation=list(load_labelled(validation, wanted.scheme)),
            steps=steps,
            seed=seed,
            resume=resume,
            overwrite=overwrite,
            device=device,
            precision=precision,
            patients={case.name: folds.group_of(case) for case in (*training, *validation)},
            progress=progress_bar(),
        )
    typer.echo(f"{best.name} is in {out}; trained on {len(training)} cases, the best step chosen by {len(validation)}.")
    not_taught = read_card(best)[0].training.not_taught
    if not_taught:
        typer.echo(f"No training case has {', '.join(not_taught)}: the model was taught that there is none.")
