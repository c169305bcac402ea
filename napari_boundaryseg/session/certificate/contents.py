"""Content of a certificate: what was accepted, of which scan, by which model, after which work and checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_boundaryseg import __version__
from napari_boundaryseg.data.boxes import Box, as_pairs
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.ancestry import content_hashes
from napari_boundaryseg.session.certificate import document
from napari_boundaryseg.session.certificate.account import voxels_sha256
from napari_boundaryseg.session.certificate.against_model import NO_MODEL, NOT_KNOWN, last_model
from napari_boundaryseg.session.certificate.earlier import model_since
from napari_boundaryseg.session.certificate.reviewed import Reviewed
from napari_boundaryseg.session.certificate.writing import Told
from napari_boundaryseg.session.report import NOTICE


@dataclass(frozen=True)
class Accepted:
    """What was accepted as which version of which case, by whom.

    Parameters
    ----------
    case, scan_hash, accepted : str
    version : int
    person : str, optional
    seconds : float, optional
        How long the person worked on the labels.
    """

    case: str
    scan_hash: str | None
    version: int
    accepted: str
    person: str | None
    seconds: float | None


def content(
    what: Accepted,
    scan: Volume,
    labels: LabelMap,
    box: Box | None,
    file: Mapping[str, Any],
    told: Told,
    reviewed: Reviewed,
) -> dict[str, Any]:
    """Everything that a certificate says but its place in the chain: see `document`.

    Parameters
    ----------
    file : mapping
        ``file``, ``sha256`` and ``read_back`` of the labels as they lie on the disk, and ``nifti`` codes.
    told : Told
        What the journal tells (`account_of`), ``journal``: its file, or why there is none; and what the labels are
        beside the model's result.

    Returns
    -------
    dict
        As JSON holds it: volumes in mL, lengths in mm, slices counted from 1, box in voxels as (start, stop) pairs.
    """
    volumes = labels.volumes_ml()
    codes = file["codes"]
    return {
        "format": document.FORMAT,
        "notice": NOTICE,
        "signature": document.NO_SIGNATURE,
        "software": f"napari-boundaryseg {__version__}",
        "case": what.case,
        "version": what.version,
        "accepted": what.accepted,
        "person": what.person,
        "minutes": None if what.seconds is None else round(what.seconds / 60, 2),
        "scan": {
            "file": "scan.nii.gz",
            "hash": what.scan_hash,
            "content": list(content_hashes(scan)),
            "channels": list(scan.channels),
            "modality": scan.modality,
        },
        "geometry": {**_geometry(labels.geometry), **codes},
        "labels": {
            "file": file["file"],
            "sha256": file["sha256"],
            "voxels_sha256": voxels_sha256(labels.array),
            "read_back": file["read_back"],
            "box": None if box is None else as_pairs(box),
            "organs": [
                {"id": organ.id, "name": organ.name, "volume_ml": round(volumes[organ.name], 6)}
                for organ in labels.scheme.organs
            ],
        },
        "label_scheme": labels.scheme.model_dump(mode="json"),
        "model": _model(told.said),
        "against_model": told.against,
        "work": dict(told.said),
        "review": reviewed.as_json(),
    }


def _geometry(geometry: Geometry) -> dict[str, Any]:
    return {
        "shape": list(geometry.shape),
        "affine": geometry.affine.tolist(),
        "spacing_mm": list(geometry.spacing_mm),
        "orientation": geometry.orientation,
        "obliquity_deg": round(geometry.obliquity_deg, 3),
    }


def _model(work: Mapping[str, Any]) -> Any:
    """What the last result that was applied says of its model, and the hash of the labels as it left them.

    Of labels that were opened from an accepted version since: what that version's certificate says of its own.
    """
    if "results" not in work:
        return NOT_KNOWN
    if "opened" in work and not model_since(work):
        opened = work["opened"]
        known, version = opened["model"], opened["version"]
        return dict(known) if isinstance(known, Mapping) else f"of version {version}: {known or NOT_KNOWN}"
    last = last_model(work)
    if last is None:
        return NO_MODEL
    said = {"title": last["name"].removeprefix("Model: "), "sha256": NOT_KNOWN, **last.get("model", {})}
    return {**said, "result_step": last["step"], "result_voxels_sha256": last["voxels_sha256"]}
