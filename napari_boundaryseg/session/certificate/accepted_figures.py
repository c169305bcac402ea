"""Figures of a project's accepted cases: how far off models were on them, and whether these had learned from them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_boundaryseg.engine.checkpoints.ancestry import Ancestry
from napari_boundaryseg.engine.checkpoints.model_library import read_card, shipped
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.certificate.earlier import whole_certificates
from napari_boundaryseg.session.project.project import AcceptedCase, Project


@dataclass(frozen=True)
class AcceptedFigures:
    """One organ of an accepted case: a model's result beside what a person accepted.

    Parameters
    ----------
    case : str
    patient : str or None
        Whose scan it is; None where nobody knows.
    version : int
        Of the labels.
    accepted : str
        When, ISO 8601.
    organ : str
    model, model_sha256 : str
        By which the result was made.
    unseen : bool
        Whether nothing is known by which the model, or one that it descends from, learned of this patient; False where
        the model's card is not at hand, or a copy of the model was adapted to the scan.
    surface_dice : float or None
        At the organ's own tolerance, 0..1.
    apl_mm : float or None
        Added path length.
    margin_mm : float or None
        `border_margin_mm`; infinite where one of the two lacks the organ.
    minutes : float or None
        That the person worked on the case, all organs together.
    edited : bool
        Whether a person has drawn on the result. Else the figures flatter the model, which a chart or a band must say.
    ancestry_known : bool
        Whether the model and all that it descends from say what they learned from.
    factor : float or None
        `border_factor`, infinite as the margin; None where the model's probabilities were not at hand at the accept.
    width_mm : float or None
        Of the predicted border by these, on average.
    """

    case: str
    patient: str | None
    version: int
    accepted: str
    organ: str
    model: str
    model_sha256: str
    unseen: bool
    surface_dice: float | None
    apl_mm: float | None
    margin_mm: float | None
    minutes: float | None
    edited: bool = True
    ancestry_known: bool = False
    factor: float | None = None
    width_mm: float | None = None


def accepted_figures(project: Project, models: Iterable[Path] = ()) -> list[AcceptedFigures]:
    """The figures in the certificates of a project, in the order of acceptance; reads every certificate.

    Of several versions of a case by one model the newest counts, in its place. A certificate counts where it is whole,
    is the one of the project's chain, and its case is still on the list. Without a journal, or without a model's
    result, there are no figures.

    Parameters
    ----------
    project : Project
    models : iterable of Path
        Model files beside those of the project and of the program.

    Raises
    ------
    InputError
        Where the project's list cannot be read.
    """
    cases = {case.label.parent.name: case for case in project.cases()}
    learned = Learned(project, models)
    found: dict[tuple[str, str, str], AcceptedFigures] = {}
    for slug, values in whole_certificates(project):
        if slug in cases:
            for figures in _figures_in(values, cases[slug], learned):
                key = slug, figures.organ, figures.model_sha256
                found.pop(key, None)
                found[key] = figures
    return list(found.values())


class Learned:
    """Of which patients models learned, as the cards of the program's, the project's and further models tell.

    Parameters
    ----------
    project : Project
    models : iterable of Path
    """

    def __init__(self, project: Project, models: Iterable[Path] = ()) -> None:
        self._ancestries: dict[str, Ancestry] = {}
        for path in (*shipped().values(), *(model.path for model in project.models()), *models):
            with suppress(InputError):
                card, sha256 = read_card(path)
                self._ancestries[sha256] = card.ancestry
        self._cases = project.cases()

    def tells_all(self, sha256: str) -> bool:
        """Whether a model says all that it learned from."""
        return sha256 in self._ancestries and self._ancestries[sha256].complete

    def nothing_of(self, sha256: str, name: str, patient: str | None, scans: Iterable[str]) -> bool:
        """Whether a model is at hand, and nothing says that it learned of a case or of its patient.

        Parameters
        ----------
        sha256 : str
            Of the model's file.
        name : str
            Of the case.
        patient : str or None
        scans : iterable of str
            The `content_hashes` of its scan.
        """
        ancestry = self._ancestries.get(sha256)
        if ancestry is None or ancestry.why_not(scans, name, patient or ""):
            return False
        fellows = (one.name for one in self._cases if patient and one.patient == patient)
        return not any(ancestry.why_not((), fellow) for fellow in fellows)


def _figures_in(values: Mapping[str, Any], case: AcceptedCase, learned: Learned) -> Iterator[AcceptedFigures]:
    said = values.get("against_model")
    if not isinstance(said, Mapping):
        return
    sha256 = said["sha256"]
    unseen = not said["adapted"] and learned.nothing_of(sha256, case.name, case.patient, values["scan"]["content"])
    for organ, row in said["organs"].items():
        if "why" not in row:
            yield AcceptedFigures(
                values["case"],
                case.patient or None,
                values["version"],
                values["accepted"],
                organ,
                said["model"],
                sha256,
                unseen,
                row["surface_dice"],
                row["apl_mm"],
                _or_infinite(row["margin_mm"]),
                values["minutes"],
                said["edited"],
                learned.tells_all(sha256),
                _or_infinite(row["factor"]) if "factor" in row else None,
                row.get("width_mm"),
            )


def _or_infinite(value: float | None) -> float:
    """JSON holds no infinite number."""
    return math.inf if value is None else value
