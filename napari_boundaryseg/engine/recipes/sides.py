"""Sides of the body in organ names: organs that are one side's must not be learnt from mirrored scans. No torch."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SIDE = re.compile(r"(?<![^\W_])(l|r|lt|rt|left|right|sin|dex|sinistra|dextra|links|rechts)(?![^\W_])", re.IGNORECASE)
_CAMEL = re.compile(r"Left(?=[A-Z])|Right(?=[A-Z])|(?<=[a-z])(Left|Right)(?![a-z])")


def sided(names: Iterable[str]) -> list[str]:
    """The names that say a side of the body.

    Examples
    --------
    >>> sided(["Femur_Head_L", "left kidney", "KidneyRight", "Liver", "Cleft", "Vertebra_L1"])
    ['Femur_Head_L', 'left kidney', 'KidneyRight']
    """
    return [name for name in names if _SIDE.search(name) or _CAMEL.search(name)]
