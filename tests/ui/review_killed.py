"""A window in which somebody reviews, as a program of its own, to be killed: ``python review_killed.py SCAN LABELS``.

It prints the sentence that was meant so, and the place in view, once all that is on the disk. Journals go where
``XDG_DATA_HOME`` says.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import live

sys.path.insert(0, str(Path(__file__).parent / "panels" / "review"))

from doubtful_results import MODEL, probabilities_of, prove

REASON = "a pouch"


def until(condition: Any) -> None:
    while not condition():
        live(30)


def main(scan: Path, labels: Path) -> None:
    """Review until killed."""
    import napari

    from napari_boundaryseg.data import formats
    from napari_boundaryseg.data.labels import preset
    from napari_boundaryseg.engine.inference.prediction import Prediction
    from napari_boundaryseg.ui import hooks
    from napari_boundaryseg.ui.docks import WorkbenchDock

    prove(pytest.MonkeyPatch())
    viewer = napari.Viewer(show=True)
    controller = hooks.controller_of(viewer, last_project=False)
    bench = WorkbenchDock(viewer)
    viewer.window.add_dock_widget(bench, name="Boundary segmentation", area="right")
    bench.sections.open("Review")
    session, scheme = controller.session, preset("pelvis-mr")
    session.scan = formats.read(scan)
    array = np.asarray(formats.read(labels).array[0]).astype(np.uint8)
    array[40:44, 4:8, 2] = 1  # an island
    session.labels = session.scan.with_labels(array, scheme)
    likely = probabilities_of(array, (slice(20, 30), slice(20, 30), slice(8, 9)))
    prediction = Prediction(session.labels, likely, likely[0], {}, {}, details={"model": MODEL})
    session.take_prediction(prediction, session.new_folder("prediction"), again=True)
    live(500)
    until(lambda: controller.checks.is_fresh)
    found = next(one for one in controller.checks.open() if "island" in one.sentence)
    controller.checks.mean_so(found, REASON)
    controller.review.begin()
    until(lambda: controller.review.going is not None)
    for answer in (controller.review.accept, controller.review.flag, controller.review.accept):
        answer()
    editable: Any = controller.tools.editable
    editable.journal.flush()
    box: Any = bench
    told = [found.sentence, controller.review.words(), controller.review.progress(), box.sections.current]
    print(json.dumps(told), flush=True)
    time.sleep(600)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
