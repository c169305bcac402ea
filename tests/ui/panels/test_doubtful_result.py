"""A result gets its tick only where every organ is plausible: what is not is said, in the panel and in its header."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import LEFT
from qtpy.QtTest import QTest
from results_that_come import comes

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.review.plausibility import plausibility

RECTUM = 3


def test_a_tick_is_for_plausible_organs_only(
    controller: Any,
    bench: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    pelvis_files: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session, header, result = controller.session, find("sections.segment"), find("segment_panel.result")
    controller.open(pelvis_files[0])
    wait(lambda: session.scan is not None and session.job is None)
    bench.sections.open("Segment")
    array = formats.read_labels(pelvis_files[0].with_name("case1_labels.nii.gz")).array.copy()

    def comes_as_it_is() -> None:
        comes(
            controller,
            monkeypatch,
            array,
            plausibility=plausibility(session.scan.with_labels(array, preset("pelvis-mr"))),
        )

    comes_as_it_is()
    assert header.text().strip().startswith("✓ Segment")
    assert "⚠" not in result.text()
    where = np.argwhere(array == RECTUM)
    far = where[np.abs(where - np.median(where, axis=0)).max(axis=1) > 1]
    array[tuple(far.T)] = 0
    assert (array == RECTUM).any(), "a speck of it is left"
    comes_as_it_is()
    assert header.text().strip().startswith("⚠ Segment")
    assert "⚠ Rectum: " in result.text() and "mL is implausibly little" in result.text()


def test_what_the_real_run_found_is_checked(
    controller: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None], pelvis_files: list[Path]
) -> None:
    session, result = controller.session, find("segment_panel.result")
    controller.open(pelvis_files[0])
    wait(lambda: session.scan is not None and session.job is None)
    bench.sections.open("Segment")
    QTest.mouseClick(find("segment_panel.run"), LEFT)
    wait(lambda: session.prediction is not None and bool(result.text()))
    doubtful = {organ: said for organ, said in plausibility(session.prediction.labels).items() if said}
    assert doubtful, "weights that were drawn at random find no organ as it is"
    for organ, said in doubtful.items():
        assert f"⚠ {organ}: {'; '.join(said)}." in result.text()
    assert find("sections.segment").text().strip().startswith("⚠ Segment")
