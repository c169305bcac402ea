"""Private DICOM entries of scanner makers: b-value, part of the signal, number of slices."""

from __future__ import annotations

import re
from typing import Any

_B_VALUES = (
    (0x0019, 0x0C, "SIEMENS MR HEADER"),
    (0x0043, 0x39, "GEMS_PARM_01"),
    (0x2001, 0x03, "Philips Imaging DD 001"),
    (0x0065, 0x09, "Image Private Header"),
)
_PARTS = ((0x0043, 0x2F, "GEMS_PARM_01"), (0x2005, 0x11, "Philips MR Imaging DD 001"))
_COUNTS = ((0x2001, 0x18, "Philips Imaging DD 001"), (0x0025, 0x07, "GEMS_SERS_01"))
_BLOCK = 0x10
"""Where makers put their block, unless another one has taken the place."""
_GE_OFFSET = 1_000_000_000
_GE_PARTS = {"0": "M", "1": "P", "2": "R", "3": "I"}

PRIVATE_TAGS = sorted(
    {group << 16 | element for group, low, _ in _B_VALUES + _PARTS + _COUNTS for element in (_BLOCK, _BLOCK << 8 | low)}
)


def b_value(found: Any, sequence_name: str) -> str:
    """In s/mm², from the maker's own entry or Siemens' name of the sequence; empty where none is given."""
    for entry in _B_VALUES:
        value = _first(found, *entry)
        if re.fullmatch(r"\d+(\.\d*)?([eE][+-]?\d+)?", value):
            number = float(value)
            return f"{number - _GE_OFFSET if number >= _GE_OFFSET else number:g}"
    named = re.search(r"ep_b(\d+)", sequence_name)
    return named.group(1) if named else ""


def complex_part(found: Any) -> str:
    """M, P, R or I as the maker's own entry says it; empty where none is given."""
    for entry in _PARTS:
        value = _first(found, *entry)
        value = _GE_PARTS.get(value, value)
        if value in ("M", "P", "R", "I"):
            return value
    return ""


def slice_count(found: Any) -> str:
    """How many slices the series has as the maker's own entry says it; empty where none is given."""
    return next((value for entry in _COUNTS if (value := _first(found, *entry))), "")


def _first(found: Any, group: int, low: int, creator: str) -> str:
    """The first value of an entry, where its block belongs to this maker."""
    try:
        if str(found[group, _BLOCK].value).strip() != creator:
            return ""
        value = found[group, _BLOCK << 8 | low].value
    except Exception:  # it is not there, or unusable: it tells nothing
        return ""
    if isinstance(value, bytes):
        value = value.decode("ascii", "ignore")
    if not isinstance(value, str) and hasattr(value, "__getitem__"):
        value = value[0] if len(value) else ""
    return str(value).partition("\\")[0].strip("\0 ")
