"""Tables of splits as people and spreadsheet programs write them: what they say is done, or they are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from study_folder import labels, scans

from napari_boundaryseg.data.datasets import read_dataset
from napari_boundaryseg.engine.evaluation.folds import for_training, for_tuning
from napari_boundaryseg.errors import InputError

BODY = "case,group,split\nc0,g0,train\nc1,g1,train\nc2,g2,val\nc3,g3,test\n"
SPLITS = {"c0": "train", "c1": "train", "c2": "val", "c3": "test"}
GROUPS = {"c0": "g0", "c1": "g1", "c2": "g2", "c3": "g3"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for place, make in (("images", scans), ("labels", labels)):
        make(tmp_path / place, *(f"{name}.nii.gz" for name in SPLITS))
    return tmp_path


def read(folder: Path, text: str, encoding: str = "utf-8") -> tuple[dict[str, str], dict[str, str]]:
    (folder / "t.csv").write_bytes(text.encode(encoding))
    cases = read_dataset(folder, folder / "t.csv")
    return {case.name: case.split for case in cases}, {case.name: case.group for case in cases}


READ = {
    "plain": BODY,
    "byte order mark": f"\ufeff{BODY}",
    "CRLF": BODY.replace("\n", "\r\n"),
    "CR only": BODY.replace("\n", "\r"),
    "semicolons": BODY.replace(",", ";"),
    "tabs": BODY.replace(",", "\t"),
    "blanks after commas": BODY.replace(",", ", "),
    "blanks before commas": BODY.replace(",", " ,"),
    "hard blanks": BODY.replace(",", "\u00a0,\u00a0"),
    "upper-case header": BODY.replace("case,group,split", "CASE,Group,Split"),
    "a blank after the last column": BODY.replace("split\n", "split \n"),
    "upper-case splits": BODY.replace("train", "Train").replace("val", "VAL").replace("test", "Test"),
    "longer words": BODY.replace("val", "validation").replace("train", "training").replace("test", "testing"),
    "file names": BODY.replace("c0,", "c0.nii.gz,").replace("c1,", "images/c1.nii.gz,"),
    "Windows paths": BODY.replace("c1,", "D:\\study\\images\\c1.nii.gz,"),
    "empty lines": f"\n{BODY}\n,,\n\n",
    "quotes": BODY.replace("c0,g0", '"c0","g0"').replace("case,", '"case",'),
    "no end of the last line": BODY.rstrip("\n"),
    "what Excel writes first": f"sep=;\n{BODY.replace(',', ';')}",
    "empty columns to the right": BODY.replace("\n", ",,\n"),
    "other columns and order": "Split;age;group;case\ntrain;60,5;g0;c0\ntrain;6;g1;c1\nval;6;g2;c2\ntest;6;g3;c3",
}


@pytest.mark.parametrize("name", READ)
def test_a_table_means_what_it_says_however_it_is_written(folder: Path, name: str) -> None:
    assert read(folder, READ[name]) == (SPLITS, GROUPS)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8"])
def test_a_table_of_a_spreadsheet_program_is_read_in_its_encoding(folder: Path, encoding: str) -> None:
    assert read(folder, f"\ufeff{BODY}" if encoding != "utf-16" else BODY, encoding) == (SPLITS, GROUPS)


@pytest.mark.parametrize("wrong", ["set", "subset", "fold", "Split_", "splits", "partition", "role"])
def test_a_split_column_of_another_name_is_never_ignored(folder: Path, wrong: str) -> None:
    with pytest.raises(InputError, match=r"^t\.csv: it has no column named split: its columns are 'case', 'group'"):
        read(folder, BODY.replace("split", wrong))


@pytest.mark.parametrize("wrong", ["patient", "subject", "groups", "Patient ID", "case_id"])
def test_a_group_column_of_another_name_is_never_ignored(folder: Path, wrong: str) -> None:
    with pytest.raises(InputError, match=r"^t\.csv: it has no column named group: .*" + wrong.lower()):
        read(folder, BODY.replace("group", wrong))


ROWS = BODY.partition("\n")[2]
REFUSED = {
    "two columns named split": ("case,group,split,Split\nc0,g0,train,test\n", "two columns named split"),
    "no column for cases": ("name,group,split\nc0,g0,train\n", "no column named case: its columns are 'name'"),
    "cases alone": ("case\nc0\nc1\nc2\nc3\n", "no column named group or split"),
    "no header": (ROWS, "no column named case: its columns are 'c0'"),
    "nothing": ("", "no column named case: it is empty"),
    "empty lines only": ("\n,,\n\n", "no column named case: it is empty"),
    "an unknown case": (f"{BODY}c9,g9,test\n", "it names c9, which the data lacks"),
    "another letter case": (BODY.replace("c3,", "C3,"), "it names C3, which the data lacks"),
    "an unknown word": (BODY.replace("val", "dev"), "c2 has the split 'dev'"),
    "a case twice": (f"{BODY}c0,g0,test\n", "c0 stands there twice"),
    "a case twice alike": (f"{BODY}c0,g0,train\n", "c0 stands there twice"),
    "a case and its file": (f"{BODY}c0.nii.gz,g0,train\n", "c0 stands there twice"),
    "a case left out": (BODY.replace("c3,g3,test\n", ""), "it leaves out c3"),
    "cases left out of groups": ("case,group\nc0,g0\nc1,g0\n", "it leaves out c2, c3"),
    "an empty split": (BODY.replace("g3,test", "g3,"), "it gives c3 no split"),
    "a split cut off": (BODY.replace("c3,g3,test", "c3"), "it gives c3 no split"),
    "a patient on both sides": (BODY.replace("c3,g3", "c3,g0"), "the group 'g0' is divided between 'train' and 'test'"),
    "a patient with a blank": (BODY.replace("c3,g3", "c3,g0 "), "the group 'g0' is divided"),
    "a patient in wide letters": (BODY.replace("c3,g3", "c3,\uff470"), "the group 'g0' is divided"),
    "a patient in two letter cases": (BODY.replace("c3,g3", "c3,G0 "), "groups 'g0' and 'G0' differ in nothing but"),
    "a comma too many": (BODY.replace("c3,g3,", "c3,g3,x,"), "the line of c3 has more cells than columns"),
    "a line without a case": (f"{BODY},g9,test\n", "it names a line without a case"),
    "a column without a name": (BODY.replace(",split", ","), "the line of c0 has more cells than columns"),
    "a quote that never ends": (BODY.replace("c3", '"c3'), "it cannot be read as a table"),
    "zeros": (BODY.replace("g0", "g\0"), "it cannot be read as a table"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_table_leaves_open_is_refused_with_what_was_found(folder: Path, name: str) -> None:
    text, reason = REFUSED[name]
    with pytest.raises(InputError, match=r"^t\.csv: .*" + reason):
        read(folder, text)


def test_another_encoding_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="Save it as CSV in UTF-8"):
        read(folder, BODY.replace("g0", "Jürgen"), "latin-1")


def test_groups_alone_and_splits_alone_are_enough(folder: Path) -> None:
    splits, groups = read(folder, "case,split\nc0,train\nc1,train\nc2,val\nc3,test\n")
    assert (splits, set(groups.values())) == (SPLITS, {""})
    splits, groups = read(folder, "case,group\nc0,g0\nc1,g1\nc2,g2\nc3,g3\n")
    assert (set(splits.values()), groups) == ({""}, GROUPS)


def test_an_accent_is_one_letter_however_it_is_stored(tmp_path: Path) -> None:
    scans(tmp_path / "images", "Ren\u00e9.nii.gz", "b.nii.gz")
    labels(tmp_path / "labels", "Rene\u0301.nii.gz", "b.nii.gz")
    (tmp_path / "t.csv").write_text("case,split\nRene\u0301,test\nb,train\n", "utf-8")
    found = {case.name: (case.split, case.label is not None) for case in read_dataset(tmp_path, tmp_path / "t.csv")}
    assert found == {"b": ("train", True), "Ren\u00e9": ("test", True)}


def test_a_case_without_labels_may_be_left_out(folder: Path) -> None:
    scans(folder / "images", "x.nii.gz")
    assert read(folder, BODY)[0] == {**SPLITS, "x": ""}


def test_the_folders_own_table_is_read_as_strictly(folder: Path) -> None:
    (folder / "splits.csv").write_text(BODY.replace("split", "set"))
    with pytest.raises(InputError, match=r"^splits\.csv: it has no column named split"):
        read_dataset(folder)


def test_no_case_of_val_and_test_trains(folder: Path) -> None:
    (folder / "splits.csv").write_text(BODY.replace(",", " ; ").replace("val", "VALIDATION"))
    cases = read_dataset(folder)
    assert [case.name for case in for_training(cases, None)[0]] == ["c0", "c1"]
    assert [[case.name for case in part] for part in for_tuning(cases)] == [["c0", "c1"], ["c2", "c3"]]
    assert [[case.name for case in part] for part in for_training(cases, None)[1:]] == [
        [case.name for case in cases if case.split == split] for split in ("val", "test")
    ]
