"""Registries: what other installed packages add is there, what is broken is named and left out."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from patience import PATIENCE_S, nothing_happens

from napari_boundaryseg.registry import Registry

MODULE = '''
from napari_boundaryseg.data.formats.format import Format
from napari_boundaryseg.data.metrics.metric import Metric


def loss(output, target, *, weight: float = 1.0):
    """The mean of the logits."""
    return weight * output.logits.mean()


def network(dims=3, in_channels=1, classes=2, clear=0, blurry=0):
    """One convolution of a single voxel."""
    import torch

    from napari_boundaryseg.models import ModelOutput

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.body = (torch.nn.Conv2d if dims == 2 else torch.nn.Conv3d)(in_channels, classes, 1)

        def forward(self, x):
            return ModelOutput(logits=self.body(x))

    return Network()


def read(path, progress):
    raise NotImplementedError


scans = Format(suffixes=(".slab",), read=read)
empty = Metric("empty", lambda pair: 0.25, "Empty", "higher")
number = 17
'''

ENTRY_POINTS = """
[napari_boundaryseg.losses]
mean-logit = other_package.parts:loss
wce-dice = other_package.parts:loss
no-such-module = other_package.missing:loss
no-such-name = other_package.parts:missing
fails = other_package.faulty:loss
ends = other_package.ending:loss
number = other_package.parts:number

[napari_boundaryseg.networks]
one-voxel = other_package.parts:network
sgm = other_package.parts:network
fails = other_package.faulty:network

[napari_boundaryseg.metrics]
empty = other_package.parts:empty
dsc = other_package.parts:empty
number = other_package.parts:number

[napari_boundaryseg.formats]
slab = other_package.parts:scans
nifti = other_package.parts:scans
loss = other_package.parts:loss
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which a package is installed that offers good parts and broken ones."""
    site = tmp_path_factory.mktemp("site")
    package, info = site / "other_package", site / "other_package-1.0.dist-info"
    package.mkdir()
    info.mkdir()
    (package / "__init__.py").touch()
    (package / "parts.py").write_text(MODULE)
    (package / "faulty.py").write_text("raise RuntimeError('made for another version')")
    (package / "ending.py").write_text("raise SystemExit(3)")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    return site


def script(installed: Path, code: str) -> tuple[dict[str, object], str]:
    """What a fresh interpreter that has the package writes as JSON, and its standard error."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(installed), os.environ.get("PYTHONPATH", "")])),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def test_losses_and_networks_of_another_package_are_used_like_ours(installed: Path) -> None:
    found, _ = script(
        installed,
        "import json, torch, napari_boundaryseg as bs\n"
        "network = bs.models.build('one-voxel', dims=2, in_channels=1, classes=3)\n"
        "output = network(torch.zeros(1, 1, 4, 5))\n"
        "total, parts = bs.losses.weighted({'mean-logit': 2.0}, {'mean-logit': {'weight': 0.5}})(output, None)\n"
        "same = abs(float(total) - float(output.logits.mean())) < 1e-6\n"
        "own = [bs.losses.build('wce-dice').func.__module__, 'width' in bs.models.signature('sgm').parameters]\n"
        "print(json.dumps([bs.losses.names(), bs.models.names(), list(output.logits.shape), same, own]))",
    )
    losses, networks, shape, same, own = found
    assert "mean-logit" in losses
    assert "one-voxel" in networks
    assert not {"fails", "ends", "number", "no-such-name", "no-such-module"} & {*losses, *networks}
    assert (shape, same) == ([1, 3, 4, 5], True)
    assert own == ["napari_boundaryseg.losses.wce_dice", True], "a name that is taken does not replace ours"


def test_a_format_of_another_package_is_known_and_what_is_no_format_is_left_out(installed: Path) -> None:
    found, said = script(
        installed,
        "import json\nfrom napari_boundaryseg.data.formats.format import FORMATS, suffixes\n"
        "print(json.dumps([FORMATS.names(), suffixes(), FORMATS.broken]))",
    )
    names, endings, broken = found
    assert "slab" in names
    assert ".slab" in endings
    assert ".nii.gz" in endings
    assert broken == {
        "loss (other-package)": "TypeError: it is a function and no Format",
        "nifti (other-package)": "ValueError: there is a file format of this name already",
    }
    assert "The file format 'loss' of the package other-package cannot be used" in said


def test_a_metric_of_another_package_is_scored(installed: Path) -> None:
    found, _ = script(
        installed,
        "import json, numpy as np, napari_boundaryseg as bs\n"
        "from napari_boundaryseg.data.metrics.metric import _registry, names\n"
        "from napari_boundaryseg.data.volume import Geometry, LabelMap\n"
        "labels = LabelMap(np.ones((3, 3, 3), np.uint8), Geometry((3, 3, 3), np.eye(4)))\n"
        "(scores,) = bs.evaluate(labels, labels).values()\n"
        "print(json.dumps([names(), scores['empty'], scores['dsc'], sorted(_registry.broken)]))",
    )
    names, empty, dsc, broken = found
    assert "empty" in names
    assert (empty, dsc) == (0.25, 1.0)
    assert broken == ["dsc (other-package)", "number (other-package)"]


def test_a_broken_entry_is_named_with_its_package_and_its_reason(
    installed: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.syspath_prepend(str(installed))
    registry: Registry[Callable[..., object]] = Registry("loss", None, "napari_boundaryseg.losses", of=type(test_names))
    registry.register("wce-dice")(test_names)
    with caplog.at_level(logging.WARNING):
        assert registry.names() == ["mean-logit", "wce-dice"]
    assert registry["wce-dice"] is test_names
    broken = registry.broken
    assert sorted(broken) == [
        f"{name} (other-package)" for name in ("ends", "fails", "no-such-module", "no-such-name", "number", "wce-dice")
    ]
    assert broken["fails (other-package)"] == "RuntimeError: made for another version"
    assert broken["ends (other-package)"] == "SystemExit: 3"
    assert "other_package.missing" in broken["no-such-module (other-package)"]
    assert len(caplog.records) == len(broken)


def test_names() -> None:
    registry: Registry[int] = Registry("number")
    registry.register("two")(2)
    registry.register("one")(1)
    assert (registry.names(), list(registry), registry["two"], registry.broken) == (
        ["one", "two"],
        ["one", "two"],
        2,
        {},
    )
    with pytest.raises(ValueError, match="'two' is registered twice"):
        registry.register("two")(3)


def test_nothing_is_loaded_before_the_registry_is_asked(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.delitem(sys.modules, "other_package.parts", raising=False)
    registry: Registry[object] = Registry("network", None, "napari_boundaryseg.networks")
    assert "other_package.parts" not in sys.modules
    assert "one-voxel" in registry.names()
    assert "other_package.parts" in sys.modules


def test_a_second_thread_waits_until_everything_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "slow_parts"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import threading\nfrom napari_boundaryseg.registry import Registry\n"
        "registry = Registry('part', __name__)\nbegun, go_on = threading.Event(), threading.Event()\n"
    )
    (package / "part.py").write_text(
        "from slow_parts import begun, go_on, registry\nbegun.set()\ngo_on.wait()\nregistry.register('a')(1)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import slow_parts

    seen: list[list[str]] = []
    threads = [threading.Thread(target=lambda: seen.append(slow_parts.registry.names())) for _ in range(2)]
    threads[0].start()
    assert slow_parts.begun.wait(PATIENCE_S)
    threads[1].start()
    nothing_happens()
    slow_parts.go_on.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert seen == [["a"], ["a"]]
