"""`boundaryseg selftest`: the metrics on shapes whose answers are known."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_boundaryseg.cli.commands import command
from napari_boundaryseg.cli.console import table
from napari_boundaryseg.cli.overwriting import Overwrite, refuse_target

if TYPE_CHECKING:
    from napari_boundaryseg.data.metrics.selftest.check import Checked


@command("selftest")
def selftest(
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="F", help="Every value, what is known of it and why, as JSON.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Compute every metric on shapes whose answers are known by counting, and say where one is off.

    Prints each value beside the known one and the metric's definition, and how the known ones follow from the shapes.
    Exit status 1 where a value is off.
    """
    from napari_boundaryseg.data.file_format import stored_text
    from napari_boundaryseg.data.metrics.selftest.check import check
    from napari_boundaryseg.data.saving import atomic_text

    if json_file:
        refuse_target(json_file, overwrite)
    found = list(check())
    if json_file:
        atomic_text(
            json_file, stored_text(json.dumps(as_report(found), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        )
    for (answer, organ), group in itertools.groupby(found, key=lambda one: (one.answer, one.organ)):
        label = f", label {organ}" if len(answer.expected) > 1 else ""
        typer.echo(f"{answer.name}{label} (tolerance {answer.tolerance_mm:g} mm)\n{answer.why}")
        lines = [[one.metric.name, _text(one.value), _text(one.expected), "" if one.right else "OFF"] for one in group]
        typer.echo(f"{table(['metric', 'value', 'known', ''], lines)}\n")
    typer.echo("definitions")
    defined = dict.fromkeys(one.metric for one in found)
    typer.echo("\n".join(f"  {metric.name}: {metric.definition}" for metric in defined) + "\n")
    wrong = [one for one in found if not one.right]
    shapes = len({id(one.answer) for one in found})
    if wrong:
        typer.echo(f"{len(wrong)} of {len(found)} values are off: {'; '.join(map(_off, wrong))}.")
        raise typer.Exit(1)
    typer.echo(f"All {len(found)} values of {len(defined)} metrics on {shapes} shapes are as they are known.")


def as_report(found: Sequence[Checked]) -> dict[str, Any]:
    """Everything that was checked, as JSON can hold it; None where a value is none."""
    return {
        "passed": all(one.right for one in found),
        "definitions": {one.metric.name: one.metric.definition for one in found},
        "values": [
            {
                "shapes": one.answer.name,
                "why": one.answer.why,
                "spacing_mm": list(one.answer.spacing_mm),
                "tolerance_mm": one.answer.tolerance_mm,
                "label": one.organ,
                "metric": one.metric.name,
                "value": one.value if math.isfinite(one.value) else None,
                "known": one.expected if math.isfinite(one.expected) else None,
                "right": one.right,
            }
            for one in found
        ],
    }


def _off(one: Checked) -> str:
    return f"{one.metric.name} of {one.answer.name} is {one.value:.9g} instead of {one.expected:.9g}"


def _text(value: float) -> str:
    return "none" if math.isnan(value) else f"{value:.6f}"
