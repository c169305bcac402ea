"""What is said of a proposal for the slices that nobody corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from napari_boundaryseg.editing.history.change import change_of
from napari_boundaryseg.editing.history.slice_work import corrected_slices, locked_slices
from napari_boundaryseg.editing.tools.propagate.proposal import Proposal
from napari_boundaryseg.editing.tools.propagate.ways import Way
from napari_boundaryseg.ui.control.correcting.change_words import ml_of
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels
from napari_boundaryseg.ui.layers.step_names import PLANES
from napari_boundaryseg.ui.tools.draw_tools import kept_from_in_words

_SHOWN = dict.fromkeys(Way, "Dashed") | {
    Way.INTERPOLATED: "Interpolated between them, dashed",
    Way.ADAPTED: "As the adapted model finds it, dashed",
    Way.BOTH: "As the adapted model finds it, with your corrections carried, dashed",
}
_BEYOND = "Interpolated between them and carried beyond, dashed"
_STEPS = dict.fromkeys(Way, "Carry") | {Way.ADAPTED: "Adapted", Way.BOTH: "Adapted, carried"}


def proposal_in_words(proposal: Proposal, editable: EditableLabels) -> str:
    """What is proposed, from which slices, and how much it would change."""
    organ, corrected = editable.scheme.organ(proposal.organ).name, proposal.corrected
    plane = PLANES[proposal.axis]
    if not corrected:
        elsewhere = " What was drawn in another plane does not count here." if _drawn_across(proposal, editable) else ""
        return f"Correct {organ} on a {plane}: what it means for the others is shown dashed.{elsewhere}"
    done = f"{organ}: {len(corrected)} {plane}{'s' if len(corrected) > 1 else ''} corrected or locked."
    written = proposal.labels_of(proposal.offered)
    if written is None:
        return f"{done} Nothing follows for the others."
    change = change_of(editable.history, written[1], written[0])
    ml = ml_of(change, proposal.organ, editable.voxel_ml)
    between = proposal.way is not Way.INTERPOLATED or len(corrected) > 1
    shown = _SHOWN[proposal.way if between else Way.CARRIED]
    beyond = [at for at in proposal.offered if not min(corrected) < at < max(corrected)]
    if proposal.way is Way.INTERPOLATED and between and beyond:
        shown = _BEYOND
    return f"{done} {shown} on {len(proposal.offered)} others: {ml}."


def _drawn_across(proposal: Proposal, editable: EditableLabels) -> bool:
    """Whether a hand drew the organ in another plane."""
    history, organ = editable.history, proposal.organ
    drawn = {axis: corrected_slices(history, organ, axis) for axis in {0, 1, 2} - {proposal.axis}}
    return any(slices - locked_slices(history, organ) if axis == 0 else slices for axis, slices in drawn.items())


def scores_in_words(scores: Mapping[Way, float]) -> str:
    """How well each way foretold the corrected slices that were left out."""
    found = ", ".join(f"{way.value[0].lower()}{way.value[1:]} {score:.2f}" for way, score in scores.items())
    return f"Surface Dice on slices that were left out: {found}." if found else ""


def step_name(proposal: Proposal, taken: Sequence[int], editable: EditableLabels) -> str:
    """The step that takes it on some slices."""
    plane = PLANES[proposal.axis]
    place = f"{plane} {taken[0] + 1}" if len(taken) == 1 else f"{len(taken)} {plane}s"
    return f"{_STEPS[proposal.way]}: {editable.scheme.organ(proposal.organ).name}, {place}"


def spared_in_words(name: str, organs: Sequence[int], editable: EditableLabels) -> str:
    """What was taken, and that it stopped at other organs."""
    spared = [one.name for one in editable.scheme.organs if one.id in organs]
    return " ".join(filter(None, [f"{name}.", kept_from_in_words(spared, False) if spared else ""]))
