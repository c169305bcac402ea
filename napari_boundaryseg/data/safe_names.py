"""Names that files can begin with on every system, whatever a scan or an organ is called."""

from __future__ import annotations

import hashlib
import os
import re

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Characters that end a line, turn its direction, or cannot be seen."""
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]) *(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices, also with an ending."""
MOST_BYTES = 180
"""Of a case's name: what is added for the results, an organ's name among it, still fits into the 255 of a file's."""


def safe_name(name: str, otherwise: str = "scan", most: int = MOST_BYTES) -> str:
    r"""A name that no system hides, cuts, refuses or takes for a device; the same one where it is safe already.

    Examples
    --------
    >>> safe_name("..hidden"), safe_name("two\nlines"), safe_name("NUL"), safe_name(" "), safe_name("case 7")
    ('hidden', 'two_lines', '_NUL', 'scan', 'case 7')
    """
    seen = _UNSEEN.sub("_", name).lstrip(".")
    while not seen.strip(" .") or _DEVICE.fullmatch(seen):
        seen = f"_{seen}" if seen.strip(" .") else otherwise
    raw = os.fsencode(seen)
    if len(raw) <= most:
        return seen
    return f"{raw[: most - 9].decode('utf-8', 'ignore')}~{hashlib.sha256(raw).hexdigest()[:8]}"
