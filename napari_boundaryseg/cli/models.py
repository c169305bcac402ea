"""`boundaryseg models`: which models there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_boundaryseg.cli.commands import command
from napari_boundaryseg.errors import InputError

if TYPE_CHECKING:
    from napari_boundaryseg.engine.checkpoints.card import Card


@command("models")
def models(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON instead of text.")] = False,
    project: Annotated[Path | None, typer.Option(help="Also the models of this project folder.")] = None,
) -> None:
    """List the shipped models and those of a project: task, channels, labels, training data, scores."""
    from napari_boundaryseg.engine.checkpoints import model_library

    found = model_library.cards([project / "models", project] if project else [])
    for note in _notes(project) if project else ():
        typer.echo(f"note: {note}", err=True)
    if as_json:
        typer.echo(json.dumps([as_dict(card, path) for card, path in found], indent=2, ensure_ascii=False))
        return
    typer.echo("\n\n".join(as_text(card) for card, _ in found) or "There is no model yet.")


def _notes(project: Path) -> Iterator[str]:
    """What is wrong with models of a project, which would not be seen in the list."""
    from napari_boundaryseg.engine.checkpoints.model_library import SUFFIX, read_card
    from napari_boundaryseg.session.project.stored_models import refuse_changed

    folder = project / "models" if (project / "models").exists() else project
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
    except OSError as error:
        raise InputError(folder, f"it cannot be read: {error.strerror}", "Choose a project folder") from error
    for path in files:
        try:
            read_card(path)
            refuse_changed(path)
        except InputError as error:
            yield str(error)


def as_dict(card: Card, path: Path) -> dict[str, Any]:
    """What `--json` prints of one model."""
    from napari_boundaryseg.engine.checkpoints.model_library import read_card

    recipe = card.recipe
    return {
        "name": card.name,
        "file": path.name,
        "sha256": read_card(path)[1],
        "task": recipe.task,
        "channels": list(recipe.channels),
        "labels": {organ.name: organ.id for organ in recipe.scheme.organs},
        "network": recipe.network,
        "parameters": card.parameters,
        "synthetic_only": card.synthetic_only,
        "training": card.training.model_dump(mode="json"),
        "scores": [score.model_dump(mode="json") for score in card.scores],
        "scored_on": card.scored_on,
        "calibration": card.calibration.model_dump(mode="json") if card.calibration else None,
        "notes": card.notes,
        "expected_field_mm": card.expected_field_mm,
        "spacing_mm": recipe.preprocessing.spacing_mm,
        "parent": card.parent,
    }


def as_text(card: Card) -> str:
    """What is printed of one model."""
    recipe = card.recipe
    lines = [
        f"{card.name}: {recipe.task}{'  [synthetic scans only]' if card.synthetic_only else ''}",
        f"  channels     {', '.join(recipe.channels)}",
        f"  labels       {', '.join(f'{organ.id} {organ.name}' for organ in recipe.scheme.organs)}",
        f"  network      {recipe.network}, {card.parameters:,} parameters",
        f"  trained on   {card.training.description or 'not said'}",
        f"  licence      {card.training.licence or 'not said'}",
        f"  by           {card.training.attribution or 'not said'}",
    ]
    if card.expected_field_mm:
        lines.append(f"  made for     scans of about {' × '.join(f'{mm:.0f}' for mm in card.expected_field_mm)} mm")
    lines += [
        f"  {score.metric:<12} {score.organ} {score.mean:.3f} ("
        + (f"SD {score.sd:.3f}, " if score.sd is not None else "")
        + f"n = {score.n}"
        + (f", label prior {score.label_prior:.3f})" if score.label_prior is not None else ")")
        for score in card.scores
    ]
    rest = {
        "scored on": card.scored_on,
        "calibration": card.calibration.sentence if card.calibration else "",
        "notes": card.notes,
    }
    return "\n".join([*lines, *(f"  {name:<12} {text}" for name, text in rest.items() if text)])
