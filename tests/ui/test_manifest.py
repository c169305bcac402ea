"""napari.yaml: valid, complete, and every name in it exists."""

from importlib import import_module

from npe2 import PluginManifest

from napari_boundaryseg.data.formats.format import suffixes
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
    assert names == ["Boundary segmentation", "Scan", "Segment", "Correct", "Train", "Export"]
