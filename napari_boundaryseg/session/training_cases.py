"""Cases for a training: which of a project's fit the model, which are held out at first, and whose they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.relabel import to_scheme
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.evaluation.power import power_in_words
from napari_boundaryseg.engine.preprocessing.channels import in_order
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.tuning import FEWEST_PATIENTS, MOST_MODELS, TOO_MANY_PATIENTS
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.project import Project


@dataclass(frozen=True)
class Candidate:
    """An accepted case that may train a model, or judge it."""

    name: str
    scheme: str
    patient: str | None = None
    """None where nobody knows whose scan it is."""
    misfit: str = ""
    """Why the model can learn nothing from it; empty where it fits."""
    role: str = ""
    """That it was given once, see `Project.give_roles`."""


def candidates(project: Project, card: Card | None) -> list[Candidate]:
    """Every accepted case, by name, with what is against it where the model is known."""
    facts = project.facts() if card is not None else {}
    roles = project.roles()
    return [
        Candidate(
            case.name,
            case.scheme,
            case.patient or None,
            _misfit(facts.get(case.label.parent.name, {}), case.name, card.recipe, card.name) if card else "",
            roles.get(case.name, ""),
        )
        for case in project.cases()
    ]


def first_roles(cases: Sequence[Candidate], chosen: Mapping[str, str], held: Iterable[str] = ()) -> dict[str, str]:
    """The role of every case: as it was chosen, else as it was once given, else as its patient's others.

    Where nothing was chosen or given, three patients are held out, as fewer find no gain: those who are known, if there
    are any, with few cases, and of several the last. Of two patients one is; of 3 to 9 nobody, for then all of them
    judge by cross-fitting.

    Parameters
    ----------
    cases : sequence of Candidate
    chosen : mapping
        What a person chose.
    held : iterable of str
        Who was held out so far in the window, and stays so where somebody else is left to train, and where they are
        enough to find a gain, or no other way of judging is.
    """
    patients = _by_patient(case for case in cases if not case.misfit)
    few = len(patients) < FEWEST_PATIENTS or len(patients) >= TOO_MANY_PATIENTS
    held = set(held)
    if not few and sum(bool(held & set(names)) for names in patients.values()) < FEWEST_PATIENTS:
        held = set()
    said = {**{case.name: case.role for case in cases if case.role}, **chosen}
    given = {**dict.fromkeys(held, "Held out"), **said}
    roles = {name: _role(name, names, given) for names in patients.values() for name in names}
    if "Train" not in roles.values():
        roles = {name: _role(name, names, said) for names in patients.values() for name in names}
    if few and len(patients) > 1 and "Held out" not in roles.values() and not roles.keys() & said.keys():
        ranked = [
            (2 * len(names) > len(roles), not known, len(names), -n)
            for n, ((known, _), names) in enumerate(patients.items())
        ]
        most = FEWEST_PATIENTS if len(patients) >= TOO_MANY_PATIENTS else 1
        for *_, n in sorted(ranked)[:most]:
            roles |= dict.fromkeys(list(patients.values())[-n], "Held out")
    return {case.name: roles.get(case.name, "Leave out") for case in cases}


def roles_to_learn(cases: Sequence[Candidate], names: Iterable[str]) -> dict[str, str]:
    """The role of every case where these alone shall teach: what was held out judges on, all others are left out.

    Of these cases those of a patient who is held out judge, too; where nobody is, `first_roles` says who.
    """
    chosen, held = set(names), [case for case in cases if case.role == "Held out" and not case.misfit]
    patients = {case.patient for case in held} - {None}
    judging = {case.name for case in cases if case in held or (case.name in chosen and case.patient in patients)}
    teaching = [replace(case, role="") for case in cases if case.name in chosen - judging]
    taught = {case.name: "Train" for case in teaching if not case.misfit} if held else first_roles(teaching, {})
    roles = {**taught, **dict.fromkeys(judging, "Held out")}
    return {case.name: roles.get(case.name, "Leave out") for case in cases}


def _role(name: str, of_patient: Sequence[str], given: Mapping[str, str]) -> str:
    others = {given.get(other) for other in of_patient}
    return given.get(name) or ("Held out" if "Held out" in others else "Train")


def on_both_sides(cases: Sequence[Candidate], roles: Mapping[str, str]) -> list[str]:
    """Patients of whom one case trains and another is held out, in words; such a training is refused."""
    found = []
    for (patient, _), names in _by_patient(cases).items():
        parted = [name for name in names if roles.get(name) in ("Train", "Held out")]
        if len({roles[name] for name in parted}) > 1:
            found.append(f"{' and '.join(parted)} are of one patient, {patient}")
    return found


def cross_fitted(cases: Sequence[Candidate], roles: Mapping[str, str]) -> int:
    """By how many models the patients are judged where nobody is held out; 0 where there are too few or too many."""
    training = _by_patient(case for case in cases if roles.get(case.name) == "Train")
    return min(MOST_MODELS, len(training)) if FEWEST_PATIENTS <= len(training) < TOO_MANY_PATIENTS else 0


def findable(cases: Sequence[Candidate], roles: Mapping[str, str], models: int) -> str:
    """What so few judges can find, in a sentence; empty where nobody judges.

    Parameters
    ----------
    cases : sequence of Candidate
    roles : mapping
    models : int
        By how many models the patients are judged where nobody is held out, as of `cross_fitted`.
    """
    judging = "Held out" if "Held out" in roles.values() else "Train" if models else ""
    patients = _by_patient(case for case in cases if roles.get(case.name) == judging)
    return power_in_words(len(patients)) if patients else ""


def of_unknown_patient(cases: Sequence[Candidate], roles: Mapping[str, str]) -> list[str]:
    """Names of the cases that take part, and of which nobody knows whose they are."""
    return [case.name for case in cases if not case.patient and roles.get(case.name) in ("Train", "Held out")]


def _by_patient(cases: Iterable[Candidate]) -> dict[tuple[str, str], list[str]]:
    """Names of the cases of each patient; a case of a patient who is not known is alone."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for case in cases:
        found[(case.patient, "") if case.patient else ("", case.name)].append(case.name)
    return found


def _misfit(facts: Mapping[str, Any], name: str, recipe: Recipe, model: str) -> str:
    """What the training would say of it: asked with one voxel for each drawn organ, and for each channel."""
    try:
        if facts.get("channels"):
            channels = tuple(map(str, facts["channels"]))
            scan = Volume(np.zeros((len(channels), 1, 1, 1), np.uint8), _grid(1), channels, name)
            if in_order(scan, recipe.channels, model).channels != channels:
                return f"its channels are stored as {', '.join(channels)}, {model} needs {', '.join(recipe.channels)}"
        if facts.get("label_scheme"):
            scheme = LabelScheme.model_validate(facts["label_scheme"])
            drawn = np.array([0, *(set(scheme.ids) & set(facts.get("drawn") or ()))], np.uint16)
            to_scheme(LabelMap(drawn.reshape(-1, 1, 1), _grid(len(drawn)), scheme, name), recipe.scheme)
    except InputError as error:
        return error.reason
    return ""


def _grid(voxels: int) -> Geometry:
    return Geometry((voxels, 1, 1), np.eye(4))
