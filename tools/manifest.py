"""Write napari_boundaryseg/napari.yaml from the panels, the samples and the file formats that there are.

`python tools/manifest.py` rewrites it; with `--check` it only says whether it is up to date.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

from napari_boundaryseg.ui import docks, hooks, samples
from napari_boundaryseg.ui.panels.panel import in_order

NAME, TITLE = "napari-boundaryseg", "Boundary segmentation"
FILE = Path(__file__).resolve().parents[1] / "napari_boundaryseg" / "napari.yaml"
HEAD = "# Made by tools/manifest.py\n"


def command(name: str, title: str, place: str) -> dict[str, str]:
    """A command: the end of its id, its title, and the module and function or class that it stands for."""
    return {"id": f"{NAME}.{name}", "title": title, "python_name": f"napari_boundaryseg.ui.{place}"}


def manifest() -> dict[str, Any]:
    """Everything that napari is told of the plugin."""
    panels = {name: panel.title for name, panel in in_order().items()}
    openers = {sample.command or f"sample_{sample.key}": sample for sample in samples.SAMPLES}
    commands = [
        command("read", "Open a scan", "hooks:get_reader"),
        command("write_labels", "Save labels in the scan's own geometry", "hooks:write_labels"),
        command("workbench", TITLE, "docks:WorkbenchDock"),
        *(command(name, title, f"docks:{docks.dock_name(name)}") for name, title in panels.items()),
        *(command(name, sample.title, f"samples:{sample.key}") for name, sample in openers.items()),
    ]
    reader = {
        "command": f"{NAME}.read",
        "accepts_directories": True,
        "filename_patterns": [f"*{suffix}" for suffix in sorted(hooks.readable())],
    }
    writer = {
        "command": f"{NAME}.write_labels",
        "layer_types": ["labels"],
        "filename_extensions": [".nii.gz"],
        "display_name": "NIfTI labels",
    }
    widgets = {"workbench": TITLE, **panels}
    return {
        "name": NAME,
        "display_name": TITLE,
        "visibility": "public",
        "categories": ["Segmentation", "Annotation", "IO"],
        "contributions": {
            "commands": commands,
            "readers": [reader],
            "writers": [writer],
            "widgets": [{"command": f"{NAME}.{name}", "display_name": title} for name, title in widgets.items()],
            "sample_data": [
                {"command": f"{NAME}.{name}", "key": sample.key, "display_name": sample.title}
                for name, sample in openers.items()
            ],
        },
    }


def main() -> int:
    """Rewrite the manifest, or say that it is out of date."""
    fresh = HEAD + yaml.safe_dump(manifest(), sort_keys=False, allow_unicode=True, width=120)
    if "--check" in sys.argv:
        current = fresh == FILE.read_text(encoding="utf-8")
        print(
            "up to date" if current else "napari_boundaryseg/napari.yaml is out of date: run python tools/manifest.py"
        )
        return not current
    FILE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
