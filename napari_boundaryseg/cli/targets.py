"""`boundaryseg targets`: what a recipe would teach from a label map, as maps to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_boundaryseg.cli.commands import command
from napari_boundaryseg.cli.inputs.training_options import recipe_of
from napari_boundaryseg.cli.overwriting import Overwrite, refuse_sources, refuse_target
from napari_boundaryseg.cli.stopping import stop_if_asked, stoppable
from napari_boundaryseg.errors import InputError


@command("targets")
def targets(
    labels: Annotated[Path, typer.Argument(metavar="LABELS", help="A label map, with the recipe's integers.")],
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="A shipped recipe's name, or a JSON file.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Gets NAME_MAP.nii.gz for each map.")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of the recipe.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write the maps that a recipe's losses are taught from: contours, distances, and how difficult each border is.

    They lie on the labels' own grid, one channel for each organ, and can be opened as a scan.
    """
    from napari_boundaryseg import losses
    from napari_boundaryseg.data import formats
    from napari_boundaryseg.losses import target_maps

    wanted = recipe_of(recipe, settings or [])
    needed = losses.needed_maps(wanted.losses)
    if not needed:
        raise InputError(wanted.name, "its losses need no map beside the labels", "Choose another recipe")
    drawn = formats.read_labels(labels, scheme=wanted.scheme)
    files = {name: out / f"{drawn.name}_{name}.nii.gz" for name in needed}
    refuse_sources(files.values(), [labels])
    if out.exists() and not out.is_dir():
        raise InputError(out, "it is a file", "Name a folder")
    if out.exists():
        for file in files.values():
            refuse_target(file, overwrite)
    written: list[str] = []
    with stoppable(lambda: f"{', '.join(written)} written." if written else "nothing is written."):
        from napari_boundaryseg.engine.training.data.shown_targets import shown_targets

        for name, one in shown_targets(drawn, wanted).items():
            stop_if_asked()
            out.mkdir(parents=True, exist_ok=True)
            formats.write_map(one if len(one) > 1 else one[0], drawn.geometry, files[name])
            written.append(files[name].name)
            typer.echo(f"{files[name].name}: {len(one)} channel{'s' if len(one) != 1 else ''}, {one.max():.3g} at most")
    left = [name for name in sorted(target_maps.names()) if name not in needed]
    for path in (out / f"{drawn.name}_{name}.nii.gz" for name in left):
        if path.exists():
            typer.echo(f"note: {path.name} lies there and was not made anew: it may be of other labels", err=True)
    if not written:
        raise InputError(wanted.name, "of its organs no map is taught", "See its targets.contours")
