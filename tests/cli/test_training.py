"""`boundaryseg train` and `finetune` on a small study."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from cli_study import SHAPE, TINY, boxes, save

from napari_boundaryseg.cli.inputs.training_options import recipe_of, setting
from napari_boundaryseg.engine import devices
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.recipes.shipped import RECIPES
from napari_boundaryseg.errors import InputError

SETTINGS = [word for value in TINY for word in ("--set", value)]


def test_a_setting_is_json_where_it_can_be() -> None:
    assert setting("optimiser.lr=0.001") == ("optimiser.lr", 0.001)
    assert setting("patch_vox=[8,16,16]") == ("patch_vox", [8, 16, 16])
    assert setting("optimiser.name=sgd") == ("optimiser.name", "sgd")
    with pytest.raises(typer.BadParameter):
        setting("optimiser.lr")


def test_a_recipe_of_a_file_is_the_recipe(tmp_path: Path) -> None:
    wanted = recipe_of("hippocampus-sgm", ["optimiser.lr=0.5"])
    path = tmp_path / "mine.json"
    path.write_text(wanted.model_dump_json())
    assert recipe_of(str(path), []) == wanted
    assert wanted.optimiser.lr == 0.5
    path.write_text('{"name": "x"}')
    with pytest.raises(InputError, match="scheme"):
        recipe_of(str(path), [])


def test_show_prints_a_recipe_that_can_be_used(boundaryseg, tmp_path: Path) -> None:
    done = boundaryseg("train", "pelvis-mr-sgm", "--show", "--set", "batch=3")
    path = tmp_path / "mine.json"
    path.write_text(done.out)
    assert recipe_of(str(path), []).batch == 3
    shown = json.loads(boundaryseg("train", "hmedn-brats17", "--show").out)
    assert (shown["initialisation"], shown["metrics"]) == ("xavier", ["dsc", "asd_mm"])
    assert shown["schedule"]["patience"] == 10


def test_a_training_leaves_model_card_and_log(
    boundaryseg, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "bf16_gradients_hold", lambda: True)
    out = tmp_path / "model"
    words = (
        "train",
        "hippocampus-sgm",
        "--data",
        study,
        "-o",
        out,
        "--splits",
        study / "splits.csv",
        "--seed",
        "3",
        "--device",
        "cpu",
        "--precision",
        "bf16",
        *SETTINGS,
    )
    done = boundaryseg(*words, "--steps", "4")
    assert done.status == 0, done.err
    assert "trained on 4 cases" in done.out
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == [1, 2, 3, 4]
    card = json.loads((out / "card.json").read_text())
    assert card["recipe"]["network_arguments"]["width"] == 4
    assert card["precision"] == "bf16"
    predicted = boundaryseg(
        "predict", study / "images" / "case5.nii.gz", "--model", out / "best.safetensors", "-o", tmp_path
    )
    assert predicted.status == 0, predicted.err


def test_fine_tuning_ends_in_a_comparison(boundaryseg, study: Path, tiny_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "tuned"
    done = boundaryseg(
        "finetune",
        tiny_model,
        "--data",
        study,
        "-o",
        out,
        "--holdout",
        study / "splits.csv",
        "--steps",
        "2",
        "--device",
        "cpu",
    )
    assert done.status == 0, done.err
    comparison = json.loads((out / "comparison.json").read_text())
    assert {row["case"] for row in comparison["cases"]} == {"case4", "case5"}
    assert comparison["verdict"] in ("better", "no evidence", "worse")
    assert comparison["verdict"] in done.out
    assert (out / "comparison.md").exists()


def test_every_wrong_case_is_named_before_fine_tuning(
    boundaryseg, study: Path, tiny_model: Path, tmp_path: Path
) -> None:
    for name in ("case1", "case4"):
        save(study / "labels" / f"{name}.nii.gz", np.zeros(SHAPE, np.uint8))
    words = ("finetune", tiny_model, "--data", study, "-o", tmp_path / "m", "--holdout", study / "splits.csv")
    done = boundaryseg(*words, "--steps", "1", "--device", "cpu")
    assert done.status == 1
    assert "2 of 6 cases: case1: no voxel is labelled; case4: no voxel is labelled" in done.err
    assert not (tmp_path / "m").exists()


def test_slices_that_were_looked_at_teach_and_judge_alone(
    boundaryseg, study: Path, tiny_model: Path, tmp_path: Path
) -> None:
    table = tmp_path / "slices.csv"
    table.write_text("case,slices\n" + "".join(f"case{n},{'all' if n == 5 else '7-8 10'}\n" for n in range(6)))
    words = ("finetune", tiny_model, "--data", study, "--holdout", study / "splits.csv", "--slices", table)
    done = boundaryseg(*words, "-o", tmp_path / "out", "--steps", "1", "--device", "cpu")
    assert done.status == 0, done.err
    comparison = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert comparison["on_slices"] == {"case4": [3, SHAPE[2]]}
    assert f"case4 (3 of {SHAPE[2]} slices): only the slices that a person has looked at are scored" in done.out
    table.write_text("case,slices\ncase0,3\n")
    done = boundaryseg(*words, "-o", tmp_path / "other", "--steps", "1", "--device", "cpu")
    assert (done.status, "it leaves out case1, case2, case3 and 2 more" in done.err) == (1, True)


@pytest.mark.parametrize("command", ["train", "finetune"])
def test_help_names_every_layout(boundaryseg, command: str) -> None:
    said = boundaryseg(command, "--help").out
    assert all(name in said for name in ("nnU-Net", "MSD", "MONAI", "BraTS", "KiTS", "PROMISE12"))


def test_more_than_one_device_is_refused_honestly(boundaryseg, study: Path, tmp_path: Path) -> None:
    done = boundaryseg("train", "hippocampus-sgm", "--data", study, "-o", tmp_path / "m", "--devices", "2")
    assert (done.status, "runs on one device" in done.err) == (1, True)
    assert not (tmp_path / "m").exists()


def test_help_says_what_the_rows_of_the_splits_do(boundaryseg) -> None:
    said = " ".join(boundaryseg("train", "--help").out.replace("│", " ").split())
    assert (
        "Rows marked train train, val choose the best step (without any, the last is kept), test are not used" in said
    )


def test_a_fold_chooses_by_others_than_those_who_judge(boundaryseg, study: Path, tmp_path: Path) -> None:
    lines = ["case,group,split", *(f"case{n},p{n},{'val' if n == 5 else 'train'}" for n in range(6))]
    (tmp_path / "mine.csv").write_text("\n".join(lines))
    out, truth = tmp_path / "m", study / "labels"
    words = ("train", "hippocampus-sgm", "--data", study, "-o", out, "--splits", tmp_path / "mine.csv", "--fold", "1")
    done = boundaryseg(*words, "--steps", "1", "--device", "cpu", *SETTINGS)
    assert done.status == 0, done.err
    said = "trained on 4 cases, the best step chosen by 1 other; 1 more is left to judge it"
    assert said in done.out
    card = json.loads((out / "card.json").read_text())
    assert card["training"]["description"] == f"{said[0].upper()}{said[1:]}, fold 1 of 5."
    assert card["training"]["cases"] == 4
    validated = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in validated if "validation" in line] == [1]
    table = [line.split(",") for line in (out / "cases.csv").read_text().split()[1:]]
    assert sorted(name for name, _, split in table if split == "test") == ["case1"]
    judged = boundaryseg("evaluate", truth, truth, "--splits", out / "cases.csv", "--json", tmp_path / "s.json")
    assert judged.status == 0, judged.err
    assert {row["case"] for row in json.loads((tmp_path / "s.json").read_text())["cases"]} == {"case1"}
    assert "Of the cases, 1 judge: those that cases.csv marks test; 5 others do not" in judged.err


def test_without_val_rows_the_last_step_is_the_result(boundaryseg, study: Path, tmp_path: Path) -> None:
    table = (study / "splits.csv").read_text().replace("val", "test")
    (study / "splits.csv").write_text(table)
    words = ("train", "hippocampus-sgm", "--data", study, "-o", tmp_path / "m", "--steps", "2", "--device", "cpu")
    done = boundaryseg(*words, *SETTINGS)
    assert done.status == 0, done.err
    assert "trained on 4 cases, the last step kept; 2 more are left to judge it" in done.out
    card = json.loads((tmp_path / "m" / "card.json").read_text())
    assert (card["step"], card["scored_on"], card["scores"]) == (2, "", [])


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("case,group,split\ncase0,a,train\n", "it marks no case test"),
        ("case,group,split\nelse,a,test\n", "it marks else test, and there is no such reference"),
        ("case,group,split\ncase0,a,judge\n", "case0 has the split 'judge'"),
        ("scan\ncase0\n", "it has no column named case"),
    ],
)
def test_tables_that_say_not_who_judges_are_refused(boundaryseg, study: Path, tmp_path: Path, table, reason) -> None:
    (tmp_path / "mine.csv").write_text(table)
    done = boundaryseg("evaluate", study / "labels", study / "labels", "--splits", tmp_path / "mine.csv")
    assert done.status == 1
    assert f"error: mine.csv: {reason}" in done.err


def test_a_training_is_replaced_only_where_it_is_said(boundaryseg, study: Path, tmp_path: Path) -> None:
    words = ("train", "hippocampus-sgm", "--data", study, "-o", tmp_path / "m", "--device", "cpu", *SETTINGS)
    words = (*words, "--set", "schedule.name=constant")
    assert boundaryseg(*words, "--steps", "2").status == 0
    before = (tmp_path / "m" / "best.safetensors").read_bytes()
    done = boundaryseg(*words, "--steps", "1", "--seed", "5")
    assert (done.status, "m: it holds another training" in done.err) == (1, True)
    assert "--overwrite" in done.err
    assert (tmp_path / "m" / "best.safetensors").read_bytes() == before
    assert boundaryseg(*words, "--steps", "4", "--resume").status == 0

    def steps() -> list[int]:
        log = (tmp_path / "m" / "log.jsonl").read_text().splitlines()
        return [line["step"] for line in map(json.loads, log) if "loss" in line]

    assert steps() == [1, 2, 3, 4]
    assert boundaryseg(*words, "--steps", "1", "--seed", "5", "--overwrite").status == 0
    assert steps() == [1]
    assert boundaryseg(*words, "--resume", "--overwrite").status == 2


def test_a_training_is_resumed_only_as_it_was_begun(boundaryseg, study: Path, tmp_path: Path) -> None:
    """Three steps of it with another normalisation, rate and seed once made a model whose card told half of it."""
    out = tmp_path / "m"
    words = ("train", "hippocampus-sgm", "--data", study, "-o", out, "--device", "cpu", *SETTINGS, "--steps", "2")
    assert boundaryseg(*words, "--seed", "5").status == 0
    card = json.loads((out / "card.json").read_text())["recipe"]
    assert (card["seed"], card["steps"]) == (5, 2), "what was done, not what the recipe said"
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    for other, said in (
        (("--seed", "7"), "begun with the seed 5, not 7"),
        (
            ("--seed", "5", "--set", "preprocessing.normalise=unit"),
            "begun with preprocessing.normalise zscore, not unit",
        ),
        (("--seed", "5", "--steps", "6"), "begun for 2 steps, not 6"),
    ):
        done = boundaryseg(*words, *other, "--resume")
        assert (done.status, said in " ".join(done.err.split())) == (1, True), done.err
    save(study / "labels" / "case0.nii.gz", np.roll(boxes(), 1, axis=2))
    done = boundaryseg(*words, "--seed", "5", "--resume")
    assert (done.status, "than case0 has now" in " ".join(done.err.split())) == (1, True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_fine_tuning_resumes_only_as_it_was_begun(boundaryseg, study: Path, tiny_model: Path, tmp_path: Path) -> None:
    words = ("finetune", tiny_model, "--data", study, "-o", tmp_path / "m", "--device", "cpu", "--steps", "1")
    assert boundaryseg(*words).status == 0
    before = load_model(tmp_path / "m" / "best.safetensors").network.state_dict()
    done = boundaryseg(*words, "--resume", "--lr", "0.01")
    assert (done.status, "begun with optimiser.lr 0.001, not 0.01" in " ".join(done.err.split())) == (1, True)
    done = boundaryseg(*words, "--resume", "--part", "heads")
    assert (done.status, "for another part of the network" in " ".join(done.err.split())) == (1, True)
    done = boundaryseg(*words, "--resume")
    assert done.status == 0, done.err
    after = load_model(tmp_path / "m" / "best.safetensors").network.state_dict()
    assert all(value.equal(after[name]) for name, value in before.items()), "it had ended"
    assert boundaryseg(*words, "--resume", "--overwrite").status == 2


@pytest.mark.parametrize("held_out", [True, False])
def test_an_organ_that_no_case_has_is_said(
    boundaryseg, study: Path, tiny_model: Path, tmp_path: Path, held_out: bool
) -> None:
    """Fine-tuned on cases of which only one organ was drawn, a model that loses the other is not called better."""
    for n in range(6):
        save(study / "labels" / f"case{n}.nii.gz", boxes(n % 3) % 2)
    if not held_out:
        (study / "splits.csv").unlink()
        for folder, n in (("images", n) for n in range(1, 6)):
            (study / folder / f"case{n}.nii.gz").unlink()
            (study / "labels" / f"case{n}.nii.gz").unlink()
    out = tmp_path / "tuned"
    done = boundaryseg("finetune", tiny_model, "--data", study, "-o", out, "--steps", "2", "--device", "cpu")
    assert done.status == 0, done.err
    said = f"No {'case' if held_out else 'training case'} has Hippocampus_P"
    assert said in " ".join(done.out.split())
    assert (out / "comparison.json").exists() == held_out
    if held_out:
        comparison = json.loads((out / "comparison.json").read_text())
        assert {row["organ"] for row in comparison["cases"]} == {"Hippocampus_A"}
        assert comparison["not_in_references"] == comparison["not_taught"] == ["Hippocampus_P"]
        assert said in (out / "comparison.md").read_text()
    else:
        assert "keep the old model in use" in done.out


def test_a_fine_tuning_is_replaced_only_where_it_is_said(
    boundaryseg, study: Path, tiny_model: Path, tmp_path: Path
) -> None:
    words = ("finetune", tiny_model, "--data", study, "-o", tmp_path / "m", "--steps", "1", "--device", "cpu")
    assert boundaryseg(*words).status == 0
    done = boundaryseg(*words)
    assert (done.status, "m: it holds another training" in done.err) == (1, True)
    assert boundaryseg(*words, "--overwrite").status == 0


def test_a_seed_below_0_is_wrong_usage(boundaryseg, study: Path, tmp_path: Path) -> None:
    assert boundaryseg("train", "hippocampus-sgm", "--data", study, "-o", tmp_path, "--seed", "-1").status == 2


def test_an_unknown_precision_is_wrong_usage(boundaryseg, study: Path, tmp_path: Path) -> None:
    done = boundaryseg("train", "hippocampus-sgm", "--data", study, "-o", tmp_path, "--precision", "fp8")
    assert (done.status, "none of auto, float32, bf16" in " ".join(done.err.split())) == (2, True)


def test_list_names_every_recipe_with_its_task(boundaryseg) -> None:
    said = boundaryseg("train", "--list").out.splitlines()
    for wanted in RECIPES.values():
        (line,) = [line for line in said if line.split()[:1] == [wanted.name]]
        assert wanted.task in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--lr", "5"), "--lr: input should be less than or equal to 0.1"),
        (("--part", "edges"), "--part: input should be"),
    ],
)
def test_settings_of_a_fine_tuning_have_bounds(boundaryseg, words: tuple[str, str], said: str) -> None:
    done = boundaryseg("finetune", "hippocampus-sgm", "--data", "x", "-o", "y", *words)
    assert done.status == 2
    assert said in " ".join(done.err.split())


def test_the_part_that_is_trained_can_be_chosen(boundaryseg, tiny_model: Path, study: Path, tmp_path: Path) -> None:
    words = ("finetune", tiny_model, "--data", study, "-o", tmp_path / "m", "--steps", "1", "--device", "cpu")
    done = boundaryseg(*words, "--part", "heads", "--lr", "0.01")
    assert done.status == 0, done.err
    before, after = (
        load_model(path).network.state_dict() for path in (tiny_model, tmp_path / "m" / "last.safetensors")
    )
    moved = {name.partition(".")[0] for name in before if not before[name].equal(after[name])}
    assert moved
    assert moved <= set(load_model(tiny_model).network.head_modules)


def test_a_table_with_blanks_keeps_val_and_test_apart(boundaryseg, study: Path, tmp_path: Path) -> None:
    table = (study / "splits.csv").read_text().replace(",", ", ").replace("split", "Split")
    (tmp_path / "mine.csv").write_text(table)
    words = ("train", "hippocampus-sgm", "--data", study, "-o", tmp_path / "m", "--steps", "1", "--device", "cpu")
    done = boundaryseg(*words, *SETTINGS, "--splits", tmp_path / "mine.csv")
    assert (done.status, "trained on 4 cases" in done.out) == (0, True), done.err


@pytest.mark.parametrize("command", ["train", "finetune"])
def test_a_table_whose_split_column_is_called_otherwise_is_refused(
    boundaryseg, study: Path, tiny_model: Path, tmp_path: Path, command: str
) -> None:
    (tmp_path / "mine.csv").write_text((study / "splits.csv").read_text().replace("split", "set"))
    what, option = ("hippocampus-sgm", "--splits") if command == "train" else (tiny_model, "--holdout")
    done = boundaryseg(command, what, "--data", study, "-o", tmp_path / "m", option, tmp_path / "mine.csv")
    assert (done.status, "mine.csv: it has no column named split" in done.err) == (1, True)
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("command", ["train", "finetune"])
def test_a_copy_of_a_held_out_scan_is_refused(
    boundaryseg, study: Path, tiny_model: Path, tmp_path: Path, command: str
) -> None:
    import nibabel

    first = nibabel.load(study / "images" / "case0.nii.gz")
    nibabel.save(nibabel.Nifti1Image(first.get_fdata(), first.affine), study / "images" / "case5.nii.gz")
    what = "hippocampus-sgm" if command == "train" else tiny_model
    done = boundaryseg(command, what, "--data", study, "-o", tmp_path / "m", "--steps", "1", "--device", "cpu")
    assert (done.status, "case5 is the same scan as case0" in done.err) == (1, True), done.err
    assert not (tmp_path / "m").exists()


def test_an_organ_that_no_case_holds_is_refused_to_train_and_said_to_fine_tune(
    boundaryseg, study: Path, tiny_model: Path, tmp_path: Path
) -> None:
    for n in range(6):
        save(study / "labels" / f"case{n}.nii.gz", np.minimum(boxes(n % 3) % 2, 1).astype(np.uint8))
    words = ("--data", study, "-o", tmp_path / "m", "--steps", "1", "--device", "cpu")
    done = boundaryseg("train", "hippocampus-sgm", *words, *SETTINGS)
    assert (done.status, "4 cases: no case has Hippocampus_P" in done.err) == (1, True)
    done = boundaryseg("finetune", tiny_model, *words)
    assert done.status == 0, done.err
    assert "note: No case has Hippocampus_P" in done.err


def test_a_list_with_other_integers_teaches_the_right_organ(boundaryseg, study: Path, tmp_path: Path) -> None:
    (study / "images").rename(study / "imagesTr")
    (study / "labels").rename(study / "labelsTr")
    names = {"background": 0, "vessel": 1, "tumour": 2}
    (study / "dataset.json").write_text(json.dumps({"labels": names, "channel_names": {"0": "MRI"}}))
    words = ("train", "hippocampus-sgm", "--data", study, "-o", tmp_path / "m", "--steps", "1", "--device", "cpu")
    done = boundaryseg(*words, *SETTINGS)
    assert done.status == 1
    assert "dataset.json: it names the labels vessel, tumour, and none of them is Hippocampus_A" in done.err
    names = {"background": 0, "Posterior": 1, "Anterior": 2}
    (study / "dataset.json").write_text(json.dumps({"labels": names, "channel_names": {"0": "MRI"}}))
    assert boundaryseg(*words, *SETTINGS).status == 0


def test_what_is_to_be_known_of_a_folder_is_said(boundaryseg, study: Path, tmp_path: Path) -> None:
    (study / "labels" / "case5.nii.gz").rename(study / "labels" / "elsewhere.nii.gz")
    words = ("train", "hippocampus-sgm", "--data", study, "-o", tmp_path / "m", "--steps", "1", "--device", "cpu")
    done = boundaryseg(*words, *SETTINGS)
    assert done.status == 0, done.err
    assert "note: 1 of 6 scans in images have no label: case5." in done.err
    assert "note: 1 of 6 labels in labels have no scan: elsewhere." in done.err
