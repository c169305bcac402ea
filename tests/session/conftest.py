"""A small scan with its labels, a tiny model of random weights, and an empty project."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from session_cases import SHAPE, Told, box_labels, box_scan

from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.checkpoint import build_network, save
from napari_boundaryseg.engine.recipes.recipe import Augmentation
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.jobs.runner import InlineRunner
from napari_boundaryseg.session.project import last_project
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.session import Session


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for what is remembered between two windows."""
    monkeypatch.setattr(last_project, "user_config_path", lambda name: tmp_path / "config" / name)
    return tmp_path / "config"


@pytest.fixture
def scan() -> Volume:
    return box_scan()


@pytest.fixture
def labels(scan: Volume) -> LabelMap:
    return box_labels(scan)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "study")


@pytest.fixture(scope="session")
def make_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write a tiny model of random weights; settings are those of its recipe."""

    def make(name: str = "tiny", **settings: object) -> Path:
        wanted = (
            recipe("hippocampus-sgm")
            .model_copy(
                update={
                    "patch_vox": SHAPE,
                    "batch": 1,
                    "augmentation": Augmentation(),
                    "expected_field_mm": None,
                    "network_arguments": {"width": 4, "norm": "group"},
                }
            )
            .with_settings({"inference.window_vox": SHAPE, "inference.flip_axes": (), **settings})
        )
        torch.manual_seed(0)
        network = build_network(wanted)
        path = tmp_path_factory.mktemp("models") / f"{name}.safetensors"
        save(path, Card(name=name, recipe=wanted, parameters=1), network.state_dict())
        return path

    return make


@pytest.fixture(scope="session")
def tiny_model(make_model: Callable[..., Path]) -> Path:
    return make_model()


@pytest.fixture
def told(scan: Volume, project: Project) -> Iterator[Told]:
    session = Session(InlineRunner(), project)
    session.scan = scan
    yield Told(session)
    session.close()
