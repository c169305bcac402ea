"""Channel matching: whether a scan has the channels that a network was made for, and their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from napari_boundaryseg.data.datasets.channel_names import KNOWN, plain
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.errors import InputError


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
            f"Open these together: {', '.join(wanted)}" if len(wanted) > 1 else "Open one of its channels alone",
        )
    have, want = [plain(name) for name in volume.channels], [plain(name) for name in wanted]
    if have == want:
        return volume
    if sorted(have) == sorted(want) and len(set(want)) == len(want):
        places = [have.index(name) for name in want]
        return replace(volume, array=volume.array[places], channels=tuple(volume.channels[n] for n in places))
    if any(one != two and {one, two} <= KNOWN.keys() for one, two in zip(have, want, strict=True)):
        raise InputError(
            volume.name,
            f"its channels are {', '.join(volume.channels)}, {who} needs {', '.join(wanted)}",
            "Open the channels that it needs, or choose another model",
        )
    return volume
