"""`boundaryseg evaluate`: predictions against references."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_boundaryseg.cli.commands import command
from napari_boundaryseg.cli.console import each, table
from napari_boundaryseg.cli.inputs.label_files import compared, known_as
from napari_boundaryseg.cli.inputs.named_schemes import common_scheme, scheme_beside
from napari_boundaryseg.cli.overwriting import Overwrite, refuse_one_file, refuse_sources, refuse_target
from napari_boundaryseg.cli.stopping import stoppable
from napari_boundaryseg.data.file_format import stored_text
from napari_boundaryseg.engine.evaluation.score_tables import as_csv, every_case
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
    metric: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A metric beside the usual ones: slice_dsc, slice_hd_mm or mean_iou."),
    ] = None,
    surface_dice_at: Annotated[
        str | None,
        typer.Option(metavar="MM,MM,...", help="Surface Dice at these tolerances too: 1,2,3. A column for each."),
    ] = None,
    regions: Annotated[
        bool,
        typer.Option(
            "--regions",
            help="Each third of an organ along the patient's long axis too: of a prostate apex, middle, base.",
        ),
    ] = False,
    splits_csv: Annotated[
        Path | None,
        typer.Option("--splits", metavar="CSV", help="Score only the cases that this table marks test."),
    ] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", metavar="F", help="Every case and organ, as CSV.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="F", help="Cases and summary, as JSON.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Per case and organ every metric: overlap, distances in mm, added path length, volumes; their mean and SD.

    Of a folder every label map counts, but for the edges, contours and probabilities that CASE.json lists.
    A case that cannot be scored is listed at the end and in the tables, with exit status 1; the others are scored.
    """
    from napari_boundaryseg.data.datasets.layouts.dataset_json import NAME, listing_of, listing_place
    from napari_boundaryseg.data.labels import preset
    from napari_boundaryseg.data.metrics import names
    from napari_boundaryseg.data.saving import atomic_text
    from napari_boundaryseg.engine.evaluation import scoring as scores
    from napari_boundaryseg.engine.evaluation.scoring import Row, in_no_reference, pair, summarise, unpredicted
    from napari_boundaryseg.session.listed_maps import report_beside

    targets = {option: file for option, file in (("--csv", csv_file), ("--json", json_file)) if file}
    refuse_one_file(targets.items())
    also = (*(metric or ()), *_at(surface_dice_at))
    names(also)  # refused before anything is read
    remarks: list[str] = []
    found, truth = compared(predictions, references, remarks.append)
    if splits_csv:
        found, truth = _judging(splits_csv, found, truth, remarks.append)
    place = listing_place(references)
    reports = map(report_beside, found.values())
    sources = [*found.values(), *truth.values(), *reports, place / NAME]
    refuse_sources(targets.values(), [*sources, splits_csv] if splits_csv else sources)
    for file in targets.values():
        refuse_target(file, overwrite)
    for text in remarks:
        typer.echo(f"note: {text}", err=True)
    pairs, lost = pair(found, truth), unpredicted(found, truth)
    given = preset(scheme) if scheme else None
    scoring = _Scoring(pairs, truth, given, tolerance_mm, listing_of(place).organs, also, regions)
    counted = [*found, *([] if predicted_only else lost)]
    with stoppable(lambda: f"{len(scoring.rows)} of {len(counted)} cases were scored; no table was written."):
        failed = each(counted, lambda n: scoring.score(counted[n]))
    every_row: list[Row] = [row for case in counted for row in scoring.rows.get(case, [])]
    rows = [row for row in every_row if row.get("region", scores.WHOLE) == scores.WHOLE]
    thirds = scores.summarise_thirds(every_row)
    empty = [case for case in counted if scoring.rows.get(case) == []]
    summary, priors = summarise(rows), _label_priors([files[0] for files in pairs.values()])
    unheld = in_no_reference(summary, [given, *scoring.schemes.values()])
    if csv_file:
        atomic_text(csv_file, stored_text(as_csv(every_case(every_row, scoring.notes, empty, failed))))
    if json_file:
        report = {
            "cases": every_row,
            "summary": summary,
            **({"regions": thirds} if regions else {}),
            "label_prior_dsc": priors,
            "without_prediction": list(lost),
            "without_labels": empty,
            "in_no_reference": list(unheld),
            "not_scored": failed,
            "notes": scoring.notes,
            "remarks": remarks,
        }
        text = json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False)
        atomic_text(json_file, stored_text(text + "\n"))
    typer.echo(as_text(summary, priors, len(counted)))
    for organ, parts in thirds.items():
        typer.echo(f"\n{organ}, by third from the feet to the head:\n{as_text(parts, {}, len(counted), 'region')}")
    one_sided = [row for row in rows if row["missing"] and row["case"] in pairs]
    for held, what in ((True, "Missing"), (False, "Found where the reference has none")):
        named = [f"{row['organ']} in {row['case']}" for row in one_sided if bool(row["in_reference"]) == held]
        if named:
            typer.echo(f"{what}, and left out of the distances: {'; '.join(named)}.")
    if empty:
        typer.echo(f"Nothing to score, for no label map holds a label: {', '.join(empty)}.")
    if unheld:
        typer.echo(f"No reference holds {', '.join(unheld)}: no mean is given.")
    if lost:
        typer.echo(_about_lost(list(lost), len(truth), predicted_only))
    if failed:
        typer.echo(
            f"{len(counted) - len(failed)} of {len(counted)} cases were scored. Not scored: {', '.join(failed)}."
        )
        raise typer.Exit(1)


def _judging(
    table: Path, found: dict[str, Path], truth: dict[str, Path], note: Callable[[str], None]
) -> tuple[dict[str, Path], dict[str, Path]]:
    """Predictions and references of the cases that a table of splits marks test, and what else is left out, told."""
    from napari_boundaryseg.data.datasets.split_table import marked

    names = marked(table, "test")
    wanted = {known_as(name, {*found, *truth}) for name in names}
    lost = sorted(wanted - {*truth})
    if lost:
        raise InputError(table, f"it marks {', '.join(lost)} test, and there is no such reference", "Add the reference")
    others = len({*found, *truth} - wanted)
    more = f"; {others} others do not" if others else ""
    note(f"Of the cases, {len(wanted)} judge: those that {table.name} marks test{more}.")
    first, second = ({case: path for case, path in files.items() if case in wanted} for files in (found, truth))
    return first, second


UNNAMED = "Organs are averaged by their names, and without a scheme they are called Label N: --scheme names them all."


class _Scoring:
    """Rows of each case, and what is doubtful about its files."""

    def __init__(
        self,
        pairs: Mapping[str, tuple[Path, Path]],
        references: Mapping[str, Path],
        given: LabelScheme | None,
        tolerance_mm: float | None,
        listed: tuple[tuple[int, str], ...],
        also: tuple[str, ...] = (),
        thirds: bool = False,
    ) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.notes: dict[str, list[str]] = {}
        self.schemes: dict[str, LabelScheme | None] = {}
        self._pairs, self._references, self._given, self._tolerance_mm = pairs, references, given, tolerance_mm
        self._listed, self._also, self._thirds = listed, also, thirds

    def score(self, case: str) -> None:
        """Score one case. Those without a prediction come after the others, whose label scheme they share."""
        from napari_boundaryseg.engine.evaluation.scoring import score_case, score_unpredicted

        if case in self._pairs:
            files = self._pairs[case]
            scheme = self.schemes[case] = self._given or scheme_beside(files[0])
            self._tell_doubts(case, *files)
            self._refuse_other_integers(files[1], scheme)
            self.rows[case] = score_case(
                case,
                *files,
                scheme=scheme,
                tolerance_mm=self._tolerance_mm,
                also=self._also,
                thirds=self._thirds,
                note=lambda text: self._note(case, text),
            )
        elif case in self._references:
            scheme = self._given or common_scheme(self.schemes)
            path = self._references[case]
            if scheme is None and any(self.schemes.values()):
                self._note(case, f"It has no prediction, and those of others differ in their label schemes. {UNNAMED}")
            self._refuse_other_integers(path, scheme)
            self.rows[case] = score_unpredicted(
                case, path, scheme=scheme, tolerance_mm=self._tolerance_mm, also=self._also, thirds=self._thirds
            )
        else:
            raise InputError(case, "there is no reference of this name", "Add it, or take the prediction out")

    def _refuse_other_integers(self, reference: Path, scheme: LabelScheme | None) -> None:
        """What ``dataset.json`` says of the references' integers counts, also against names in a file of labels."""
        from napari_boundaryseg.data.datasets.organ_names import refuse_other_integers
        from napari_boundaryseg.data.formats import names_in

        if scheme is not None and self._listed:
            refuse_other_integers(self._listed, scheme, "dataset.json of the references")
            refuse_other_integers(names_in(reference), scheme, reference.name)

    def _tell_doubts(self, case: str, prediction: Path, reference: Path) -> None:
        first, *_ = self.schemes
        if self.schemes[case] != self.schemes[first]:
            self._note(case, f"Its label scheme is another one than that of {first}. {UNNAMED}")
        if prediction.samefile(reference):
            self._note(case, "Its prediction and its reference are the same file.")

    def _note(self, case: str, text: str) -> None:
        self.notes.setdefault(case, []).append(text)
        typer.echo(f"note: {case}: {text}", err=True)


def _about_lost(lost: list[str], references: int, left_out: bool) -> str:
    return (
        f"{references - len(lost)} of {references} cases have a prediction. "
        f"{'Left out' if left_out else 'Counted as missing'}: {', '.join(lost)}."
    )


def _at(tolerances: str | None) -> tuple[str, ...]:
    """The names of surface Dice at tolerances that a person names: "1,2,3"."""
    from napari_boundaryseg.data.metrics.surface import at_tolerance

    try:
        return tuple(at_tolerance(float(mm)) for mm in tolerances.split(",")) if tolerances else ()
    except ValueError:
        raise InputError("--surface-dice-at", f"{tolerances!r} is no list of numbers", "Write 1,2,3") from None


def as_text(
    summary: dict[str, dict[str, Any]], priors: dict[str, float], cases: int | None = None, of: str = "organ"
) -> str:
    """Mean and SD per organ and over how many of all cases, beside what a label prior that ignores the image scores."""
    from napari_boundaryseg.data import metrics
    from napari_boundaryseg.data.mean_sd import MeanSd

    cases = cases or max((values["n"] for values in summary.values()), default=0)
    measured = metrics.measured(summary.values())
    head = [of, "n", "missing", *measured, *(["label prior dsc"] if priors else [])]
    lines = []
    for organ, values in summary.items():
        figures = [MeanSd(**values[name]) for name in measured]
        cells = [f.text() + (f" (n = {f.n})" if 1 < f.n < values["n"] else "") for f in figures]
        prior = [f"{priors[organ]:.3f}" if organ in priors else "-"] if priors else []
        lines.append([organ, f"{values['n']} of {cases}", str(values["missing"]), *cells, *prior])
    return table(head, lines)


def _label_priors(predictions: list[Path]) -> dict[str, float]:
    """The label prior's Dice from the card of the model that made the predictions, where that is a shipped one."""
    from napari_boundaryseg.engine.checkpoints import model_library
    from napari_boundaryseg.session.listed_maps import report_beside
    from napari_boundaryseg.session.report import read_report

    try:
        digests = {read_report(report_beside(path)).get("sha256") for path in predictions}
    except InputError:
        return {}  # said of its case already
    for _, path in model_library.cards():
        card, digest = model_library.read_card(path)
        if digests == {digest}:
            return {score.organ: score.label_prior for score in card.scores if score.label_prior is not None}
    return {}
