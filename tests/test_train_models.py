"""The table of the shipped models, and the tool that trains them, on one model of one step."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from napari_boundaryseg.data.formats import write
from napari_boundaryseg.engine.checkpoints.card import Calibration, Card, Scaling
from napari_boundaryseg.engine.checkpoints.checkpoint import build_network, save
from napari_boundaryseg.engine.checkpoints.model_library import WEIGHTS, read_card
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.phantom import two_part_structure
from napari_boundaryseg.progress import Cancelled

STUDIES = Path(__file__).parents[1] / "benchmarks" / "studies"


@pytest.fixture
def tool(scripts: Callable[..., ModuleType]) -> ModuleType:
    return scripts("tools/shipped_models.py", "tools/score_models.py", "tools/train_models.py")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data set of two cases that train and one that is scored."""
    folder = tmp_path / "data" / "hippocampus"
    rows = ["case,group,split"]
    for n, split in enumerate(("train", "train", "val")):
        for kind, item in zip(("images", "labels"), two_part_structure(n), strict=True):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            write(item, folder / kind / f"case{n}.nii.gz")
        rows.append(f"case{n},case{n},{split}")
    (folder / "splits.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "data"


def run(tool: ModuleType, monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> None:
    monkeypatch.setattr(sys, "argv", ["train_models", *map(str, words)])
    tool.main()


def test_every_model_has_its_recipe_data_terms_and_time(tool: ModuleType) -> None:
    for name, model in tool.MODELS.items():
        wanted = recipe(model.recipe)
        assert name == model.name
        assert bool(model.data) != bool(wanted.synthetic) or model.own, "labelled scans, synthetic ones, or both"
        assert model.training.licence
        assert model.training.attribution
        assert model.minutes > 0
        assert model.wanted.steps > 0


def test_all_weights_together_are_small(tool: ModuleType) -> None:
    sizes = []
    for model in tool.MODELS.values():
        network = build_network(model.wanted)
        sizes.append(2 * sum(value.numel() for value in network.state_dict().values()))
    assert max(sizes) < 10e6
    assert sum(sizes) < 30e6


def test_what_is_shipped_is_in_the_table(tool: ModuleType) -> None:
    assert {path.stem for path in WEIGHTS.glob("*.safetensors")} <= set(tool.MODELS)


def test_toys_and_synthetic_models_say_so(tool: ModuleType) -> None:
    assert recipe("prostate-toy").task.startswith("A toy:")
    for name in ("brain-tumour-egcnn", "brain-tumour-bacnn"):
        assert "trained on synthetic scans only" in recipe(name).task
        assert "A starting point" in tool.MODELS[name].notes
    assert recipe("pelvis-mr-sgm").synthetic_hard == 0.5


def test_the_list_names_every_model(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run(tool, monkeypatch, "--list", "--work", tmp_path)
    said = capsys.readouterr().out
    assert all(name in said for name in tool.MODELS)
    assert "minutes" in said


def test_a_trial_trains_scores_and_stays_out_of_the_package(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: Path
) -> None:
    before = sorted(WEIGHTS.iterdir())
    run(tool, monkeypatch, "hippocampus-sgm", "--data", data, "--work", tmp_path, "--steps", "1")
    card, _ = read_card(tmp_path / "hippocampus-sgm.safetensors")
    assert card.step == 1
    assert card.training.cases == 2
    assert card.scored_on.startswith("1 validation case")
    assert {score.organ for score in card.scores} == {"Hippocampus_A", "Hippocampus_P"}
    assert sorted(WEIGHTS.iterdir()) == before
    log = tmp_path / "hippocampus-sgm-1-steps" / "log.jsonl"
    assert not (tmp_path / "hippocampus-sgm").exists(), "a trial leaves the training itself alone"
    lines = log.read_text()
    run(tool, monkeypatch, "hippocampus-sgm", "--data", data, "--work", tmp_path, "--steps", "1")
    assert log.read_text() == lines, "what is done is not done again"


def test_it_stops_in_time_and_goes_on(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, data: Path
) -> None:
    words = ("hippocampus-sgm", "--data", data, "--work", tmp_path, "--steps", "3")
    progress = tool.until(1e9)
    monkeypatch.setattr(tool, "until", lambda seconds: stop_at_once)
    run(tool, monkeypatch, *words)
    assert "the same command goes on" in capsys.readouterr().out
    assert not (tmp_path / "hippocampus-sgm.safetensors").exists()
    monkeypatch.setattr(tool, "until", lambda seconds: progress)
    run(tool, monkeypatch, *words)
    assert read_card(tmp_path / "hippocampus-sgm.safetensors")[0].step == 3
    log = (tmp_path / "hippocampus-sgm-3-steps" / "log.jsonl").read_text()
    assert log.count('"loss"') == 3, "the first step was not taken twice"


def test_past_the_time_the_next_step_is_the_last(tool: ModuleType) -> None:
    tool.until(1e9)(0.5, "going on")
    with pytest.raises(Cancelled):
        tool.until(-1)(0.5, "late")


def stop_at_once(fraction: float, text: str = "") -> None:
    if "step 1 of" in text:
        raise Cancelled


def test_a_training_with_other_settings_is_not_gone_on_with(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: Path
) -> None:
    words = ("hippocampus-sgm", "--data", data, "--work", tmp_path, "--steps", "3")
    monkeypatch.setattr(tool, "until", lambda seconds: stop_at_once)
    run(tool, monkeypatch, *words)
    assert (tmp_path / "hippocampus-sgm-3-steps" / "state.safetensors").is_file(), "it is not at an epoch's end"
    model = tool.MODELS["hippocampus-sgm"]
    monkeypatch.setitem(tool.MODELS, model.name, dataclasses.replace(model, settings={"optimiser.lr": 1.0}))
    with pytest.raises(InputError, match="another recipe was trained here"):
        run(tool, monkeypatch, *words)


def test_scores_of_a_study_are_those_out_of_fold(tool: ModuleType, tmp_path: Path) -> None:
    scoring = sys.modules["score_models"]
    head = "training,fold,config,case,group,organ,dsc,surface_dice,asd_mm,hd95_mm,tolerance_mm,prior_dsc,seconds"
    (tmp_path / "s.csv").write_text(
        f"{head}\nsgm,0,x,a,a,GTV,0.8,nan,2,6,3,0.6,1\nsgm,1,x,b,b,GTV,0.6,nan,4,nan,3,0.4,1\nother,0,x,a,a,GTV,0,0,9,9,3,0,1\n"
    )
    found = scoring.out_of_fold(tmp_path / "s.csv", "sgm", "x")
    values = {score.metric: (score.mean, score.n, score.label_prior) for score in found.scores}
    assert values["dsc"] == (pytest.approx(0.7), 2, pytest.approx(0.5))
    assert values["hd95_mm"] == (6, 1, None)
    assert "surface_dice" not in values, "no case has one"
    assert found.scored_on.startswith("2 cases in loose boxes, each by one of 2 models")
    assert {"jaccard", "apl_mm"}.isdisjoint(values), "a metric that is newer than the table"
    assert scoring.out_of_fold(tmp_path / "missing.csv", "sgm", "x") == scoring.Scores()
    assert scoring.out_of_fold(tmp_path / "s.csv", "sgm", "other settings") == scoring.Scores()


def test_a_model_of_a_study_learns_with_its_settings(tool: ModuleType) -> None:
    study = tomllib.loads((STUDIES / "hippocampus.toml").read_text("utf-8"))
    entry = next(training for training in study["training"] if training["name"] == "hmedn")
    model, plain = tool.MODELS["hippocampus-hmedn"], recipe(entry["recipe"])
    studied = plain.with_settings({**entry["settings"], "steps": entry["steps"]})
    assert model.studied == studied.digest != plain.with_settings({"steps": entry["steps"]}).digest
    assert model.wanted.digest == studied.with_settings(model.settings).digest
    assert model.wanted.steps > entry["steps"], "its own settings go before the study's"
    calibrated = STUDIES / "hippocampus_hmedn_calibration.json"
    assert json.loads(calibrated.read_text())["config"] == model.studied
    assert model.calibration is None, "the study's models took other steps: what they promise is not what it promises"


def test_the_calibration_of_a_study_goes_onto_the_card(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tool.MODELS["sarcoma-t1"]
    wanted = model.wanted
    weights = build_network(wanted).state_dict()
    save(tmp_path / "m.safetensors", Card(name="sarcoma-t1", recipe=wanted, parameters=1), weights)
    scoring = sys.modules["score_models"]
    monkeypatch.setattr(sys.modules["shipped_models"], "STUDIES", tmp_path)
    plain, _ = read_card(scoring.ship(model, tmp_path / "m.safetensors", scoring.Scores(), tmp_path))
    assert plain.calibration is None, "no study, no calibration"
    found = Calibration(edges=Scaling(scale=2.0, shift=-1.0), fitted_on="forty cases")
    shutil.copy(STUDIES / "sarcoma.toml", tmp_path)
    path = tmp_path / "sarcoma_sgm_calibration.json"
    path.write_text(json.dumps({"config": "other settings", **found.model_dump(mode="json")}))
    assert model.calibration is None
    path.write_text(json.dumps({"config": wanted.digest, **found.model_dump(mode="json")}))
    card, _ = read_card(scoring.ship(model, tmp_path / "m.safetensors", scoring.Scores(), tmp_path))
    assert card.calibration == found


def test_a_card_tells_with_which_weights_the_training_began(tool: ModuleType, tmp_path: Path) -> None:
    model = tool.MODELS["sarcoma-t1"]
    scoring = sys.modules["score_models"]
    found = scoring.Scores(notes="Scored twice.")
    for parent, said in (("", "Scored twice."), ("old 0123abcd", "It began with the weights of old 0123abcd. Scored")):
        card = Card(name="sarcoma-t1", recipe=model.wanted, parameters=1, parent=parent)
        save(tmp_path / "m.safetensors", card, build_network(model.wanted).state_dict())
        shipped, _ = read_card(scoring.ship(model, tmp_path / "m.safetensors", found, tmp_path))
        assert said in shipped.notes
        assert ("It began" in shipped.notes) == bool(parent)


def test_label_priors_come_from_the_training_cases_and_the_judged_ones(tool: ModuleType) -> None:
    scoring = sys.modules["score_models"]
    known, (judged,) = [two_part_structure(n)[1] for n in range(6)], [two_part_structure(9)[1]]
    priors = scoring.priors_of_crops(known, [judged])
    assert set(priors) == set(judged.scheme.names)
    assert all(0.2 < prior < 0.95 for prior in priors.values())
    same = scoring.priors_of_crops([judged], [judged])
    assert all(same[organ] > priors[organ] for organ in priors), "another case's place says less than its own"


def test_the_pelvis_begins_with_the_synthetic_one_and_is_scored_man_by_man(tool: ModuleType) -> None:
    model = tool.MODELS["pelvis-mr-sgm"]
    base, _ = read_card(model.start)
    assert base.synthetic_only
    assert tool.MODELS["pelvis-mr-sgm-synthetic"].folder == model.start.parent
    found = tool.score(model, Path("unused"), Path("unused"))
    assert {(one.organ, one.n) for one in found.scores} == {("Bladder", 5), ("Prostate", 4), ("Rectum", 5)}
    assert "(n = 30, label prior" in found.notes
    card, _ = read_card(WEIGHTS / "pelvis-mr-sgm.safetensors")
    assert not card.synthetic_only
    assert (card.scores, card.scored_on) == (found.scores, found.scored_on)
    assert card.training.cases == 5
    assert card.recipe.task == model.task
    assert card.ancestry.scans, "none of the five men judges what is fine-tuned from it"
    assert (
        tool.MODELS["pelvis-mr-sgm"].wanted.digest
        == card.recipe.model_copy(update={"task": recipe("pelvis-mr-sgm").task}).digest
    )
