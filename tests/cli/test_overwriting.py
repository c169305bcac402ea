"""What is there already is replaced only where the person says so, and is refused before the work is done."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from cli_study import boxes, save

from napari_boundaryseg.engine.evaluation import scoring
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.recipes.shipped import recipe

LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


@pytest.fixture
def patients(study: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two patients' scans in files of the same name."""
    made = tmp_path / "patient1" / "t1.nii.gz", tmp_path / "patient2" / "t1.nii.gz"
    for path, source in zip(made, ("case0", "case1")):
        path.parent.mkdir()
        shutil.copy(study / "images" / f"{source}.nii.gz", path)
    return made


@pytest.fixture
def predict(boundaryseg: Callable, tiny_model: Path, tmp_path: Path) -> Callable:
    return lambda *words: boundaryseg("predict", *words, "--model", tiny_model, "-o", tmp_path / "out")


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the network ran before it was known whether its result may be written")

    monkeypatch.setattr(Predictor, "_look", never)


def test_another_patients_result_of_the_same_name_stays(
    predict: Callable, patients: tuple[Path, Path], tmp_path: Path
) -> None:
    assert predict(patients[0]).status == 0
    before = content(tmp_path / "out")
    done = predict(patients[1], "--edges")
    assert done.status == 1
    assert done.err.startswith("error: t1_seg.nii.gz, t1.json: it is the result of another scan.")
    assert "--overwrite" in done.err
    assert content(tmp_path / "out") == before
    assert predict(patients[1], "--overwrite").status == 0
    hashes = [json.loads(text)["scan"]["hash"] for text in (before["t1.json"], content(tmp_path / "out")["t1.json"])]
    assert hashes[0] != hashes[1]


def test_it_is_refused_before_the_network_runs(
    predict: Callable, patients: tuple[Path, Path], tmp_path: Path, no_network: None
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "t1_probabilities.nii.gz").write_bytes(b"mine")
    done = predict(patients[0], "--probabilities")
    assert (done.status, done.err.split(":")[1]) == (1, " t1_probabilities.nii.gz")


def test_the_same_scan_may_be_predicted_again_until_somebody_corrects_the_result(
    predict: Callable, patients: tuple[Path, Path], tmp_path: Path
) -> None:
    path = tmp_path / "out" / "t1_seg.nii.gz"
    assert [predict(patients[0]).status for _ in range(2)] == [0, 0]
    found = nib.load(path)
    corrected = np.asarray(found.dataobj).copy()
    corrected[5, 5, 5] = 3 - corrected[5, 5, 5] % 3
    nib.save(nib.Nifti1Image(corrected, found.affine, found.header), path)
    mine = path.read_bytes()
    done = predict(patients[0])
    assert (done.status, path.read_bytes() == mine) == (1, True)
    assert done.err.startswith("error: t1_seg.nii.gz: it was changed after this program wrote it.")
    assert predict(patients[0], "--overwrite").status == 0
    assert path.read_bytes() != mine


def test_a_note_of_the_scanner_beside_the_scan_stays(
    predict: Callable, patients: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    note = tmp_path / "out" / "t1.json"
    note.write_text('{"EchoTime": 0.003, "MagneticFieldStrength": 3}')
    before = content(tmp_path / "out")
    done = predict(patients[0])
    assert (done.status, "t1.json: it is there already, and it is no report" in done.err) == (1, True)
    assert content(tmp_path / "out") == before


def test_the_other_scans_go_on_and_the_refused_one_is_listed_at_the_end(
    predict: Callable, patients: tuple[Path, Path], study: Path, tmp_path: Path
) -> None:
    assert predict(patients[0]).status == 0
    done = predict(patients[1], study / "images" / "case2.nii.gz")
    assert done.status == 1
    assert (tmp_path / "out" / "case2_seg.nii.gz").exists()
    assert done.err.splitlines()[-1] == "1 of 2 cases failed: t1."


@pytest.mark.parametrize("second", ["t1.nii.gz", "T1.nii.gz", "t1.nii"])
def test_two_scans_of_one_result_are_refused_before_anything_runs(
    predict: Callable, patients: tuple[Path, Path], tmp_path: Path, no_network: None, second: str
) -> None:
    other = patients[1].with_name(second)
    if second.endswith(".nii"):
        nib.save(nib.load(patients[1]), other)
    elif other != patients[1]:
        patients[1].rename(other)
    done = predict(patients[0], other)
    assert done.status == 1
    assert done.err.startswith("error: scan 1 and scan 2: both would be written as ")
    assert not (tmp_path / "out").exists()


def test_convert_replaces_nothing_that_is_there(boundaryseg: Callable, study: Path, tmp_path: Path) -> None:
    source, target = study / "images" / "case0.nii.gz", tmp_path / "mine.nii.gz"
    target.write_bytes(b"mine")
    done = boundaryseg("convert", source, target)
    assert (done.status, done.err) == (
        1,
        "error: mine.nii.gz: it is there already. Choose another name, or replace it (--overwrite).\n",
    )
    assert target.read_bytes() == b"mine"
    assert boundaryseg("convert", source, target, "--overwrite").status == 0
    np.testing.assert_array_equal(nib.load(target).get_fdata(), nib.load(source).get_fdata())


@LINKS
@pytest.mark.parametrize("way", ["the same path", "a link", "another hard link", "one of two channels"])
def test_convert_never_replaces_its_own_source(boundaryseg: Callable, study: Path, tmp_path: Path, way: str) -> None:
    source = study / "images" / "case0.nii.gz"
    before, target, words = source.read_bytes(), tmp_path / "target.nii.gz", str(source)
    if way == "the same path":
        target = source
    elif way == "a link":
        target.symlink_to(source)
    elif way == "another hard link":
        target.hardlink_to(source)
    else:
        target, words = source, f"{study / 'images' / 'case1.nii.gz'},{source}"
    done = boundaryseg("convert", words, target, "--overwrite")
    assert (done.status, "it is read by this command, and would be lost" in done.err) == (1, True)
    assert source.read_bytes() == before


@pytest.fixture
def maps(tmp_path: Path) -> tuple[Path, Path]:
    return save(tmp_path / "p" / "a.nii.gz", boxes()), save(tmp_path / "r" / "a.nii.gz", boxes())


@pytest.mark.parametrize("option", ["--csv", "--json"])
def test_a_table_of_scores_replaces_nothing_that_is_there(
    boundaryseg: Callable, maps: tuple[Path, Path], tmp_path: Path, option: str
) -> None:
    table = tmp_path / "scores"
    assert boundaryseg("evaluate", *maps, option, table).status == 0
    text = table.read_text()
    remarked = (
        text.replace("False", "True: I looked at it again") if option == "--csv" else text.replace("{}", '{"a": 1}')
    )
    for mine in (text, remarked, "mine"):
        table.write_text(mine)
        done = boundaryseg("evaluate", *maps, option, table)
        assert (done.status, done.err.startswith("error: scores: it is there already.")) == (1, True)
        assert table.read_text() == mine
    assert boundaryseg("evaluate", *maps, option, table, "--overwrite").status == 0
    assert table.read_text() == text


@pytest.fixture
def nothing_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("cases were scored before it was known whether the tables may be written")

    monkeypatch.setattr(scoring, "score_case", never)


@LINKS
@pytest.mark.parametrize("second", ["s.csv", "S.CSV", "../tables/s.csv", "link.csv", "link2.csv"])
def test_two_tables_of_one_name_are_refused(
    boundaryseg: Callable, maps: tuple[Path, Path], tmp_path: Path, second: str, nothing_scored: None
) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "link.csv").symlink_to(folder / "s.csv")
    (folder / "link2.csv").symlink_to(folder / "link.csv")
    words = ("--csv", folder / "s.csv", "--json", folder / second, "--overwrite")
    done = boundaryseg("evaluate", *maps, *words)
    assert (done.status, done.err.startswith("error: --csv and --json: both would be written as ")) == (1, True)
    assert not (folder / "s.csv").exists()


@LINKS
@pytest.mark.parametrize("option", ["--csv", "--json"])
@pytest.mark.parametrize("what", ["p/a.nii.gz", "r/b.nii.gz", "p/a.json", "r/dataset.json", "link", "p/later.json"])
def test_a_table_never_replaces_what_is_read(
    boundaryseg: Callable, maps: tuple[Path, Path], tmp_path: Path, option: str, what: str, nothing_scored: None
) -> None:
    save(tmp_path / "p" / "later_seg.nii.gz", boxes())
    save(tmp_path / "r" / "b.nii.gz", boxes())
    (tmp_path / "p" / "a.json").write_text("{}")
    (tmp_path / "r" / "dataset.json").write_text("{}")
    (tmp_path / "link").symlink_to(maps[1])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    done = boundaryseg("evaluate", tmp_path / "p", tmp_path / "r", option, tmp_path / what, "--overwrite")
    assert done.status == 1
    assert done.err.startswith(f"error: {Path(what).name}: it is read by this command, and would be lost.")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("option", ["--csv", "--json"])
@pytest.mark.parametrize(("where", "said"), [("p", "it is a folder"), ("none/s", "is not there")])
def test_where_no_file_can_be_is_said_before_anything_is_scored(
    boundaryseg: Callable, maps: tuple[Path, Path], tmp_path: Path, option: str, where: str, said: str, nothing_scored
) -> None:
    done = boundaryseg("evaluate", *maps, option, tmp_path / where, "--overwrite")
    assert (done.status, said in done.err) == (1, True)


@LINKS
@pytest.mark.parametrize("way", ["a scan", "a channel", "a box's labels", "a folder of labels", "a link"])
def test_predict_never_replaces_what_it_reads(
    predict: Callable, patients: tuple[Path, Path], tmp_path: Path, no_network: None, way: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    target = out / "t1_seg.nii.gz"
    shutil.copy(patients[1], target)
    read = target
    if way == "a link":
        read = tmp_path / "other.nii.gz"
        read.symlink_to(target)
    words = {
        "a channel": (f"{patients[0]},{read}",),
        "a box's labels": (patients[0], "--box-from", read),
        "a folder of labels": (patients[0], "--box-from", out),
    }.get(way, (patients[0], read))
    before = content(out)
    done = predict(*words, "--overwrite")
    assert (done.status, done.err) == (
        1,
        "error: t1_seg.nii.gz: it is read by this command, and would be lost. Choose another name or folder.\n",
    )
    assert content(out) == before


@pytest.mark.parametrize("name", ["best.safetensors", "card.json", "log.jsonl", "comparison.md"])
@pytest.mark.parametrize("command", ["train", "finetune"])
def test_a_training_removes_nothing_that_is_in_its_folder(
    boundaryseg: Callable, study: Path, tiny_model: Path, tmp_path: Path, command: str, name: str
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / name).write_text("mine")
    bad = study / "images" / "case0.nii.gz"
    bad.write_bytes(b"no scan")  # the folder is looked at before the scans are
    first = {"train": "hippocampus-sgm", "finetune": tiny_model}[command]
    done = boundaryseg(command, first, "--data", study, "-o", folder)
    assert (done.status, f"out: it holds another training ({name})" in done.err) == (1, True)
    assert content(folder) == {name: b"mine"}


def test_a_model_is_not_fine_tuned_into_its_own_place(
    boundaryseg: Callable, study: Path, tiny_model: Path, tmp_path: Path
) -> None:
    model = tmp_path / "out" / "best.safetensors"
    model.parent.mkdir()
    shutil.copy(tiny_model, model)
    done = boundaryseg("finetune", model, "--data", study, "-o", tmp_path / "out", "--overwrite")
    assert (done.status, "it holds best.safetensors, which this training reads and would replace" in done.err) == (
        1,
        True,
    )
    assert model.read_bytes() == tiny_model.read_bytes()


@pytest.mark.parametrize(("command", "option"), [("train", "recipe"), ("train", "--splits"), ("finetune", "--holdout")])
def test_a_training_never_replaces_a_recipe_or_a_table_that_it_reads(
    boundaryseg: Callable, study: Path, tiny_model: Path, tmp_path: Path, command: str, option: str
) -> None:
    mine = tmp_path / "out" / ("card.json" if option == "recipe" else "log.jsonl")
    mine.parent.mkdir()
    if option == "recipe":
        mine.write_text(recipe("hippocampus-sgm").model_dump_json())
    else:
        shutil.copy(study / "splits.csv", mine)
    first = {"train": "hippocampus-sgm", "finetune": tiny_model}[command]
    words = (mine,) if option == "recipe" else (first, option, mine)
    before = content(mine.parent)
    done = boundaryseg(command, *words, "--data", study, "-o", mine.parent, "--overwrite", "--steps", 1)
    assert (done.status, f"it holds {mine.name}, which this training reads and would replace" in done.err) == (1, True)
    assert content(mine.parent) == before


def test_the_report_of_a_result_says_by_what_it_is_known_again(
    predict: Callable, patients: tuple[Path, Path], tmp_path: Path
) -> None:
    predict(patients[0])
    report = json.loads((tmp_path / "out" / "t1.json").read_text())
    assert set(report["hashes"]) == {"t1_seg.nii.gz"}
    assert len(report["scan"]["hash"]) == 32
