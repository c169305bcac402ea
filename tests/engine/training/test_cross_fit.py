"""Cross-fitting: who judges was never taught to the model that is judged, and what was stopped goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_fine_tune import case, write_model

import napari_boundaryseg.engine.training.fine_tune as fine_tune_module
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.engine.checkpoints.ancestry import content_hashes
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model, save
from napari_boundaryseg.engine.training import cross_fit
from napari_boundaryseg.engine.training.cross_fit import parts_of
from napari_boundaryseg.engine.training.fine_tune import fine_tune
from napari_boundaryseg.progress import Cancelled


@pytest.mark.parametrize("patients", ["abc", "aabbc", "abcdefg", "aaaabcdef", "abcdefghi"])
def test_every_patient_is_in_one_part_and_the_parts_are_even(patients: str) -> None:
    parts = parts_of(list(patients))
    assert sorted(place for part in parts for place in part) == list(range(len(patients)))
    who = [{patients[place] for place in part} for part in parts]
    assert sum(map(len, who)) == len(set(patients)), "no patient is in two"
    assert len(parts) == min(5, len(set(patients)))
    singles = [len(part) for part in parts if len({patients[place] for place in part}) > 1]
    assert max(singles, default=0) <= 1 + min(map(len, parts)), "no part is larger than it must be"


@pytest.mark.parametrize("patients", ["", "a", "ab", "abcdefghij"])
def test_with_too_few_and_with_many_patients_there_is_none(patients: str) -> None:
    assert parts_of(list(patients)) == []


@pytest.fixture
def model(tmp_path: Path) -> LoadedModel:
    return load_model(write_model(tmp_path / "tiny.safetensors"))


def tuned(model: LoadedModel, folder: Path, **more: Any) -> Path:
    scans = [case(seed) for seed in (1, 2, 3)]
    return fine_tune(model, scans, folder, steps=1, device="cpu", cross_fitting=True, **more)


def test_who_judges_was_not_taught(model: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Volume, LoadedModel]] = []
    real = cross_fit.judged

    def judged(before: LoadedModel, after: LoadedModel, cases: Any, *more: Any) -> Any:
        assert before is model
        seen.extend((case.volume, after) for case in cases)
        return real(before, after, cases, *more)

    monkeypatch.setattr(cross_fit, "judged", judged)
    card = load_model(tuned(model, tmp_path)).card
    assert sorted(volume.name for volume, _ in seen) == ["case1", "case2", "case3"]
    for volume, after in seen:
        assert not after.card.ancestry.why_not(content_hashes(volume), volume.name, ""), "it has not seen it"
        assert card.ancestry.why_not(content_hashes(volume), volume.name, ""), "the model that is kept has"
    comparison = json.loads((tmp_path / "comparison.json").read_text("utf-8"))
    assert (comparison["models"], comparison["n"], len(comparison["cases"])) == (3, 3, 6)
    assert "3 of the user's cases, each by one of 3 models that had not seen it" in card.scored_on
    assert "Judged were 3 models, each taught without some of the patients" in (tmp_path / "comparison.md").read_text()
    assert not (tmp_path / "parts").exists()
    page = (tmp_path / "comparison.html").read_text("utf-8")
    assert all(f"<b>{volume.name}</b>" in page for volume, _ in seen)


def test_what_was_stopped_goes_on_and_finds_the_same(model: LoadedModel, tmp_path: Path) -> None:
    whole = tuned(model, tmp_path / "whole")

    def stop(fraction: float, text: str = "") -> None:
        if text.startswith("Model 2 of 3"):
            raise Cancelled

    with pytest.raises(Cancelled):
        tuned(model, tmp_path / "stopped", progress=stop)
    assert (tmp_path / "stopped" / "parts" / "1" / "judged.json").is_file()
    seen: list[str] = []
    resumed = tuned(model, tmp_path / "stopped", resume=True, progress=lambda fraction, text="": seen.append(text))
    assert not [text for text in seen if text.startswith("Model 1 of 3")]
    one, other = (json.loads((path.parent / "comparison.json").read_text("utf-8")) for path in (whole, resumed))
    assert one == other


def test_one_that_is_killed_while_it_forgets_its_parts_has_ended(
    model: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(folder: Path) -> None:
        for name in ("state.safetensors", "judged.json"):
            (folder / "parts" / "1" / name).unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fine_tune_module, "forget_parts", killed)
        with pytest.raises(KeyboardInterrupt):
            tuned(model, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    path = tuned(model, tmp_path, resume=True)
    assert path.read_bytes() == before[path.name]
    assert (tmp_path / "comparison.json").read_bytes() == before["comparison.json"]
    assert not (tmp_path / "parts").exists()


def test_an_organ_that_a_model_misses_has_no_distances_and_stops_nothing(model: LoadedModel, tmp_path: Path) -> None:
    save(model.path, model.card, {name: value * 0 for name, value in model.network.state_dict().items()})
    blind = load_model(model.path)  # it calls everything background
    whole = tuned(blind, tmp_path / "whole")

    def stop(fraction: float, text: str = "") -> None:
        if text.startswith("Model 3 of 3"):
            raise Cancelled

    with pytest.raises(Cancelled):
        tuned(blind, tmp_path / "stopped", progress=stop)
    resumed = tuned(blind, tmp_path / "stopped", resume=True)
    one, other = (json.loads((path.parent / "comparison.json").read_text("utf-8")) for path in (whole, resumed))
    assert one == other
    assert {row["dsc_before"] for row in one["cases"]} == {0.0}
    assert {row["hd95_mm_before"] for row in one["cases"]} == {None}


def test_who_taught_an_earlier_version_judges_nothing(model: LoadedModel, tmp_path: Path) -> None:
    first = load_model(fine_tune(model, [case(1)], tmp_path / "a", steps=1, device="cpu"))
    tuned(first, tmp_path / "b")
    comparison = json.loads((tmp_path / "b" / "comparison.json").read_text("utf-8"))
    assert (comparison["n"], comparison["models"]) == (2, 2)
    assert list(comparison["excluded"]) == ["case1"]
