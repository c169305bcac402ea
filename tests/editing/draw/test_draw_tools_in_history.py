"""Every registered drawing tool as a step: what is locked or accepted stays, undo brings every voxel back."""

from __future__ import annotations

import numpy as np
import pytest
from in_history import check_step
from test_all_draw_tools import TOOLS, cases


@pytest.mark.parametrize("name", TOOLS)
def test_locks_hold_and_undo_restores_every_voxel(name: str) -> None:
    changed = 0
    for n, case in enumerate(cases(name, 30, in_slice=False)):
        written = TOOLS[name].act(*case)
        if written is not None:
            changed += check_step(case[0].labels, written, np.random.default_rng(n))
    assert changed > 5, "these cases ask nothing of this tool"
