"""Every registered clean-up as a step: what is locked or accepted stays, undo brings every voxel back."""

from __future__ import annotations

import numpy as np
from in_history import check_step
from test_all_clean_tools import every, scene_of

from napari_boundaryseg.editing.tools.clean_tool import CleanTool
from napari_boundaryseg.editing.tools.tool_settings import ToolSettings


@every
def test_locks_hold_and_undo_restores_every_voxel(tool: CleanTool, settings: ToolSettings) -> None:
    changed = 0
    for seed in range(3):
        scene = scene_of(seed)
        written = tool.act(scene, settings)
        if written is not None:
            changed += sum(check_step(scene.labels, written, np.random.default_rng([seed, n])) for n in range(6))
    assert changed > 3, "these cases ask nothing of this clean-up"
