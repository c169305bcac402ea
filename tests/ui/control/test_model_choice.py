"""Use and Roll back change the version, never the organ: the chosen model goes on fitting the open scan."""

from __future__ import annotations

import shutil
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


def scan(field_mm: tuple[float, ...], channels: int = 1) -> Volume:
    array = np.random.default_rng(0).normal(100, 5, (channels, 10, 10, 10)).astype(np.float32)
    geometry = Geometry((10, 10, 10), np.diag([*(mm / 10 for mm in field_mm), 1.0]))
    return Volume(array, geometry, tuple(f"channel {n}" for n in range(channels)), modality="MR")


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


def test_a_version_that_a_person_puts_to_use_is_chosen_where_it_fits_and_kept_while_it_does(
    choice: Any, tmp_path: Path
) -> None:
    version = tmp_path / "hippocampus-sgm-v2.safetensors"
    shutil.copy(model_library.shipped()["hippocampus-sgm"], version)
    choice.session.scan = scan(HIPPOCAMPUS)
    choice.suggest()
    assert choice.session.model.stem == "hippocampus-hmedn"
    choice.used["hippocampus-sgm"] = version
    choice.use("hippocampus-sgm")
    assert choice.session.model == version
    choice.session.scan = scan(HIPPOCAMPUS)
    choice.suggest()
    assert choice.session.model == version, "for the next scan of its kind, too"
    choice.session.scan = scan(PELVIS)
    choice.suggest()
    assert choice.session.model.stem == "pelvis-mr-sgm", "for no other"
    choice.use("hippocampus-sgm")
    assert choice.session.model.stem == "pelvis-mr-sgm", "it does not fit"


def test_a_choice_is_kept_on_its_scan_and_comes_back_where_it_fits(choice: Any) -> None:
    choice.session.scan = scan(PELVIS)
    choice.choose(model_library.shipped()["hippocampus-sgm"])
    choice.suggest()
    assert choice.session.model.stem == "hippocampus-sgm", "a person may know better"
    for other, model in (
        (scan(PELVIS), "pelvis-mr-sgm"),
        (scan(PELVIS, 4), "brain-tumour"),
        (scan(HIPPOCAMPUS), "hippocampus-sgm"),
    ):
        choice.session.scan = other
        choice.suggest()
        assert choice.session.model.stem.startswith(model)


def test_a_choice_is_remembered_for_the_next_window(choice: Any) -> None:
    choice.session.scan = scan(HIPPOCAMPUS)
    choice.choose(model_library.shipped()["hippocampus-sgm"])
    after = ModelChoice(SimpleNamespace(scan=scan(HIPPOCAMPUS), model=None, project=choice.session.project))  # type: ignore[arg-type]
    after.suggest()
    assert after.session.model.stem == "hippocampus-sgm"
    after.session.scan = scan(PELVIS)
    after.suggest()
    assert after.session.model.stem == "pelvis-mr-sgm"


def test_a_version_that_was_rolled_back_does_not_come_back(choice: Any, tmp_path: Path) -> None:
    """Neither for the next scan nor in the next window, though a person had chosen it once."""
    version = tmp_path / "hippocampus-hmedn-v2.safetensors"
    shutil.copy(model_library.shipped()["hippocampus-hmedn"], version)
    choice._opened.append(version)
    choice.session.scan = scan(HIPPOCAMPUS)
    choice.used["hippocampus-hmedn"] = version
    choice.use("hippocampus-hmedn")
    assert choice.session.model == version
    for in_use, stem in ((version, "hippocampus-hmedn-v2"), (None, "hippocampus-hmedn")):
        choice.used.pop("hippocampus-hmedn", None)
        choice.used.update({} if in_use is None else {"hippocampus-hmedn": in_use})
        after = ModelChoice(SimpleNamespace(scan=scan(HIPPOCAMPUS), model=None, project=choice.session.project))  # type: ignore[arg-type]
        after._opened.append(version)
        after.suggest()
        assert after.session.model.stem == stem, "in the next window"
    choice.follow_use("hippocampus-hmedn")
    choice.session.scan = scan(HIPPOCAMPUS)
    choice.suggest()
    assert choice.session.model.stem == "hippocampus-hmedn", "for the next scan"


def test_the_next_case_gets_the_model_for_its_own_kind_or_none(choice: Any) -> None:
    choice.session.scan = scan(PELVIS)
    choice.suggest()
    assert choice.session.model.stem == "pelvis-mr-sgm"
    assert choice.for_scan(scan(HIPPOCAMPUS)).stem == "hippocampus-hmedn"
    assert choice.for_scan(scan(HIPPOCAMPUS, 7)) is None, "no model takes seven channels: nothing is segmented unasked"
    assert choice.session.model.stem == "pelvis-mr-sgm"
