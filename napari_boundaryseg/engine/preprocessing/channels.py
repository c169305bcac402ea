"""Channel matching: whether a scan has the channels that a network was made for, and their order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.errors import InputError

_KNOWN = {
    "t1": ("t1w", "t1n"),
    "t1c": ("t1ce", "t1gd", "t1cw", "t1wc", "t1wgd", "t1post"),
    "t2": ("t2w",),
    "flair": ("t2f", "t2flair"),
    "pd": ("pdw",),
    "dwi": (),
    "adc": (),
    "swi": (),
    "ct": (),
    "pet": ("pt",),
}
"""Names of what a scanner measures, and other ways to write them. Any other may be a file's own: it says nothing."""
_PLAIN = {other: name for name, others in _KNOWN.items() for other in (name, *others)}


def in_order(volume: Volume, wanted: Sequence[str], who: str) -> Volume:
    """The scan with its channels as a network wants them.

    The same names in another order are put into order. Otherwise the order of the files counts, unless a channel has
    the name of something else than the network wants in its place.

    Parameters
    ----------
    volume : Volume
    wanted : sequence of str
        The recipe's channels.
    who : str
        The model or recipe, for the message.

    Raises
    ------
    InputError
        When the number of channels differs, or a name says that it is another channel.
    """
    if len(volume.channels) != len(wanted):
        raise InputError(
            volume.name,
            f"it has {len(volume.channels)} channels, {who} needs {len(wanted)}",
            f"Open these together: {', '.join(wanted)}",
        )
    have, want = [_plain(name) for name in volume.channels], [_plain(name) for name in wanted]
    if have == want:
        return volume
    if sorted(have) == sorted(want) and len(set(want)) == len(want):
        places = [have.index(name) for name in want]
        return replace(volume, array=volume.array[places], channels=tuple(volume.channels[n] for n in places))
    if any(one != two and {one, two} <= _KNOWN.keys() for one, two in zip(have, want, strict=True)):
        raise InputError(
            volume.name,
            f"its channels are {', '.join(volume.channels)}, {who} needs {', '.join(wanted)}",
            "Open the channels that it needs, or choose another model",
        )
    return volume


def _plain(name: str) -> str:
    """A channel's name without letter case and punctuation, in one of its ways to write it."""
    bare = re.sub(r"[^a-z0-9]", "", name.lower())
    return _PLAIN.get(bare, name.lower())
