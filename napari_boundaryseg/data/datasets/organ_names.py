"""Organ names: what a data set calls the integers of its label maps, matched to a label scheme by name."""

from __future__ import annotations

from collections.abc import Sequence

from napari_boundaryseg.data.datasets.case import some
from napari_boundaryseg.data.labels import LabelScheme, Organ
from napari_boundaryseg.data.spelling import called
from napari_boundaryseg.errors import InputError

_GREY = "#999999"


def named(organs: Sequence[tuple[int, str]], scheme: LabelScheme | None, listing: str) -> LabelScheme:
    """A scheme with a data set's integers, under the names of another scheme where they mean the same.

    Parameters
    ----------
    organs : sequence of (int, str)
        What the data set says that its integers mean, without the background.
    scheme : LabelScheme or None
        The recipe's; without one, the names stay as they are.
    listing : str
        The file that says it, for the message.

    Raises
    ------
    InputError
        When an organ of the scheme has no name there, or two: integers alone are never trusted.
    """
    wanted = () if scheme is None else scheme.organs
    found = {i: [] if scheme is None else called(name, scheme) for i, name in organs}
    given = ", ".join(name for _, name in organs[:8]) + (" and more" if len(organs) > 8 else "")
    for organ in wanted:
        names = [name for i, name in organs if found[i] == [organ]]
        if len(names) > 1:
            raise InputError(
                listing, f"it names {' and '.join(names)}, which are both {organ.name}", "Join or rename them there"
            )
    lacking = [organ.name for organ in wanted if [organ] not in found.values()]
    if lacking and scheme is not None:
        raise InputError(
            listing,
            f"it names the labels {given or 'not at all'}, and none of them is {some(lacking)}",
            f"If they are, write the names {', '.join(scheme.names)} there, or choose a recipe for these organs",
        )
    return _scheme([(i, name, found[i][0] if len(found[i]) == 1 else None) for i, name in organs], listing)


def refuse_other_integers(organs: Sequence[tuple[int, str]], scheme: LabelScheme, listing: str) -> None:
    """Refuse label maps whose integers a listing gives to other organs of a scheme; names that it lacks say nothing.

    Raises
    ------
    InputError
    """
    for i, name in organs:
        others = called(name, scheme)
        if others and i not in [organ.id for organ in others]:
            raise InputError(
                listing,
                f"the integer {i} is {name} there, and {scheme.name} has {others[0].name} as {others[0].id}",
                "Give both the same integers",
            )


def _scheme(organs: Sequence[tuple[int, str, Organ | None]], listing: str) -> LabelScheme:
    taken = {known.name for _, _, known in organs if known}
    made = []
    for i, name, known in sorted(organs, key=lambda item: item[0]):
        own = name[:48].strip() or f"Label {i}"
        while not known and own in taken:
            own += f" ({i})"
        taken.add(own)
        made.append(known.model_copy(update={"id": i}) if known else Organ(id=i, name=own, colour=_GREY))
    return LabelScheme(name=listing[:64] or "data set", organs=tuple(made))
