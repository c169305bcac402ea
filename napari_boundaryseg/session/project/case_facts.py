"""Facts of an accepted case that its files do not hold: the names of its channels, its modality, the organs drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project import cases as notes


def facts_of(scan: Volume, labels: LabelMap, by_hand: bool | None = None) -> dict[str, Any]:
    """What the project's list says of a version of labels, beside `cases.meaning`.

    ``channels``, ``drawn``, and ``by_hand``: whether a person has drawn on them, where that is known.
    """
    drawn = [int(organ) for organ in np.unique(labels.array) if organ]
    return {"channels": list(scan.channels), "drawn": drawn, **({} if by_hand is None else {"by_hand": by_hand})}


def known_facts(folder: Path, listed: str | None) -> dict[str, Any]:
    """``label_scheme``, ``channels`` and ``drawn`` of a case's newest labels, as far as they are known.

    Parameters
    ----------
    folder : Path
        The case's, whose ``case.json`` says what the list of an earlier version of the program did not.
    listed : str, optional
        What the list says, as JSON.
    """
    facts = notes.listed_meaning(listed) or {}
    if facts.get("channels"):
        return facts
    try:
        said = next(iter(notes.versions_in(folder)), {})
    except InputError:
        return facts
    return {**(notes.known_meaning(said) or {}), "channels": said.get("channels"), **facts}


def as_accepted(scan: Volume, folder: Path) -> Volume:
    """The project's copy of a scan with the channels and the modality that the scan had: a NIfTI file holds neither.

    Parameters
    ----------
    scan : Volume
        As it was read.
    folder : Path
        The case's.
    """
    try:
        said: dict[str, Any] = next(iter(notes.versions_in(folder)), {})
    except InputError:
        return scan
    channels, modality = said.get("channels"), said.get("modality")
    if (
        not isinstance(channels, list)
        or len(channels) != len(scan.channels)
        or len(set(map(str, channels))) < len(channels)
    ):
        channels = scan.channels
    return replace(
        scan,
        channels=tuple(map(str, channels)),
        modality=modality if isinstance(modality, str) and not scan.modality else scan.modality,
    )
