"""Results to files: label map, edges, contours, probabilities, surfaces, report. Each is read back before it counts.

The files of one export are made and checked in a hidden folder first. While they are put in place, a report stands
there that claims nothing; the one that lists them comes last: a report never says more of a file than is true.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from napari_boundaryseg.data.saving import atomic_json, atomic_write, write_error
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.engine.inference.prediction import Prediction, Segmentation
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, silent
from napari_boundaryseg.session.earlier_results import EarlierResults, ResultsInTheWay, earlier_results, sha256_of
from napari_boundaryseg.session.placing import placing
from napari_boundaryseg.session.report import report
from napari_boundaryseg.session.result_files import KINDS, MAPS, Results, make, plain, planned
from napari_boundaryseg.session.staging import put, staging
from napari_boundaryseg.session.vouching import sealed, unfinished


def export_files(
    scan: Volume,
    labels: LabelMap,
    prediction: Segmentation | None,
    what: set[str],
    folder: Path,
    *,
    case: str | None = None,
    seconds: Mapping[str, float] | None = None,
    overwrite: bool = False,
    report_name: str | None = None,
    more: Mapping[str, Callable[[Path], None]] | None = None,
    progress: Progress = silent,
) -> list[Path]:
    """Write what was asked for.

    Parameters
    ----------
    scan : Volume
    labels : LabelMap
        On the scan's grid.
    prediction : Prediction, optional
        A `Prediction` for edges, contours and probabilities; a `Segmentation` has none.
    what : set of str
        Some of `KINDS`: ``labels`` (``CASE_seg.nii.gz`` in the scan's exact geometry), ``edges``
        (``CASE_edges.nii.gz``), ``contours`` (``CASE_contours.nii.gz``, one map per organ in label order),
        ``probabilities`` (``CASE_probabilities.nii.gz``, background first), ``mesh`` (``CASE_ORGAN.stl``, mm, LPS+),
        ``report`` (``CASE.json``, see `session.report`). A report that is there already is always brought up to date.
    folder : Path
        Made when it is not there.
    case : str, optional
        The case's name where it is that of a file already; by default the scan's, in letters that every system takes.
    seconds : mapping, optional
        What the stages before the prediction took, in s, for the report.
    overwrite : bool
        Replace also what is another scan's result, was changed by hand, or is of unknown origin.
    report_name : str, optional
        Instead of ``CASE.json``.
    more : mapping, optional
        Further files by their names, each with a function that makes it at a path.
    progress : Progress
        Asked before each file, never while files are put in place.

    Returns
    -------
    list of Path
        What was written, the report last.

    Raises
    ------
    ResultsInTheWay
        When a file would be replaced that is not this scan's own result as this program wrote it.
    InputError
        When something cannot be written, or does not read back as it was written. Files that were there before are
        unchanged unless the disk failed while finished files were put in place; the report then says "unfinished".
    """
    unknown = sorted(what - set(KINDS))
    if unknown or not what:
        raise InputError("export", f"{', '.join(unknown) or 'nothing'} was chosen", f"Choose from: {', '.join(KINDS)}")
    if not scan.geometry.same_as(labels.geometry):
        raise InputError(labels.name, "the labels do not lie on this scan", "Export the labels of the open scan")
    maps = prediction if isinstance(prediction, Prediction) else None
    if maps is None and what & set(MAPS):
        raise InputError("export", "there are no edges and contours yet", "Segment the scan first, or untick them")
    name = case or plain(scan.name)
    report_name = report_name or f"{name}.json"
    names = [*planned(what, name, labels), *(more or {})]
    refuse_earlier(scan, folder, names, what, report_name, overwrite)
    began = time.perf_counter()
    with staging(folder) as stage:
        results = Results(scan, labels, maps, stage, name)
        made, checks = make(results, what, progress)
        for other, make_other in (more or {}).items():
            make_other(stage / other)
            made.append(stage / other)
        hashes = {path.name: sha256_of(path) for path in made}
        with placing(folder, stage, progress):
            before = refuse_earlier(scan, folder, names, what, report_name, overwrite)  # it may have changed meanwhile
            reported = "report" in what or before.has_report
            said: dict[str, Any] = {}
            if reported:
                said = report(
                    scan, labels, prediction, case or scan.name, hashes, checks, {}, before.kept, before.origins
                )
                gone = {**before.replaced, **before.of_another_scan}
                atomic_json(folder / report_name, unfinished(said, gone))
            for path in made:
                put(path, folder / path.name)
            for foreign in before.of_another_scan:
                (folder / foreign).unlink(missing_ok=True)
            if reported:
                taken = {**(seconds or {}), **_seconds_of(prediction), "writing": round(time.perf_counter() - began, 3)}
                _write_report(sealed({**said, "seconds": taken}), folder / report_name)
    return [*(folder / path.name for path in made), *([folder / report_name] if reported else [])]


def refuse_earlier(
    scan: Volume, folder: Path, names: list[str], what: set[str], report_name: str, overwrite: bool
) -> EarlierResults:
    """What lies in a folder under the names of an export.

    Raises
    ------
    ResultsInTheWay
        Unless ``overwrite``, where something may not be replaced without being asked.
    """
    wanted = [*names, *([report_name] if "report" in what else [])]
    try:
        before = earlier_results(folder, report_name, wanted, hash_of(scan))
    except OSError as error:
        raise write_error(folder, error) from error
    if before.in_the_way and not overwrite:
        raise ResultsInTheWay(before.in_the_way)
    return before


def _write_report(values: Mapping[str, Any], path: Path) -> None:
    """The report, read back before it takes the place of the unfinished one."""
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def check(temporary: Path) -> None:
        if json.loads(temporary.read_text(encoding="utf-8")) != json.loads(text):
            raise InputError(path, "it does not read back as it was written", "Export to another folder")

    def write(stream: BinaryIO) -> None:
        stream.write(text.encode("utf-8"))

    atomic_write(path, write, check=check)


def _seconds_of(prediction: Segmentation | None) -> Mapping[str, float]:
    found = prediction.details.get("seconds") if prediction is not None else None
    return found if isinstance(found, Mapping) else {}
