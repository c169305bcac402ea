"""`boundaryseg finetune`: a model and corrected cases to a model, with an honest before and after."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_boundaryseg.cli.commands import command
from napari_boundaryseg.cli.console import progress_bar
from napari_boundaryseg.cli.inputs.training_options import LAYOUTS, Device, Overwrite, Precision, cases_of, notes
from napari_boundaryseg.cli.stopping import stoppable
from napari_boundaryseg.engine.evaluation import folds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_boundaryseg.data.datasets import Case
    from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
    from napari_boundaryseg.engine.recipes.tuning import FineTuneSettings


@command("finetune")
def finetune(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A shipped model's name, or a model file.")],
    data: Annotated[Path, typer.Option(metavar="FOLDER", help=f"Corrected cases: {LAYOUTS}")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where the new model goes.")],
    holdout: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Columns case, group, split: val and test rows are held out."),
    ] = None,
    slices: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="Columns case, slices (from 1, as the window counts: 12-14 20, or all) and plane: only these slices "
            "teach and judge.",
        ),
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Training steps; 100 by default.")] = None,
    lr: Annotated[float | None, typer.Option(help="Highest learning rate; 0.001 by default.")] = None,
    part: Annotated[
        str | None,
        typer.Option(help="What is trained: all, decoder (all but the encoder), heads or norm; all by default."),
    ] = None,
    anchor: Annotated[
        float | None, typer.Option(help="Pull to the old weights: with more, less is learnt and less forgotten.")
    ] = None,
    rehearsal: Annotated[
        float | None, typer.Option(help="Share of synthetic scans, for models that learnt from such.")
    ] = None,
    smallest_gain: Annotated[
        float | None,
        typer.Option(help="Of surface Dice: a model that gains less is not called better; 0.01 by default."),
    ] = None,
    cross_fitting: Annotated[
        bool,
        typer.Option(help="With 3 to 9 patients and nobody held out: up to 5 more models judge on unseen patients."),
    ] = True,
    seed: Annotated[int, typer.Option(min=0, help="Of patches and augmentation.")] = 0,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Resume where DIR stopped, with the same model, cases and settings; or begin."),
    ] = False,
    overwrite: Overwrite = False,
    device: Device = "auto",
    precision: Precision = "auto",
) -> None:
    """Fine-tune a model, then compare before and after on held-out cases: comparison.json and comparison.md."""
    from napari_boundaryseg.data.datasets import check_cases, load_labelled
    from napari_boundaryseg.data.datasets.slice_table import read_slices
    from napari_boundaryseg.engine.checkpoints.model_library import read_card
    from napari_boundaryseg.engine.evaluation.comparison_words import (
        earlier_in_words,
        not_taught_in_words,
        taken_in_words,
    )
    from napari_boundaryseg.engine.training.loop.folder import claim, refuse_read_in
    from napari_boundaryseg.engine.training.loop.kept import kept_in
    from napari_boundaryseg.session.project.stored_models import refuse_changed

    if resume and overwrite:
        raise typer.BadParameter("--resume and --overwrite exclude each other")
    chosen = settings_of(
        steps=steps,
        lr=lr,
        part=part,
        anchor=anchor,
        rehearsal=rehearsal,
        smallest_gain=smallest_gain,
        cross_fitting=cross_fitting,
    )
    claim(out, resume=resume, overwrite=overwrite)  # before every scan is read
    refuse_changed(model)
    with stoppable(kept_in(out, overwrite)):
        from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
        from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
        from napari_boundaryseg.engine.training.fine_tune import fine_tune

        loaded = load_model(model)
        refuse_read_in(out, [loaded.path, *(table for table in (holdout, slices) if table)])
        scheme = loaded.card.recipe.scheme
        cases, held = folds.for_tuning(cases_of(data, holdout, loaded.card.recipe))
        channels = len(loaded.card.recipe.channels)
        notes(check_cases(cases, scheme, channels, judging=held, progress=progress_bar()))
        named = read_slices(slices, [case.name for case in (*cases, *held)]) if slices else {}

        def scans(chosen: Iterable[Case]) -> list[LabelledScan]:
            pairs = load_labelled(chosen, scheme)
            return [LabelledScan(*pair, None, named[pair[1].name].of(pair[1]) if named else None) for pair in pairs]

        path = fine_tune(
            loaded,
            scans(cases),
            out,
            held_out=scans(held),
            **chosen.model_dump(),
            seed=seed,
            device=device,
            precision=precision,
            patients={case.name: folds.group_of(case) for case in (*cases, *held)},
            resume=resume,
            overwrite=overwrite,
            progress=progress_bar(),
        )
    typer.echo(f"{path.name} is in {out}; fine-tuned on {len(cases)} cases, {len(held)} held out.")
    training = read_card(path)[0].training
    if said := taken_in_words(training.taken, training.taken_why):
        typer.echo(said)
    if (out / "comparison.md").is_file():
        typer.echo((out / "comparison.md").read_text(encoding="utf-8"))
        return
    if training.earlier:
        typer.echo(earlier_in_words(training.earlier.model_dump()))
    typer.echo("No case was held out, so nothing can be said about whether it is better: keep the old model in use.")
    if training.not_taught:
        typer.echo(not_taught_in_words(training.not_taught))


def settings_of(**given: object) -> FineTuneSettings:
    """What was given, within the bounds of `FineTuneSettings`; the defaults of the others."""
    from pydantic import ValidationError

    from napari_boundaryseg.engine.recipes.tuning import FineTuneSettings

    try:
        return FineTuneSettings.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        option = str(first["loc"][0]).replace("_", "-")
        raise typer.BadParameter(f"--{option}: {first['msg'][0].lower()}{first['msg'][1:]}") from error
