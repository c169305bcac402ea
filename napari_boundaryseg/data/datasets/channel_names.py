"""Channel names: the ways in which data sets write what a scanner measures."""

from __future__ import annotations

import re
from collections.abc import Sequence

BRATS_CHANNELS = ("t1", "t1c", "t2", "flair")

KNOWN = {
    "t1": ("t1w", "t1n", "t1weighted"),
    "t1c": ("t1ce", "t1gd", "t1cw", "t1wc", "t1wgd", "t1post", "t1km", "t1wce", "cet1w", "cet1"),
    "t2": ("t2w", "t2weighted"),
    "flair": ("t2f", "t2flair"),
    "pd": ("pdw",),
    "dwi": (),
    "adc": (),
    "swi": (),
    "ct": (),
    "pet": ("pt",),
}
"""Names of what a scanner measures, and other ways to write them. Any other may be a file's own: it says nothing."""
_PLAIN = {other: name for name, others in KNOWN.items() for other in (name, *others)}


def plain(name: str) -> str:
    """A channel's name without letter case and punctuation, in one of its ways to write it.

    Examples
    --------
    >>> plain("T1-Gd"), plain("T2w"), plain("in phase")
    ('t1c', 't2', 'in phase')
    """
    bare = re.sub(r"[^a-z0-9]", "", name.lower())
    return _PLAIN.get(bare, name.lower())


def places(have: Sequence[str], wanted: Sequence[str]) -> list[int] | None:
    """Where each wanted channel stands among those that there are; None where one is not, or twice."""
    names = [plain(name) for name in have]
    found = [plain(name) for name in wanted]
    if any(names.count(name) != 1 for name in found):
        return None
    return [names.index(name) for name in found]


def doubt(have: Sequence[str], wanted: Sequence[str]) -> str:
    """A warning where names do not say which channel is which, so that their order counts; empty where they do.

    Examples
    --------
    >>> doubt(["MRI"], ["t2"])
    'Its channels MRI are taken as t2, by their order: the names do not say it.'
    >>> doubt(["T2w"], ["t2"]), doubt(["MRI"], ["image"])
    ('', '')
    """
    told = len(have) == len(wanted) and any(plain(name) in KNOWN for name in (*have, *wanted))
    if not told or places(have, wanted) is not None or {*map(plain, have), *map(plain, wanted)} <= KNOWN.keys():
        return ""
    if len(wanted) == 1 and plain(wanted[0]) not in KNOWN:
        return ""
    return f"Its channels {', '.join(have)} are taken as {', '.join(wanted)}, by their order: the names do not say it."
