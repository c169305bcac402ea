"""`boundaryseg train` and `boundaryseg finetune`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_boundaryseg.cli import splits
from napari_boundaryseg.cli.console import progress_bar
from napari_boundaryseg.cli.predict import check_device
from napari_boundaryseg.errors import InputError

if TYPE_CHECKING:
    from napari_boundaryseg.data.datasets import Case
    from napari_boundaryseg.data.labels import LabelScheme
    from napari_boundaryseg.data.volume import LabelMap, Volume
    from napari_boundaryseg.engine.recipes.recipe import Recipe

LAYOUTS = "images/ + labels/, nnU-Net v2 raw, MSD (dataset.json), MONAI Label, BraTS, KiTS or PROMISE12."

Data = Annotated[Path | None, typer.Option(metavar="FOLDER", help=LAYOUTS)]
Out = Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="Where the model and its log go.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what another training left in DIR.")]
Device = Annotated[str, typer.Option(callback=check_device, help="auto, cpu, cuda or cuda:N.")]


def check_precision(name: str) -> str:
    """A precision's name, or a usage error."""
    if name not in ("auto", "float32", "bf16"):
        raise typer.BadParameter(f"{name!r} is none of auto, float32, bf16")
    return name


Precision = Annotated[
    str, typer.Option(callback=check_precision, help="float32, bf16, or auto: bf16 where the processor does it well.")
]


def train(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="A shipped recipe's name, or a JSON file.")],
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
) -> None:
    """Train a recipe: DIR gets the model, card.json and log.jsonl."""
    wanted = recipe_of(recipe, settings or [])
    if show:
        typer.echo(wanted.model_dump_json(indent=2))
        return
    out = _needed(out, "-o DIR")
    if devices > 1:
        raise InputError(
            f"{devices} devices",
            "a training runs on one device and cannot be spread over several",
            "Leave out --devices, and choose the device with --device; different trainings can run side by side",
        )
    if resume and overwrite:
        raise typer.BadParameter("--resume and --overwrite exclude each other")
    training: list[Case] = []
    validation: list[Case] = []
    if not wanted.synthetic:
        cases = _cases(_needed(data, "--data FOLDER"), splits_csv, wanted)
        training, validation = splits.for_training(cases, fold)
    from napari_boundaryseg.data.datasets import check_cases
    from napari_boundaryseg.engine.training.train import fit

    check_cases([*training, *validation], wanted.scheme, len(wanted.channels), progress=progress_bar())

    best = fit(
        wanted,
        load(training, wanted.scheme),
        out,
        validation=list(load(validation, wanted.scheme)),
        steps=steps,
        seed=seed,
        resume=resume,
        overwrite=overwrite,
        device=device,
        precision=precision,
        progress=progress_bar(),
    )
    typer.echo(f"{best.name} is in {out}; trained on {len(training)} cases, the best step chosen by {len(validation)}.")


def finetune(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A shipped model's name, or a model file.")],
    data: Annotated[Path, typer.Option(metavar="FOLDER", help=f"Corrected cases: {LAYOUTS}")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where the new model goes.")],
    holdout: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Columns case, group, split: val and test rows are held out."),
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Training steps; 100 by default.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of patches and augmentation.")] = 0,
    overwrite: Overwrite = False,
    device: Device = "auto",
    precision: Precision = "auto",
) -> None:
    """Fine-tune a model, then compare before and after on held-out cases: comparison.json and comparison.md."""
    from napari_boundaryseg.data.datasets import check_cases
    from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
    from napari_boundaryseg.engine.recipes.recipe import TUNING_STEPS
    from napari_boundaryseg.engine.training.fine_tune import fine_tune

    loaded = load_model(model)
    scheme = loaded.card.recipe.scheme
    cases, held = splits.for_tuning(_cases(data, holdout, loaded.card.recipe))
    check_cases([*cases, *held], scheme, len(loaded.card.recipe.channels), progress=progress_bar())
    path = fine_tune(
        loaded,
        load(cases, scheme),
        out,
        held_out=list(load(held, scheme)),
        steps=steps or TUNING_STEPS,
        seed=seed,
        device=device,
        precision=precision,
        overwrite=overwrite,
        progress=progress_bar(),
    )
    typer.echo(f"{path.name} is in {out}; fine-tuned on {len(cases)} cases, {len(held)} held out.")
    if held:
        typer.echo((out / "comparison.md").read_text(encoding="utf-8"))
    else:
        typer.echo("No case was held out, so nothing can be said about whether it is better.")


def recipe_of(name: str, settings: Sequence[str]) -> Recipe:
    """A shipped recipe or one of a JSON file, with ``KEY=VALUE`` settings applied."""
    from pydantic import ValidationError

    from napari_boundaryseg.engine.recipes import shipped
    from napari_boundaryseg.engine.recipes.recipe import read_recipe

    try:
        path = Path(name)
        found = read_recipe(path.read_bytes()) if path.is_file() else shipped.recipe(name)
        return found.with_settings(dict(map(setting, settings))) if settings else found
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or name
        raise InputError(place, first["msg"].rstrip("."), f"See boundaryseg train {name} --show") from error


def setting(text: str) -> tuple[str, Any]:
    """``key=value``; a value is JSON where it can be, else a word."""
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise typer.BadParameter(f"{text!r} is not of the form key=value")
    try:
        return key.strip(), json.loads(value)
    except json.JSONDecodeError:
        return key.strip(), value


def load(cases: Sequence[Case], scheme: LabelScheme) -> Iterator[tuple[Volume, LabelMap]]:
    """Read cases one after the other."""
    from napari_boundaryseg.data.datasets import load_case

    for case in cases:
        volume, labels = load_case(case, scheme)
        if labels is not None:
            yield volume, labels


def _cases(folder: Path, csv: Path | None, wanted: Recipe) -> list[Case]:
    from napari_boundaryseg.data.datasets import read_dataset, with_channels

    return splits.labelled(with_channels(read_dataset(folder, csv), wanted.channels), folder)


def _needed(value: Path | None, option: str) -> Path:
    if value is None:
        raise typer.BadParameter(f"{option} is needed")
    return value
