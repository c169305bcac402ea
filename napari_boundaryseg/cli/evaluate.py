"""`boundaryseg evaluate`: predictions against references."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_boundaryseg.cli.commands import command
from napari_boundaryseg.cli.console import table
from napari_boundaryseg.errors import InputError

if TYPE_CHECKING:
    from napari_boundaryseg.data.labels import LabelScheme


@command("evaluate")
def evaluate(
    predictions: Annotated[Path, typer.Argument(metavar="PREDICTIONS", help="A folder of label maps, or one.")],
    references: Annotated[Path, typer.Argument(metavar="REFERENCES", help="A folder of label maps, or one.")],
    tolerance_mm: Annotated[
        float | None,
        typer.Option(min=0, help="For surface Dice and added path length; each organ's own where it is not given."),
    ] = None,
    scheme: Annotated[
        str | None,
        typer.Option(help="What the integers mean; by default what CASE.json beside the prediction says."),
    ] = None,
    predicted_only: Annotated[
        bool,
        typer.Option("--predicted-only", help="Leave out references without a prediction, instead of as missing."),
    ] = False,
    csv_file: Annotated[Path | None, typer.Option("--csv", metavar="F", help="Every case and organ, as CSV.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="F", help="Cases and summary, as JSON.")] = None,
) -> None:
    """Per case and organ every metric: overlap, distances in mm, added path length, volumes; their mean and SD."""
    from napari_boundaryseg.cli.cases import compared
    from napari_boundaryseg.data.saving import atomic_json, atomic_text
    from napari_boundaryseg.engine.evaluation.scoring import pair, score_case, score_unpredicted, summarise, unpredicted

    found, truth = compared(predictions, references)
    pairs, lost = pair(found, truth), unpredicted(found, truth)
    schemes = {case: _scheme(scheme, path, case) for case, (path, _) in pairs.items()}
    rows = [
        row
        for case, (path, reference) in pairs.items()
        for row in score_case(case, path, reference, scheme=schemes[case], tolerance_mm=tolerance_mm)
    ]
    missing = [f"{row['organ']} in {row['case']}" for row in rows if row["missing"]]
    if not predicted_only:
        rows += [
            row
            for case, reference in lost.items()
            for row in score_unpredicted(case, reference, scheme=_common(schemes), tolerance_mm=tolerance_mm)
        ]
    summary, priors = summarise(rows), _label_priors(predictions, list(pairs))
    if csv_file:
        atomic_text(csv_file, as_csv(rows))
    if json_file:
        report = {"cases": rows, "summary": summary, "label_prior_dsc": priors, "without_prediction": list(lost)}
        atomic_json(json_file, report)
    typer.echo(as_text(summary, priors))
    if missing:
        typer.echo(f"Missing, and left out of the distances: {'; '.join(missing)}.")
    if lost:
        typer.echo(_about_lost(list(lost), len(truth), predicted_only))


def _about_lost(lost: list[str], references: int, left_out: bool) -> str:
    return (
        f"{references - len(lost)} of {references} cases have a prediction. "
        f"{'Left out' if left_out else 'Counted as missing'}: {', '.join(lost)}."
    )


def as_csv(rows: list[dict[str, Any]]) -> str:
    """One line per case and organ, one column per metric."""
    from napari_boundaryseg.data import metrics

    text = io.StringIO()
    writer = csv.DictWriter(
        text, ("case", "organ", *metrics.names(), "missing"), extrasaction="ignore", lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_text(summary: dict[str, dict[str, Any]], priors: dict[str, float]) -> str:
    """Mean and SD per organ, beside what a label prior that ignores the image scores."""
    from napari_boundaryseg.data import metrics
    from napari_boundaryseg.data.mean_sd import MeanSd

    head = ["organ", "n", "missing", *metrics.names(), *(["label prior dsc"] if priors else [])]
    lines = []
    for organ, values in summary.items():
        cells = [MeanSd(**values[name]).text() for name in metrics.names()]
        prior = [f"{priors[organ]:.3f}" if organ in priors else "-"] if priors else []
        lines.append([organ, str(values["n"]), str(values["missing"]), *cells, *prior])
    return table(head, lines)


def _scheme(name: str | None, prediction: Path, case: str) -> LabelScheme | None:
    from pydantic import ValidationError

    from napari_boundaryseg.data.labels import LabelScheme, preset
    from napari_boundaryseg.session.report import read_report

    if name:
        return preset(name)
    report = read_report(prediction.parent / f"{case}.json")
    try:
        return LabelScheme.model_validate(report["label_scheme"]) if "label_scheme" in report else None
    except ValidationError as error:
        raise InputError(f"{case}.json", "its label scheme is damaged", "Give --scheme") from error


def _common(schemes: dict[str, LabelScheme | None]) -> LabelScheme | None:
    """The label scheme of all predictions, where it is one."""
    first = next(iter(schemes.values()))
    return first if all(scheme == first for scheme in schemes.values()) else None


def _label_priors(predictions: Path, cases: list[str]) -> dict[str, float]:
    """The label prior's Dice from the card of the model that made the predictions, where that is a shipped one."""
    from napari_boundaryseg.engine.checkpoints import model_library
    from napari_boundaryseg.session.report import read_report

    folder = predictions if predictions.is_dir() else predictions.parent
    digests = {read_report(folder / f"{case}.json").get("sha256") for case in cases}
    for _, path in model_library.cards():
        card, digest = model_library.read_card(path)
        if digests == {digest}:
            return {score.organ: score.label_prior for score in card.scores if score.label_prior is not None}
    return {}
