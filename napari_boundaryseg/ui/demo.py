"""The main job in one go: open, segment, show; without a person also save it and end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import napari
from qtpy.QtCore import QEventLoop, QTimer
from qtpy.QtGui import QPixmap

from napari_boundaryseg.data.saving import atomic_file
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.errors import BoundarySegError, InputError
from napari_boundaryseg.session.actions.running import scan_of
from napari_boundaryseg.session.export import export_files, refuse_earlier
from napari_boundaryseg.session.result_files import plain, planned
from napari_boundaryseg.ui import hooks, samples
from napari_boundaryseg.ui.compat.display import refuse_without_display
from napari_boundaryseg.ui.compat.window import deliver_deletions, is_open, main_window
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.layers.labels import read_labels
from napari_boundaryseg.ui.workbench import Workbench

SIZE = (1600, 1000)
OPEN_S, SEGMENT_S, SETTLE_S = 120.0, 900.0, 1.5
WHAT = {"labels", "edges", "contours", "report"}
REPORT, PICTURE = "report.json", "window.png"


def run_demo(scan: Path | None = None, headless: Path | None = None, overwrite: bool = False) -> None:
    """Open a scan, or the pelvic sample, segment it with the model that fits, and show the result.

    Parameters
    ----------
    scan : Path, optional
        A file, or a folder with one DICOM series.
    headless : Path, optional
        A folder that gets ``window.png``, the label map, edges, soft contours and ``report.json``; then it ends.
    overwrite : bool
        Replace also what is another scan's result in that folder, or was changed by hand.

    Raises
    ------
    BoundarySegError
        Where no window can be opened; in headless mode also when the scan cannot be opened or segmented. Otherwise the
        window says it, and stays.
    """
    refuse_without_display()
    viewer = napari.Viewer(title="Boundary segmentation")
    controller = hooks.controller_of(viewer, last_project=headless is None)
    bench = Workbench(controller)
    viewer.window.add_dock_widget(bench, name="Boundary segmentation", area="right")
    viewer.window.resize(*SIZE)
    paths = [scan] if scan else samples.SAMPLES[0].paths()
    look = partial(_refuse_earlier, headless, overwrite) if headless is not None else _nothing
    job = partial(_main_job, controller, bench, paths, look, whole=scan is None)
    try:
        if headless is None:
            _with_a_person(viewer, job)
        else:
            job()
            _save(viewer, controller, headless, overwrite)
    finally:
        if headless is not None and is_open(viewer):
            viewer.close()
        deliver_deletions()


def _with_a_person(viewer: napari.Viewer, job: Callable[[], None]) -> None:
    """Do the job and go on; what goes wrong stands in the window, which stays for another try."""
    try:
        job()
    except WindowClosed:
        return
    except BoundarySegError:
        pass
    if is_open(viewer):
        napari.run()


class WindowClosed(InputError):
    """A person closed the window while something was waited for."""


def _main_job(
    controller: ViewerController, bench: Workbench, paths: list[Path], look: Callable[[Volume], object], whole: bool
) -> None:
    """Open, look whether results may be written, and segment.

    Only the sample is known to suit its model as a whole: of other scans the panel may ask.
    """
    errors: list[str] = []
    controller.session.message.connect(lambda level, text: errors.append(text) if level == "error" else None)
    asks = controller.segmentation
    for question in (asks.region_needed, asks.other_modality, asks.asked):
        question.connect(lambda text: errors.append(text) if text else None)  # a person answers it, or nobody
    controller.open(*paths)
    wait_for(controller, lambda: controller.session.scan is not None and controller.session.job is None, OPEN_S, errors)
    look(scan_of(controller.session))
    bench.sections.open("Segment")
    controller.segmentation.run(whole=whole)
    wait_for(
        controller,
        lambda: controller.session.prediction is not None and not controller.segmentation.busy,
        SEGMENT_S,
        errors,
    )
    controller.display.show("edges", True)
    pause(SETTLE_S)


def wait_for(controller: ViewerController, condition: Callable[[], bool], seconds: float, errors: list[str]) -> None:
    """Let the window live until the condition holds.

    Raises
    ------
    WindowClosed
    BoundarySegError
        With the error that the window says, or when the time is over.
    """
    step = 0.05
    for _ in range(int(seconds / step)):
        if not is_open(controller.viewer):
            raise WindowClosed("demo", "the window was closed", "Start it again")
        if condition():
            return
        if errors:
            raise BoundarySegError(errors[-1])
        pause(step)
    raise InputError("demo", f"it took longer than {seconds:.0f} s", "Try again on an idle machine")


def pause(seconds: float) -> None:
    """Let the window live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def _nothing(scan: Volume) -> None:
    """Nothing is written where a person looks on."""


def _refuse_earlier(folder: Path, overwrite: bool, scan: Volume) -> None:
    """Refuse to replace what is not this scan's own result, before the scan is segmented."""
    refuse_earlier(scan, folder, [*planned(WHAT, plain(scan.name)), PICTURE], WHAT, REPORT, overwrite)


def _save(viewer: Any, controller: ViewerController, folder: Path, overwrite: bool) -> None:
    """Write the picture of the window and the files, which are read back; the report is ``report.json``."""
    session = controller.session
    labels = read_labels(viewer, session.scan)
    if labels is None:
        raise InputError("demo", "there are no labels", "Try another scan")
    export_files(
        scan_of(session),
        labels,
        session.prediction,
        WHAT,
        folder,
        overwrite=overwrite,
        report_name=REPORT,
        more={PICTURE: partial(_save_picture, main_window(viewer).grab())},
    )


def _save_picture(picture: QPixmap, path: Path) -> None:
    def make(temporary: Path) -> None:
        if not picture.save(str(temporary), "PNG"):
            raise InputError(path, "the picture could not be written", "Free some space, or choose another folder")

    atomic_file(path, make, suffix=".png")
