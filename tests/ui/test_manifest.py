"""napari.yaml: valid, complete, and every name in it exists."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

from npe2 import PluginManifest

from napari_boundaryseg.data.formats.format import suffixes
from napari_boundaryseg.ui.panels.panel import in_order
from napari_boundaryseg.ui.samples import SAMPLES

MANIFEST = PluginManifest.from_distribution("napari-boundaryseg")


def test_every_command_can_be_imported() -> None:
    for command in MANIFEST.contributions.commands:
        module, _, name = command.python_name.partition(":")
        assert callable(getattr(import_module(module), name)), command.python_name


def test_every_readable_format_is_in_the_manifest() -> None:
    patterns = set(MANIFEST.contributions.readers[0].filename_patterns)
    assert {f"*{suffix}" for suffix in suffixes()} <= patterns


def test_every_sample_is_in_the_manifest_and_on_disk() -> None:
    keys = {sample.key: sample.display_name for sample in MANIFEST.contributions.sample_data}
    assert keys == {sample.key: sample.title for sample in SAMPLES}
    for sample in SAMPLES:
        assert all(path.exists() for path in sample.paths()), sample.key


def test_the_workbench_and_each_panel_are_widgets() -> None:
    names = [widget.display_name for widget in MANIFEST.contributions.widgets]
    assert names == ["Boundary segmentation", *(panel.title for panel in in_order().values())]
    assert names[:6] == ["Boundary segmentation", "Scan", "Segment", "Correct", "Train", "Export"]


def test_ids_that_settings_and_scripts_may_hold_stay() -> None:
    """Keys of napari's settings and of `napari --with`, `viewer.open_sample`: they never change."""
    short = {command.id.removeprefix("napari-boundaryseg.") for command in MANIFEST.contributions.commands}
    panels = {"workbench", "scan", "segment", "correct", "train", "export"}
    samples = {"pelvis_mr", "pelvis_ct", "pelvis_dicom", "brain", "structure"}
    assert {"read", "write_labels", *panels, *(f"sample_{name}" for name in samples)} <= short


def test_the_manifest_is_made_from_panels_samples_and_formats(root: Path) -> None:
    command = [sys.executable, str(root / "tools" / "manifest.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
