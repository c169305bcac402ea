"""Report of an export, ``CASE.json``: what was made from what, by which model, in which time, and what was checked.

It also says by which voxels its scan and by which bytes its files are known again (``scan.hash``, ``hashes``). Reports
of versions 0.1 and 0.2 do not, and vouch for none of their files: see `session.vouching`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from napari_boundaryseg import __version__
from napari_boundaryseg.data.file_format import refuse_later
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.engine.inference.prediction import Prediction, Segmentation
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.origins import Origin

FORMAT = "napari-boundaryseg-report/2"
"""What a report says of itself since version 0.2; one that says nothing is of version 1."""
NOTICE = "Research use only, not a medical device"
OF_THE_MODEL = ("model", "sha256", "device", "backend", "dtype", "box", "notes")

RENAMED = {"scheme": "label_scheme", "program": "software", "use": "notice", "contours": "contour_sources"}
"""Name in version 1, as the window or the command line wrote it, and the name of today."""
RENAMED_OF_THE_SCAN = {"tilt_deg": "obliquity_deg", "doubts": "warnings"}
MOVED_TO_THE_SCAN = ("shape", "spacing_mm", "channels")
"""What the command line's version 1 said of the scan without saying that it was the scan's."""


def report(
    scan: Volume,
    labels: LabelMap,
    prediction: Segmentation | None,
    case: str,
    hashes: Mapping[str, str],
    checks: list[str],
    seconds: Mapping[str, float],
    earlier: Mapping[str, str],
    origins: Mapping[str, Origin | None],
) -> dict[str, Any]:
    """What was made from what, without names or paths of the patient's files beyond the case's name.

    Parameters
    ----------
    scan : Volume
    labels : LabelMap
    prediction : Prediction, optional
        Whose maps were written; what it says of its model is None where there is none.
    case : str
    hashes : mapping
        The files that were written beside the report, each with the SHA-256 of its bytes.
    checks : list of str
        What was read back and compared, one sentence each.
    seconds : mapping
        Stage to the time it took, in s.
    earlier : mapping
        Files of earlier exports of this scan that were not written again, each with its SHA-256.
    origins : mapping
        By which model each of these was made, and when (see `session.origins`); None where that is not known.

    Returns
    -------
    dict
        As JSON holds it: volumes in mL, lengths in mm, the box in voxels as three (start, stop) pairs.
    """
    geometry = scan.geometry
    return {
        "format": FORMAT,
        "case": case,
        "notice": NOTICE,
        "software": f"napari-boundaryseg {__version__}",
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "scan": {
            "shape": list(geometry.shape),
            "spacing_mm": list(geometry.spacing_mm),
            "orientation": geometry.orientation,
            "obliquity_deg": round(geometry.obliquity_deg, 3),
            "channels": list(scan.channels),
            "modality": scan.modality,
            "warnings": list(scan.warnings),
            "hash": hash_of(scan),
        },
        "label_scheme": labels.scheme.model_dump(mode="json"),
        "volumes_ml": {name: round(ml, 6) for name, ml in labels.volumes_ml().items()},
        "contour_sources": dict(prediction.contour_sources) if isinstance(prediction, Prediction) else {},
        "contour_order": list(prediction.contours) if isinstance(prediction, Prediction) else [],
        **dict.fromkeys(OF_THE_MODEL),
        **(prediction.details if prediction is not None else {}),
        "corrected_ml": corrected_ml(labels, prediction),
        "seconds": dict(seconds),
        "checks": checks,
        "files": list(hashes),
        "hashes": dict(hashes),
        "earlier": dict(earlier),
        "earlier_origins": dict(origins),
    }


def corrected_ml(labels: LabelMap, prediction: Segmentation | None) -> float | None:
    """How much of the labels is not as the model made them, in mL: its edges and contours do not follow that.

    None where no model's result lies beside them.
    """
    if prediction is None or prediction.labels.array.shape != labels.array.shape:
        return None
    return round(int(np.count_nonzero(labels.array != prediction.labels.array)) * labels.geometry.voxel_ml, 6)


def read_report(path: Path) -> dict[str, Any]:
    """Read a report of this or an older version of the program, under the names of today.

    Returns
    -------
    dict
        Empty where there is no such file, or it is no report.

    Raises
    ------
    InputError
        Where it is no JSON, a later version of the program wrote it, or its export was interrupted.
    """
    if not path.is_file():
        return {}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(path, "it is no JSON", "Export or predict the case again, or move this file away") from error
    if not isinstance(values, dict):
        return {}
    refuse_later(values.get("format"), FORMAT, path)
    if values.get("unfinished"):
        raise InputError(path, "the export that it belongs to was interrupted", "Export or predict the case again")
    return migrated(values)


def migrated(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a report's JSON, of whatever version, under the names of today.

    Examples
    --------
    >>> migrated({"case": "a", "scheme": {"name": "own"}, "shape": [4, 4, 2]})["label_scheme"]
    {'name': 'own'}
    >>> migrated({"case": "a", "shape": [4, 4, 2]})["scan"]
    {'shape': [4, 4, 2]}
    """
    if "format" in values:
        return dict(values)
    now = {"format": FORMAT, **{RENAMED.get(name, name): value for name, value in values.items()}}
    scan = {name: now.pop(name) for name in MOVED_TO_THE_SCAN if name in now}
    if isinstance(values.get("scan"), Mapping):
        scan |= {RENAMED_OF_THE_SCAN.get(name, name): value for name, value in values["scan"].items()}
    return {**now, "scan": scan} if scan else now
