"""`boundaryseg train`: a recipe and a folder of labelled scans to a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_boundaryseg.cli.commands import command
from napari_boundaryseg.cli.console import progress_bar
from napari_boundaryseg.cli.inputs.training_options import (
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
from napari_boundaryseg.cli.stopping import stoppable
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
            help="Columns case, group, split. Rows marked train train, val choose the best step (without any, the last "
            "is kept), test are not used, for you to judge the model by. With neither marks nor a fold, of ten or more "
            "groups every tenth chooses.",
        ),
    ] = None,
    fold: Annotated[
        int | None,
        typer.Option(
            help="The K-th of five parts, 0 to 4, is left to judge the model by; of the others every eighth group "
            "chooses the best step, or the rows marked val."
        ),
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
    from napari_boundaryseg.data.saving import atomic_text
    from napari_boundaryseg.engine.checkpoints.card import TrainingData
    from napari_boundaryseg.engine.checkpoints.model_library import read_card
    from napari_boundaryseg.engine.training.loop.folder import CASES, claim, refuse_read_in
    from napari_boundaryseg.engine.training.loop.kept import kept_in

    claim(out, resume=resume, overwrite=overwrite)  # before every scan is read
    refuse_read_in(out, [Path(file) for file in (recipe, splits_csv) if file])
    roles = folds.Roles([], [], [])
    with stoppable(kept_in(out, overwrite)):
        if wanted.learns_from_cases:
            cases = cases_of(needed(data, "--data FOLDER"), splits_csv, wanted)
            roles = folds.for_training(cases, fold)
        from napari_boundaryseg.engine.training.train import fit

        notes(
            check_cases(
                roles.training,
                wanted.scheme,
                len(wanted.channels),
                judging=roles.choosing,
                others=roles.judging,
                every_organ=True,
                progress=progress_bar(),
            )
        )
        fold_words = "" if fold is None else f", fold {fold} of {folds.FOLDS}"
        told = f"{roles.sentence[0].upper()}{roles.sentence[1:]}{fold_words}."
        best = fit(
            wanted,
            load_labelled(roles.training, wanted.scheme),
            out,
            validation=load_labelled(roles.choosing, wanted.scheme),
            steps=steps,
            seed=seed,
            resume=resume,
            overwrite=overwrite,
            device=device,
            precision=precision,
            training=TrainingData(description=told, cases=len(roles.training)) if cases else None,
            patients={case.name: folds.group_of(case) for case in (*roles.training, *roles.choosing)},
            judge=lambda best: atomic_text(best.parent / CASES, roles.table()) if cases else None,
            progress=progress_bar(),
        )
    typer.echo(f"{best.name} is in {out}{f'; {roles.sentence}' if cases else ''}.")
    if roles.judging:
        typer.echo(f"{CASES} there says which: boundaryseg evaluate --splits judges by them alone.")
    not_taught = read_card(best)[0].training.not_taught
    if not_taught:
        typer.echo(f"No training case has {', '.join(not_taught)}: the model was taught that there is none.")
