"""`boundaryseg predict`: scans in, label maps and the rest out, each on the scan's own grid."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from napari_boundaryseg.cli.commands import command
from napari_boundaryseg.cli.console import each, progress_bar, so_many
from napari_boundaryseg.cli.inputs.boxes import box_around, label_files, labels_of, parse_box
from napari_boundaryseg.cli.inputs.cases import name_of, sources
from napari_boundaryseg.cli.overwriting import Overwrite, refuse_one_file, refuse_sources
from napari_boundaryseg.cli.stopping import stoppable
from napari_boundaryseg.data.boxes import Box, drawn
from napari_boundaryseg.progress import part

if TYPE_CHECKING:
    from napari_boundaryseg.data.volume import Volume
    from napari_boundaryseg.engine.inference.prediction import Segmentation
    from napari_boundaryseg.engine.inference.predictor import Predictor
    from napari_boundaryseg.progress import Progress


def check_device(name: str) -> str:
    """A device's name, or a usage error."""
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", name):
        raise typer.BadParameter(f"{name!r} is none of auto, cpu, cuda, cuda:N")
    return name


def check_backend(name: str) -> str:
    """A backend's name, or a usage error."""
    if name not in ("auto", "torch", "openvino"):
        raise typer.BadParameter(f"{name!r} is none of auto, torch, openvino")
    return name


def check_precision(name: str) -> str:
    """A precision's name, or a usage error."""
    if name not in ("float32", "bf16", "f16"):
        raise typer.BadParameter(f"{name!r} is none of float32, bf16, f16")
    return name


@command("predict")
def predict(
    scans: Annotated[
        list[str],
        typer.Argument(
            metavar="SCAN...",
            help="NIfTI, NRRD or MHA files, or folders with one DICOM series; "
            "channels of one case are joined by commas.",
        ),
    ],
    model: Annotated[str, typer.Option(help="A shipped model's name, or a model file.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where the results go.")],
    device: Annotated[str, typer.Option(callback=check_device, help="auto, cpu, cuda or cuda:N.")] = "auto",
    backend: Annotated[
        str,
        typer.Option(
            callback=check_backend,
            help="What computes on a CPU: torch, openvino (an extra), or auto, which takes it where it pays.",
        ),
    ] = "auto",
    precision: Annotated[
        str,
        typer.Option(
            callback=check_precision,
            help="float32; bf16 (processors that have it) or f16 (GPUs), where the model's labels stay the same.",
        ),
    ] = "float32",
    edges: Annotated[bool, typer.Option("--edges", help="Also CASE_edges.nii.gz.")] = False,
    contours: Annotated[bool, typer.Option("--contours", help="Also CASE_contours.nii.gz, one map per organ.")] = False,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="Also CASE_probabilities.nii.gz, background first.")
    ] = False,
    box: Annotated[str | None, typer.Option(metavar="I0:I1,J0:J1,K0:K1", help="Give the model only this part.")] = None,
    box_from: Annotated[
        Path | None,
        typer.Option(
            metavar="LABELS",
            help="Give the model only the part around these labels: a file, or a folder with one per case.",
        ),
    ] = None,
    margin_mm: Annotated[float, typer.Option(min=0, max=1e4, help="Margin round the labels of --box-from.")] = 15.0,
    whole: Annotated[bool, typer.Option("--whole", help="The whole scan, however large.")] = False,
    any_modality: Annotated[
        bool, typer.Option("--any-modality", help="Also scans of another modality than the model's.")
    ] = False,
    all_pieces: Annotated[
        bool, typer.Option("--all-pieces", help="Also the pieces of an organ that the model's recipe leaves out.")
    ] = False,
    locator: Annotated[
        str | None, typer.Option(metavar="NAME_OR_FILE", help="The model that proposes the box, for models that ask.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Segment scans: CASE_seg.nii.gz and CASE.json for each, and what else is asked for.

    A result of the same scan that nobody changed is replaced; another scan's, or what was changed by hand, only with
    --overwrite.
    """
    if box and box_from:
        raise typer.BadParameter("give --box or --box-from, not both")
    given = parse_box(box) if box else None
    wanted = {name for name, on in (("edges", edges), ("contours", contours), ("probabilities", probabilities)) if on}
    cases = [sources(text) for text in scans]
    names = [name_of(paths) for paths in cases]
    refuse_one_file((f"scan {n}", out / f"{name}_seg.nii.gz") for n, name in enumerate(names, start=1))
    refuse_sources(_results(names, wanted, out), [*chain(*cases), *(label_files(box_from) if box_from else ())])
    region, allowed = _Region(given, box_from, margin_mm), _Allowed(whole, any_modality, all_pieces)
    written: list[str] = []
    with stoppable(lambda: f"the results of {so_many(written, names)} are written, nothing of the others."):
        predictor = _predictor(model, device, locator, backend, precision)

        def one(n: int) -> None:
            _one(predictor, cases[n], out, {"labels", *wanted, "report"}, region, allowed, overwrite, progress_bar())
            written.append(names[n])

        failed = each(names, one)
    if failed:
        raise typer.Exit(1)


def _results(names: list[str], wanted: set[str], out: Path) -> Iterator[Path]:
    from napari_boundaryseg.session.result_files import planned

    for name in names:
        yield from (out / file for file in (*planned({"labels", *wanted}, name), f"{name}.json"))


class _Allowed(NamedTuple):
    """What a person has allowed a model that it does not do by itself, as `Predictor.predict` calls it."""

    whole: bool
    any_modality: bool
    all_pieces: bool


class _Region:
    """Which part of each scan the model is given."""

    def __init__(self, box: Box | None, labels: Path | None, margin_mm: float) -> None:
        self.box, self.labels, self.margin_mm = box, labels, margin_mm

    def of(self, scan: Volume, case: str) -> Box | None:
        if self.labels is None:
            return drawn(self.box, scan.geometry.shape, scan.name) if self.box else None
        from napari_boundaryseg.data.formats import read_labels

        return box_around(read_labels(labels_of(self.labels, case), scan), self.margin_mm)


def _predictor(model: str, device: str, locator: str | None, backend: Any, precision: Any) -> Predictor:
    from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
    from napari_boundaryseg.engine.inference.predictor import Predictor
    from napari_boundaryseg.session.project.stored_models import refuse_changed

    for one in (model, *([locator] if locator else [])):
        refuse_changed(one)
    found = load_model(locator) if locator else None
    return Predictor(load_model(model), device, found, backend=backend, precision=precision)


def _one(
    predictor: Predictor,
    paths: list[Path],
    out: Path,
    what: set[str],
    region: _Region,
    allowed: _Allowed,
    overwrite: bool,
    progress: Progress,
) -> None:
    from napari_boundaryseg.data import formats
    from napari_boundaryseg.session.export import export_files, refuse_earlier
    from napari_boundaryseg.session.origins import kept_in_words, not_of_this
    from napari_boundaryseg.session.report import read_report
    from napari_boundaryseg.session.result_files import MAPS, planned

    started = time.perf_counter()
    case = name_of(paths)
    scan = formats.read(*paths, progress=part(progress, 0.0, 0.1))
    refuse_earlier(scan, out, planned(what, case), what, f"{case}.json", overwrite)
    reading = time.perf_counter() - started
    for note in scan.warnings:
        typer.echo(f"note: {case}: {note}", err=True)
    see: Callable[..., Segmentation] = (
        partial(predictor.predict, attention=False) if what & set(MAPS) else predictor.segment
    )
    found = see(scan, box=region.of(scan, case), **allowed._asdict(), progress=part(progress, 0.1, 0.9))
    taken = {"reading": round(reading, 3)}
    written = export_files(
        scan,
        found.labels,
        found,
        what,
        out,
        case=case,
        seconds=taken,
        overwrite=overwrite,
        progress=part(progress, 0.9, 1.0),
    )
    progress(1.0, case)
    report = read_report(written[-1])
    kept, others = kept_in_words(report), not_of_this(out, planned({"labels", *MAPS}, case), report)
    silent = what & set(predictor.model.card.silent)
    hush = f"the {' and '.join(sorted(silent))} of this model say nothing of where a border is" if silent else ""
    for note in (*found.details["notes"], *filter(None, (hush, kept, others))):  # type: ignore[misc]
        typer.echo(f"note: {case}: {note}", err=True)
    from napari_boundaryseg.data.metrics.volumes import ml_text

    volumes = ", ".join(f"{name} {ml_text(value)} mL" for name, value in found.labels.volumes_ml().items())
    typer.echo(f"{case}: {volumes} ({time.perf_counter() - started:.1f} s)")
