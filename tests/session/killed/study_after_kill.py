"""What must hold of a study whose process was killed, and the rest of its work, done by another process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from study_states import other_parts, rows, state, strays
from study_steps import FINE_TUNE, STEPS, Study, hasten
from test_project_kill import assert_certified

from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.session.actions import fine_tune, trainings
from napari_boundaryseg.session.project.check import check
from napari_boundaryseg.session.project.repair import Finding, repair


class Whole(NamedTuple):
    """A study that nobody killed: its state before the first step and after each, and the losses of its training."""

    states: list[dict[str, Any]]
    losses: list[dict[str, Any]]
    counts: list[dict[str, int]]
    """The moments of each step, by phase."""


class Reached(NamedTuple):
    """How far a study came, as its process told."""

    step: int
    in_flight: bool

    @classmethod
    def of(cls, told: Sequence[str], start: int) -> Reached:
        begun = [int(line.partition("|")[2]) for line in told if line.startswith("begin|")]
        done = [int(line.partition("|")[2]) for line in told if line.startswith("done|")]
        return cls(max(begun, default=start - 1), len(begun) > len(done))


def losses_of(text: str) -> list[dict[str, Any]]:
    """The lines of a log without what a clock says."""
    clocks = ("seconds", "computing")
    return [{k: v for k, v in json.loads(line).items() if k not in clocks} for line in text.splitlines()]


def go_on(folder: Path, reached: Reached, whole: Whole, discards: bool, mends_first: bool) -> None:
    """Open a study, see that nothing is lost, and do the rest; errors say what is wrong.

    Parameters
    ----------
    folder : Path
    reached : Reached
    whole : Whole
    discards : bool
        Whether a stopped training is discarded and begun anew, or else resumed.
    mends_first : bool
        Whether the project is repaired before a fine-tuning goes on, or else after it.
    """
    hasten()
    study, step = Study(folder), reached.step
    project, place = study.project, study.project.folder
    project.begin_writing()  # the lock of the dead one keeps nobody out
    possible = whole.states[step : step + 2] if reached.in_flight else [whole.states[step + 1]]

    without: list[list[Any]] = []  # a certificate: labels that a repair has listed, and nobody was told are accepted

    def refuse_half(when: str) -> bool:
        """Whether the step in flight is done."""
        now = state(place)
        wanted = [
            {**one, "certificates": [row for row in one["certificates"] if row not in without]} for one in possible
        ]
        assert now in wanted, f"{when} neither old nor new: {[other_parts(now, one) for one in wanted]}"
        return bool(now == wanted[-1])

    def note_uncertified() -> None:
        now = state(place)
        without.extend(
            row for row in possible[-1]["certificates"] if row in _pairs(now) and row not in now["certificates"]
        )

    def explained(when: str) -> list[Finding]:
        found = check(place)
        assert [one for one in found if one.act is None] == [], f"{when} something cannot be repaired"
        stopped = [one.folder.name for one in trainings.unfinished(project)]
        left = {name for name in strays(place, stopped) if not _is_said(name, found)}
        assert left == set(), f"{when} neither listed nor said: {left}"
        return found

    def mend(found: Sequence[Finding], when: str) -> None:
        if found:
            assert repair(project, found) == []
            assert check(place) == [], f"{when}, mended"

    done = refuse_half("found")
    certified = [(slug, version, "") for slug, version in rows(place, "SELECT slug, version FROM certificates")]
    assert_certified(place, certified)
    for version in project.models():
        load_model(version.path)
    found = explained("found")
    if mends_first or step != FINE_TUNE:  # else the next version of a case has another number
        mend(found, "found")
        note_uncertified()
        done = refuse_half("mended")
    if step == FINE_TUNE and not done:
        _train(study, discards)
        assert losses_of(project.losses) == whole.losses, "other losses than those of a training that nobody killed"
    elif not done:
        STEPS[step][1](study)
    possible = possible[-1:]
    refuse_half("gone on")
    assert trainings.unfinished(project) == []
    mend(explained("gone on"), "gone on")
    refuse_half("gone on and mended")
    rest = range(step + 1, FINE_TUNE if step < FINE_TUNE else len(STEPS))
    for following in rest:
        STEPS[following][1](study)
        possible = [whole.states[following + 1]]
        refuse_half(STEPS[following][0])
    assert check(place) == []
    assert strays(place, []) == set(), "a file that nothing lists, and nobody said"


def _train(study: Study, discards: bool) -> None:
    stopped = trainings.unfinished(study.project)
    assert len(stopped) <= 1
    if stopped and not discards:
        study.returned(fine_tune.resume(study.session, stopped[0]))
        return
    for one in stopped:
        trainings.discard(one)
    study.fine_tune()


def _pairs(found: dict[str, Any]) -> list[list[Any]]:
    """Case and version of all labels of a state."""
    return [one[:2] for one in found["labels"]]


def _is_said(name: str, findings: Sequence[Finding]) -> bool:
    """Whether a check names a file, its folder of models or its case, or the labels that it belongs to."""
    for found in findings:
        whole = found.subject.startswith("models/") or "holds no labels" in found.problem
        if name == found.subject or (whole and name.startswith(f"{found.subject}/")):
            return True
        case, _, file = found.subject.rpartition("/")
        if file.startswith("labels-v") and "is not listed" in found.problem:
            version = file.removesuffix(".nii.gz").removeprefix("labels")
            of_case = (case, *(f"{case}/{one}" for one in ("scan.nii.gz", "case.json")))
            if name in of_case or name.startswith(
                tuple(f"{case}/{one}{version}." for one in ("certificate", "journal"))
            ):
                return True
    return False
