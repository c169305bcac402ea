"""Judges of a fine-tuning: the held-out cases that neither it nor an earlier version was trained on. No torch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from napari_boundaryseg.data.datasets.copies import marks, one_patient_each, one_scan
from napari_boundaryseg.engine.checkpoints.ancestry import Ancestry, content_hashes
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
from napari_boundaryseg.engine.training.data.cases import check_pair
from napari_boundaryseg.errors import InputError

UNTOUCHED = "its labels are a model's own result, which nobody has corrected"
ONE_ROLE = "Give each case one role, and all scans of a patient the same"


@dataclass(frozen=True)
class Judges:
    """Who may judge, and who may not.

    Parameters
    ----------
    cases : sequence of LabelledScan
    excluded : mapping
        The names of the other held-out cases, with the reason.
    patients : mapping
        Case to patient; the cases of one scan, whatever they are called, are one patient.
    copies : sequence of tuple of str
        The names of cases that are one scan, for each such scan.
    """

    cases: Sequence[LabelledScan]
    excluded: Mapping[str, str]
    patients: Mapping[str, str]
    copies: Sequence[tuple[str, ...]] = ()

    @classmethod
    def of(
        cls,
        ancestry: Ancestry,
        training: Sequence[LabelledScan],
        held_out: Sequence[LabelledScan],
        patients: Mapping[str, str],
        untouched: Collection[str] = (),
    ) -> Judges:
        """Divide the held-out cases of a fine-tuning.

        Parameters
        ----------
        ancestry : Ancestry
            Of the model before.
        training, held_out : sequence of LabelledScan
        patients : mapping
            Case to patient, where that is known.
        untouched : collection of str
            Names of cases whose labels are a model's own result, as it was found.

        Raises
        ------
        InputError
            For a case, a copy of its scan, or a patient on both sides, and for a held-out case that shows nothing.
        """
        for case in held_out:
            check_pair(case.volume, case.labels)
        _refuse_both_roles(training, held_out, patients)
        excluded = {}
        for case in held_out:
            name = case.volume.name
            reason = ancestry.why_not(content_hashes(case.volume), name, patients.get(name, ""))
            reason = reason or (UNTOUCHED if name in untouched else "")
            if reason:
                excluded[name] = reason
        judging = [case for case in held_out if case.volume.name not in excluded]
        copies = one_scan((case.volume.name, marks(case.volume)) for case in judging)
        return cls(judging, excluded, one_patient_each(copies, patients), copies)


def _refuse_both_roles(
    training: Sequence[LabelledScan], held_out: Sequence[LabelledScan], patients: Mapping[str, str]
) -> None:
    repeated = {case.volume.name for case in training} & {case.volume.name for case in held_out}
    if repeated:
        raise InputError(", ".join(sorted(repeated)), "it is both a training case and held out", ONE_ROLE)
    taught = {patient: case.volume.name for case in training if (patient := patients.get(case.volume.name))}
    scans = {mark: case.volume.name for case in training for mark in marks(case.volume)} if held_out else {}
    for case in held_out:
        name = case.volume.name
        copied = next((scans[mark] for mark in sorted(marks(case.volume)) if mark in scans), None)
        if copied is not None:
            raise InputError(name, f"it is held out, and a copy of the scan of the training case {copied}", ONE_ROLE)
        if patients.get(name) in taught:
            raise InputError(
                name, f"it is held out, and shows the patient of the training case {taught[patients[name]]}", ONE_ROLE
            )
