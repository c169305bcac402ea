"""Use and Roll back change the version, never the organ: the chosen model goes on fitting the open scan."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.checkpoints import model_library
from napari_boundaryseg.ui.control import model_list
from napari_boundaryseg.ui.control.model_choice import ModelChoice

PELVIS, HIPPOCAMPUS = (230.0, 230.0, 100.0), (40.0, 55.0, 40.0)


def scan(field_mm: tuple[float, ...]) -> Volume:
    array = np.random.default_rng(0).normal(100, 5, (1, 10, 10, 10)).astype(np.float32)
    return Volume(array, Geometry((10, 10, 10), np.diag([*(mm / 10 for mm in field_mm), 1.0])), modality="MR")


@pytest.fixture
def choice(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The choice of a session whose project has versions in use: ``used``, base to file."""
    shipped, available = model_library.shipped(), model_list.available
    used: dict[str, Path] = {}
    monkeypatch.setattr(model_list, "available", lambda project, opened=(): available(None, opened))
    project = SimpleNamespace(active_model=used.get)
    session = SimpleNamespace(scan=None, model=shipped["hippocampus-hmedn"], project=project)
    made = ModelChoice(session)  # type: ignore[arg-type]
    made.used = used  # type: ignore[attr-defined]
    return made


def use(choice: Any, base: str, file: Path | None) -> None:
    if file is None:
        choice.used.pop(base, None)
    else:
        choice.used[base] = file
    choice.follow_use(base)


def test_a_version_for_other_organs_does_not_take_the_scans_model_away(choice: Any, tmp_path: Path) -> None:
    choice.session.scan = scan(PELVIS)
    choice.suggest()
    assert choice.session.model.stem == "pelvis-mr-sgm"
    use(choice, "hippocampus-hmedn", tmp_path / "hippocampus-hmedn-v2.safetensors")
    assert choice.session.model.stem == "pelvis-mr-sgm"
    use(choice, "hippocampus-hmedn", None)
    assert choice.session.model.stem == "pelvis-mr-sgm"


def test_the_scans_own_model_follows_its_version(choice: Any, tmp_path: Path) -> None:
    choice.session.scan = scan(HIPPOCAMPUS)
    choice.suggest()
    use(choice, "hippocampus-hmedn", tmp_path / "hippocampus-hmedn-v2.safetensors")
    assert choice.session.model.stem == "hippocampus-hmedn-v2"
    choice.session.scan = scan(PELVIS)
    choice.suggest()
    assert choice.session.model.stem == "pelvis-mr-sgm", "Use is no choice for every scan to come"


def test_a_model_that_a_person_chose_follows_its_version_and_no_other(choice: Any, tmp_path: Path) -> None:
    choice.session.scan = scan(PELVIS)
    choice.choose(model_library.shipped()["hippocampus-sgm"])
    use(choice, "pelvis-mr-sgm", tmp_path / "pelvis-mr-sgm-v2.safetensors")
    assert choice.session.model.stem == "hippocampus-sgm"
    use(choice, "hippocampus-sgm", tmp_path / "hippocampus-sgm-v2.safetensors")
    assert choice.session.model.stem == "hippocampus-sgm-v2"
