"""Whether a window can be opened here: tried in a process of its own, for Qt ends the process where it cannot.

Tried with PyQt5 5.15 and PyQt6 6.8: without a display, and with one that does not answer, both abort.
"""

from __future__ import annotations

import subprocess
import sys

from napari_boundaryseg.errors import InputError

TRY = "from qtpy.QtWidgets import QApplication; QApplication(['display'])"
PATIENCE_S = 60.0


def refuse_without_display() -> None:
    """Refuse to open a window where Qt would end the process instead.

    Raises
    ------
    InputError
    """
    try:
        tried = subprocess.run([sys.executable, "-c", TRY], capture_output=True, timeout=PATIENCE_S, check=False)
        opened = tried.returncode == 0
    except subprocess.TimeoutExpired:
        opened = False
    if not opened:
        raise InputError(
            "display",
            "no window can be opened here",
            "Start it in a desktop session or under xvfb-run; boundaryseg predict needs no display",
        )
