"""napari.yaml: valid, complete, and every name in it exists."""

import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from npe2 import PluginManifest
from patience import PATIENCE_S

from napari_boundaryseg.data.formats.format import suffixes
from napari_boundaryseg.ui.panels.panel import PANELS, Panel, in_order
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
    ours = ["Boundary segmentation", "Scan", "Segment", "Correct", "Review", "Trend", "Train", "Export"]
    assert [name for name in names if name in ours] == ours


def test_ids_that_settings_and_scripts_may_hold_stay() -> None:
    """Keys of napari's settings and of `napari --with`, `viewer.open_sample`: they never change."""
    short = {command.id.removeprefix("napari-boundaryseg.") for command in MANIFEST.contributions.commands}
    panels = {"workbench", "scan", "segment", "correct", "train", "export"}
    samples = {"pelvis_mr", "pelvis_ct", "pelvis_dicom", "brain", "structure"}
    assert {"read", "write_labels", *panels, *(f"sample_{name}" for name in samples)} <= short


def test_the_manifest_is_made_from_panels_samples_and_formats(root: Path) -> None:
    command = [sys.executable, str(root / "tools" / "manifest.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


NOTES = '''"""The Notes panel."""

from napari_boundaryseg.ui.panels.panel import PANELS, Panel


@PANELS.register("notes")
class NotesPanel(Panel):
    """Nothing yet."""

    title, position = "Notes", 45
'''


def test_a_new_panel_is_one_new_file(root: Path, tmp_path: Path) -> None:
    """The manifest, which is made anew, and the docks have it; in the workbench it stands where it says."""
    left_out = shutil.ignore_patterns("*.safetensors", "__pycache__")
    for folder in ("napari_boundaryseg", "tools"):
        shutil.copytree(root / folder, tmp_path / folder, ignore=left_out)
    (tmp_path / "napari_boundaryseg" / "ui" / "panels" / "notes.py").write_text(NOTES)
    text = (
        "from napari_boundaryseg.ui.docks import NotesDock; from napari_boundaryseg.ui.panels.panel import in_order; "
        "print(NotesDock.__doc__, *in_order())"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    said = [
        subprocess.run(
            [sys.executable, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        for words in (["tools/manifest.py"], ["-c", text])
    ]
    assert (
        said[1].stdout.split("\n")[0]
        == "The Notes panel alone. cases scan segment correct review trend train notes export"
    )
    manifest = PluginManifest.from_file(tmp_path / "napari_boundaryseg" / "napari.yaml")
    ids = {command.id: command.python_name for command in manifest.contributions.commands}
    assert ids["napari-boundaryseg.notes"] == "napari_boundaryseg.ui.docks:NotesDock"
    assert [widget.display_name for widget in manifest.contributions.widgets][-3:] == ["Train", "Notes", "Export"]


def test_a_name_that_the_manifest_cannot_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One such command would make the whole plugin's manifest invalid."""
    monkeypatch.setitem(PANELS._entries, "organ-volumes", Panel)
    with pytest.raises(ValueError, match="'organ-volumes' needs a name of letters, digits and underscores"):
        in_order()
