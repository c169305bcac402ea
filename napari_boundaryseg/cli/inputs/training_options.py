"""What `boundaryseg train` and `boundaryseg finetune` share: options, recipes by name, cases of a folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from napari_boundaryseg.cli.predict import check_device
from napari_boundaryseg.engine.evaluation import folds
from napari_boundaryseg.errors import InputError

if TYPE_CHECKING:
    from napari_boundaryseg.data.datasets import Case
    from napari_boundaryseg.engine.recipes.recipe import Recipe

T = TypeVar("T")

LAYOUTS = "images/ + labels/, nnU-Net raw, MSD (dataset.json), MONAI Label, BIDS, BraTS, KiTS or PROMISE12."

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


def recipe_of(name: str, settings: Sequence[str]) -> Recipe:
    """A shipped recipe or one of a JSON file, with ``KEY=VALUE`` settings applied."""
    from pydantic import ValidationError

    from napari_boundaryseg.engine.recipes import shipped
    from napari_boundaryseg.engine.recipes.recipe_file import recipe_of_file

    path = Path(name)
    found = recipe_of_file(path) if path.is_file() else shipped.recipe(name)
    try:
        return found.with_settings(dict(map(setting, settings))) if settings else found
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or found.name
        raise InputError(
            f"{place:.80}", f"{first['msg']:.200}".rstrip("."), f"See boundaryseg train {path.name} --show"
        ) from error


def setting(text: str) -> tuple[str, Any]:
    """``key=value``; a value is JSON where it can be, else a word."""
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise typer.BadParameter(f"{text!r} is not of the form key=value")
    try:
        return key.strip(), json.loads(value)
    except json.JSONDecodeError:
        return key.strip(), value


def cases_of(folder: Path, csv: Path | None, wanted: Recipe) -> list[Case]:
    """The labelled cases of a folder, with the channels that a recipe wants; what is to be known of them is printed."""
    from napari_boundaryseg.data.datasets import read_dataset, with_channels
    from napari_boundaryseg.data.datasets.channel_names import doubt
    from napari_boundaryseg.data.datasets.organ_names import named

    found = read_dataset(folder, csv)
    cases = folds.labelled(with_channels(found, wanted.channels), folder)
    for organs, listing in dict.fromkeys((case.organs, case.listing) for case in cases if case.organs):
        named(organs, wanted.scheme, listing)
    doubts = (doubt(case.channels, wanted.channels) for case in cases if case.listing and not case.wanted)
    notes([*found.warnings, *filter(None, doubts)])
    return cases


def notes(sentences: Iterable[str]) -> None:
    """Print what a person should know of the data, each sentence once."""
    for sentence in dict.fromkeys(sentences):
        typer.echo(f"note: {sentence}", err=True)


def needed(value: T | None, option: str) -> T:
    """An option that this call cannot do without."""
    if value is None:
        raise typer.BadParameter(f"{option} is needed")
    return value
