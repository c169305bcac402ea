"""Loading a case: its scan with the channels that are wanted, and its labels under the names of a scheme."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.datasets.case import Case
from napari_boundaryseg.data.datasets.channel_names import places
from napari_boundaryseg.data.datasets.organ_names import named, refuse_other_integers
from napari_boundaryseg.data.labels import LabelScheme, preset
from napari_boundaryseg.data.relabel import to_scheme
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.errors import InputError


def load_case(case: Case, scheme: LabelScheme | None = None) -> tuple[Volume, LabelMap | None]:
    """A case's scan, and its labels on the scan's grid where it has any.

    Labels of a layout with known integers (BraTS, KiTS, PROMISE12), or of a data set that names them, are matched to
    the scheme by the organs' names; names in the label file itself must agree with them.

    Raises
    ------
    InputError
        When a file cannot be read, the files do not fit each other, or the names do not fit the scheme.
    """
    volume = load_scan(case)
    if case.label is None:
        return volume, None
    known = preset(case.scheme) if case.scheme else scheme
    if case.organs:
        known = named(case.organs, scheme, case.listing)
    if known is not None and (case.scheme or case.organs):
        refuse_other_integers(formats.names_in(case.label), known, case.label.name)
    labels = replace(formats.read_labels(case.label, volume, known), name=case.name)
    return volume, labels if scheme is None or known == scheme else to_scheme(labels, scheme)


def load_scan(case: Case) -> Volume:
    """A case's scan alone, with the names of its channels where the data set tells them.

    Raises
    ------
    InputError
        When a file cannot be read, the channels lie on different grids, or are not as many as are named.
    """
    volume = replace(formats.read(*case.images), name=case.name)
    if len(case.channels) == len(volume.channels):
        volume = replace(volume, channels=case.channels)
    elif case.channels and case.listing:
        raise InputError(
            case.name,
            f"it has {len(volume.channels)} channels, and {case.listing} names {', '.join(case.channels)}",
            "Correct the names, or add the missing files",
        )
    taken = places(case.channels, case.wanted) if case.wanted else None
    if taken is not None:
        volume = replace(volume, array=volume.array[taken], channels=tuple(volume.channels[n] for n in taken))
    return volume


def load_labelled(cases: Iterable[Case], scheme: LabelScheme | None = None) -> Iterator[tuple[Volume, LabelMap]]:
    """The scan and labels of each case that has labels, read one case after the other."""
    for case in cases:
        volume, labels = load_case(case, scheme)
        if labels is not None:
            yield volume, labels


def with_channels(cases: Iterable[Case], wanted: Sequence[str]) -> list[Case]:
    """The same cases with only the wanted channels, in that order, where the data set names them so."""
    chosen = []
    for case in cases:
        found = places(case.channels, wanted)
        if found is not None and len(case.channels) == len(case.images):
            images = tuple(case.images[n] for n in found)
            case = replace(case, images=images, channels=tuple(wanted))
        elif found is not None and len(case.images) == 1:
            case = replace(case, wanted=tuple(wanted))
        chosen.append(case)
    return chosen
