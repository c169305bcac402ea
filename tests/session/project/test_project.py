"""A project: nothing is ever lost, every file stays inside, and what goes wrong is one sentence."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from session_cases import box_labels, box_scan

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.model_library import read_card
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Cancelled
from napari_boundaryseg.session.project import project as module
from napari_boundaryseg.session.project.cases import slug_of
from napari_boundaryseg.session.project.project import Project

OBLIQUE = np.array([[-0.9, 0.1, 0.3, 12.5], [0.2, 1.1, -0.2, -40.25], [0.1, 0.3, -2.0, 7.0], [0, 0, 0, 1]])


def everything_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def corrected(labels: LabelMap) -> LabelMap:
    array = labels.array.copy()
    array[0, 0, 0] = 2
    return replace(labels, array=array)


@pytest.mark.parametrize("affine", [np.eye(4), np.diag([-1, 1, 3, 1.0]), OBLIQUE])
def test_an_accepted_case_reads_back_equal(project: Project, affine: np.ndarray) -> None:
    scan = box_scan(affine=affine)
    case = project.add_case(scan, box_labels(scan))
    stored = formats.read(case.image)
    np.testing.assert_array_equal(stored.array, scan.array)
    assert stored.geometry.same_as(scan.geometry)
    labels = formats.read_labels(case.label)
    np.testing.assert_array_equal(labels.array, box_labels(scan).array)
    assert labels.geometry.same_as(scan.geometry)
    assert (case.name, case.version, case.scheme) == ("case1", 1, "hippocampus")
    assert project.cases() == [case]


def test_several_channels_are_stored_as_one_case(project: Project, scan: Volume) -> None:
    two = Volume(np.stack([scan.array[0], -scan.array[0]]), scan.geometry, ("t1", "t2"), "two")
    case = project.add_case(two, box_labels(scan))
    np.testing.assert_array_equal(formats.read(case.image).array, two.array)
    assert project.add_case(two, box_labels(scan)).version == 2


def test_accepting_again_raises_the_version_and_keeps_the_older_labels(
    project: Project, scan: Volume, labels: LabelMap
) -> None:
    first = project.add_case(scan, labels)
    old = first.label.read_bytes()
    second = project.add_case(scan, corrected(labels))
    assert (first.version, second.version) == (1, 2)
    assert first.label.read_bytes() == old
    np.testing.assert_array_equal(formats.read_labels(second.label).array, corrected(labels).array)
    assert [case.version for case in project.cases()] == [2]


def test_empty_labels_are_refused(project: Project, scan: Volume, labels: LabelMap) -> None:
    before = everything_in(project.folder)
    with pytest.raises(InputError, match="case1: the labels are empty"):
        project.add_case(scan, replace(labels, array=np.zeros_like(labels.array)))
    assert project.cases() == []
    assert everything_in(project.folder) == before


def test_an_integer_that_no_organ_has_is_refused(project: Project, scan: Volume, labels: LabelMap) -> None:
    array = labels.array.copy()
    array[0, 0, 0] = 7
    with pytest.raises(InputError, match=r"case1: the labels hold \[7\], which no organ of 'hippocampus' has. Paint"):
        project.add_case(scan, replace(labels, array=array))
    assert project.cases() == []


def test_the_meaning_of_each_version_is_kept(project: Project, scan: Volume, labels: LabelMap) -> None:
    box = (slice(0, 12), slice(1, 14), slice(2, 16))
    first = project.add_case(scan, labels, box)
    second = project.add_case(scan, labels.with_scheme(preset("pelvis-mr")))
    assert project.meaning_of(first) == {
        "scheme": preset("hippocampus").model_dump(mode="json"),
        "box": [[0, 12], [1, 14], [2, 16]],
        "looked": None,
    }
    whole = {"box": None, "looked": None}
    assert project.meaning_of(second) == {"scheme": preset("pelvis-mr").model_dump(mode="json"), **whole}


@pytest.mark.parametrize("stop_at", ["Checking", "Storing case1", "Storing the labels"])
def test_a_cancelled_case_leaves_nothing(project: Project, scan: Volume, labels: LabelMap, stop_at: str) -> None:
    def progress(fraction: float, text: str = "") -> None:
        if text.startswith(stop_at):
            raise Cancelled

    before = everything_in(project.folder)
    with pytest.raises(Cancelled):
        project.add_case(scan, labels, progress=progress)
    assert project.cases() == []
    assert everything_in(project.folder) == before


def test_cancel_is_never_asked_between_the_labels_and_their_listing(
    project: Project, scan: Volume, labels: LabelMap
) -> None:
    asked: list[bool] = []
    project.add_case(scan, labels, progress=lambda *_: asked.append(bool(list(project.folder.rglob("labels-*")))))
    assert asked == [False] * len(asked)
    assert len(asked) > 2


@pytest.mark.parametrize("affine", [np.diag([1, 1, 1.1, 1.0]), np.diag([-1, 1, 1, 1.0])])
def test_labels_of_another_grid_are_refused(project: Project, scan: Volume, affine: np.ndarray) -> None:
    before = everything_in(project.folder)
    with pytest.raises(InputError, match="the labels do not lie on this scan"):
        project.add_case(scan, box_labels(box_scan(affine=affine)))
    assert project.cases() == []
    assert everything_in(project.folder) == before


OTHER_SCANS = {
    "another grid": lambda: box_scan(affine=np.diag([1, 1, 2, 1.0])),
    "another shape": lambda: box_scan(shape=(16, 16, 18)),
    "another patient": lambda: box_scan(seed=9),
}


@pytest.mark.parametrize("other", OTHER_SCANS.values(), ids=OTHER_SCANS)
def test_labels_are_never_put_on_another_scan_of_the_same_name(
    project: Project, scan: Volume, labels: LabelMap, other: Callable[[], Volume]
) -> None:
    first = project.add_case(scan, labels)
    files = {path: path.read_bytes() for path in first.image.parent.iterdir()}
    second = project.add_case(other(), box_labels(other()))
    assert (second.name, second.version) == ("case1 (2)", 1), "a case of its own"
    assert project.add_case(other(), box_labels(other())).name == "case1 (2)", "also the next time"
    assert project.add_case(scan, labels).name == "case1"
    assert [(case.name, case.version) for case in project.cases()] == [("case1", 2), ("case1 (2)", 2)]
    for case, wanted in zip(project.cases(), (scan, other())):
        np.testing.assert_array_equal(formats.read(case.image).array, wanted.array)
        assert formats.read_labels(case.label).geometry.same_as(wanted.geometry)
    changed = {path.name for path in files if path.read_bytes() != files[path]}
    assert changed == {"case.json"}


def test_a_scan_with_voxels_that_are_no_numbers_can_be_accepted_again(project: Project, scan: Volume) -> None:
    array = scan.array.copy()
    array[0, 0, 0, :3] = np.nan, np.inf, -np.inf
    scan = replace(scan, array=array)
    project.add_case(scan, box_labels(scan))
    assert project.add_case(scan, box_labels(scan)).version == 2


HOSTILE = [
    "../../x",
    "/etc/passwd",
    "..",
    ".",
    "",
    "CON",
    "con",
    "NUL.txt",
    "ä b/c",
    "a b/c",
    "x" * 300,
    "x" * 301,
    "a\0b",
    "a\nb",
    "Case",
    "case",
    "case!",
    "case.",
    "case ",
    "; DROP TABLE cases; --",
    "病例",
    "%s {0}",
    "project.sqlite",
    "\\\\server\\share",
    "C:\\x",
    "🙂",
    "'\"",
]


def test_hostile_names_stay_inside_the_folder_and_distinct(tmp_path: Path, project: Project) -> None:
    outside = everything_in(tmp_path) - {f"study/{name}" for name in everything_in(project.folder)}
    for seed, name in enumerate(HOSTILE):
        scan = box_scan(name, seed, shape=(13, 13, 12))
        assert project.add_case(scan, box_labels(scan)).name == name
    cases = project.cases()
    assert sorted(case.name for case in cases) == sorted(HOSTILE)
    for case in cases:
        assert case.image.resolve().parent.parent == (project.folder / "cases").resolve()
        assert case.image.parent == case.label.parent
        wanted = box_scan(case.name, HOSTILE.index(case.name), shape=(13, 13, 12))
        np.testing.assert_array_equal(formats.read(case.image).array, wanted.array)
    assert {name for name in everything_in(tmp_path) if not name.startswith("study/")} == outside


def test_folder_names_are_safe_on_every_system() -> None:
    slugs = [slug_of(name) for name in HOSTILE]
    assert len({slug.lower() for slug in slugs}) == len(HOSTILE), "also where letter case does not count"
    for slug in slugs:
        assert len(slug) <= 64
        assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert "-" in slug[1:], "never a bare reserved name such as con"


def test_a_name_that_is_no_text_is_refused_in_one_sentence(project: Project) -> None:
    scan = box_scan(os.fsdecode(b"caf\xe9"))
    with pytest.raises(InputError, match="Rename") as caught:
        project.add_case(scan, box_labels(scan))
    assert str(caught.value).encode("utf-8")
    assert project.cases() == []


def test_a_removed_case_keeps_its_files(project: Project, scan: Volume, labels: LabelMap) -> None:
    case = project.add_case(scan, labels)
    image, label = case.image.read_bytes(), case.label.read_bytes()
    project.remove_case("case1")
    assert project.cases() == []
    (kept,) = (project.folder / "removed").iterdir()
    assert (kept / "scan.nii.gz").read_bytes() == image
    assert (kept / "labels-v1.nii.gz").read_bytes() == label
    with pytest.raises(InputError, match="the project has no such case"):
        project.remove_case("case1")


def test_a_case_removed_and_accepted_again_and_removed_again(project: Project, labels: LabelMap) -> None:
    for seed in (1, 2):
        scan = box_scan(seed=seed)
        assert project.add_case(scan, labels).version == 1
        project.remove_case(scan.name)
    assert len(list((project.folder / "removed").iterdir())) == 2


def test_a_case_whose_files_are_gone_can_be_taken_off_the_list(
    project: Project, scan: Volume, labels: LabelMap
) -> None:
    shutil.rmtree(project.add_case(scan, labels).image.parent)
    project.remove_case("case1")
    assert project.cases() == []
    assert project.add_case(scan, labels).image.is_file()


def test_a_case_that_cannot_be_moved_stays_on_the_list(project: Project, scan: Volume, labels: LabelMap) -> None:
    project.add_case(scan, labels)
    (project.folder / "removed").write_text("a file is in the way")
    with pytest.raises(InputError) as caught:
        project.remove_case("case1")
    assert str(project.folder) not in str(caught.value)
    (case,) = project.cases()
    assert case.image.is_file()


def test_models_get_versions_and_none_is_ever_replaced(project: Project, tiny_model: Path) -> None:
    versions = [project.add_model(tiny_model, {"verdict": "better", "n": n}) for n in range(3)]
    assert [version.path.name for version in versions] == [f"tiny-v{n}.safetensors" for n in (2, 3, 4)]
    assert all(version.path.read_bytes() == tiny_model.read_bytes() for version in versions)
    listed = project.models()
    assert [model.version for model in listed] == [2, 3, 4]
    assert [model.active for model in listed] == [False, False, True]
    assert [model.comparison for model in listed] == [{"verdict": "better", "n": n} for n in range(3)]
    assert read_card(listed[0].path)[0].name == "tiny"


def test_a_model_that_nothing_lists_is_not_replaced_either(project: Project, tiny_model: Path) -> None:
    stray = project.models_folder / "tiny-v2.safetensors"
    stray.write_bytes(b"from before the list was lost")
    assert project.add_model(tiny_model).path.name == "tiny-v3.safetensors"
    assert stray.read_bytes() == b"from before the list was lost"


def test_labels_that_nothing_lists_are_not_replaced_either(project: Project, scan: Volume, labels: LabelMap) -> None:
    first = project.add_case(scan, labels)
    stray = first.label.with_name("labels-v2.nii.gz")
    stray.write_bytes(b"of another window, which has not listed it yet")
    again = project.add_case(scan, corrected(labels))
    assert stray.read_bytes() == b"of another window, which has not listed it yet"
    np.testing.assert_array_equal(formats.read_labels(again.label).array, corrected(labels).array)


def test_a_model_can_be_added_without_being_used(project: Project, tiny_model: Path) -> None:
    used = project.add_model(tiny_model)
    added = project.add_model(tiny_model, use=False)
    assert (added.version, added.active) == (3, False)
    assert project.active_model("tiny") == used.path


def test_rolling_back_goes_step_by_step_to_the_shipped_model(project: Project, tiny_model: Path) -> None:
    two, three, _ = (project.add_model(tiny_model).path for _ in range(3))
    assert [project.roll_back("tiny") for _ in range(4)] == [three, two, None, None]
    assert project.active_model("tiny") is None
    assert len(project.models()) == 3
    project.use_model("tiny", three.name)
    assert project.active_model("tiny") == three


def test_rolling_back_goes_to_what_was_in_use_and_not_to_the_number_below(project: Project, tiny_model: Path) -> None:
    good = project.add_model(tiny_model).path
    worse = project.add_model(tiny_model, {"verdict": "worse"}, use=False).path
    better = project.add_model(tiny_model).path
    assert project.roll_back("tiny") == good
    project.use_model("tiny", better.name)
    project.use_model("tiny", better.name)  # again the same: nothing to go back to
    project.use_model("tiny", None)
    project.use_model("tiny", worse.name)
    assert [Project(project.folder).roll_back("tiny") for _ in range(4)] == [None, better, good, None]


def test_trainings_have_folders_of_their_own(project: Project) -> None:
    folders = [project.training_folder() for _ in range(2)]
    assert [folder.relative_to(project.folder).as_posix() for folder in folders] == [
        "models/training-1",
        "models/training-2",
    ]
    shutil.rmtree(project.models_folder)
    with pytest.raises(InputError, match="models: could not be written"):
        project.training_folder()


def test_models_of_different_names_do_not_touch_each_other(
    project: Project, tiny_model: Path, make_model: Callable[..., Path]
) -> None:
    tiny = project.add_model(tiny_model)
    other = project.add_model(make_model("other"))
    assert (tiny.version, other.version) == (2, 2)
    assert project.roll_back("other") is None
    assert project.active_model("tiny") == tiny.path


@pytest.mark.parametrize(
    "base, file",
    [
        ("tiny", "tiny-v9.safetensors"),
        ("other", "tiny-v2.safetensors"),
        ("tiny", "../../tiny-v2.safetensors"),
        ("tiny", ""),
    ],
)
def test_an_unknown_version_is_refused(project: Project, tiny_model: Path, base: str, file: str) -> None:
    used = project.add_model(tiny_model).path
    with pytest.raises(InputError, match="the project has no such version"):
        project.use_model(base, file)
    assert project.active_model("tiny") == used


def test_a_file_that_is_no_model_is_not_added(project: Project, tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"nothing")
    for name in ("a.safetensors", "missing.safetensors"):
        with pytest.raises(InputError, match=name):
            project.add_model(tmp_path / name)
    assert project.models() == []
    assert list(project.models_folder.iterdir()) == []


def test_two_windows_on_one_folder_see_each_others_changes(
    project: Project, scan: Volume, labels: LabelMap, tiny_model: Path
) -> None:
    other = Project(project.folder)
    project.add_case(scan, labels)
    assert [case.name for case in other.cases()] == ["case1"]
    assert other.add_case(scan, labels).version == 2
    assert [case.version for case in project.cases()] == [2]
    assert project.add_model(tiny_model).version == 2
    assert other.add_model(tiny_model).version == 3
    assert project.active_model("tiny") == other.active_model("tiny") == other.models()[-1].path
    other.remove_case("case1")
    assert project.cases() == []


CALLS: dict[str, Callable[[Project, Volume, Path], object]] = {
    "cases": lambda project, scan, model: project.cases(),
    "add_case": lambda project, scan, model: project.add_case(scan, box_labels(scan)),
    "add_new_case": lambda project, scan, model: project.add_case(replace(scan, name="new"), box_labels(scan)),
    "remove_case": lambda project, scan, model: project.remove_case("case1"),
    "models": lambda project, scan, model: project.models(),
    "add_model": lambda project, scan, model: project.add_model(model),
    "use_model": lambda project, scan, model: project.use_model("tiny", "tiny-v2.safetensors"),
    "use_shipped_model": lambda project, scan, model: project.use_model("tiny", None),
    "roll_back": lambda project, scan, model: project.roll_back("tiny"),
    "active_model": lambda project, scan, model: project.active_model("tiny"),
    "open": lambda project, scan, model: Project(project.folder),
}


def vanished(folder: Path) -> None:
    shutil.rmtree(folder)


def random_bytes(folder: Path) -> None:
    (folder / "project.sqlite").write_bytes(np.random.default_rng(0).bytes(8192))


def cut_off(folder: Path) -> None:
    (folder / "project.sqlite").write_bytes((folder / "project.sqlite").read_bytes()[:4096])


def a_folder(folder: Path) -> None:
    (folder / "project.sqlite").unlink()
    (folder / "project.sqlite").mkdir()


def lost_list(folder: Path) -> None:
    (folder / "project.sqlite").unlink()


def read_only(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o500 if path.is_dir() else 0o400)


def a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_bytes(b"in the way")


def writable(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o700)


FAULTS = [vanished, random_bytes, cut_off, a_folder, lost_list, read_only, a_file]
UNHARMED = {
    (vanished, "open"),
    (lost_list, "open"),  # what is missing is made
    *((read_only, call) for call in ("cases", "models", "active_model", "open")),
}  # reading needs no more


@pytest.mark.parametrize(
    "fault, call", [(fault, call) for fault in FAULTS for call in CALLS if (fault, call) not in UNHARMED]
)
def test_a_damaged_project_is_one_sentence(
    project: Project, scan: Volume, tiny_model: Path, call: str, fault: Callable[[Path], None]
) -> None:
    project.add_case(scan, box_labels(scan))
    project.add_model(tiny_model)
    fault(project.folder)
    if fault is read_only and os.access(project.folder, os.W_OK):
        writable(project.folder)
        pytest.skip("root may write everywhere")
    try:
        with pytest.raises(InputError) as caught:
            CALLS[call](project, scan, tiny_model)
    finally:
        if fault is read_only:
            writable(project.folder)
    assert "\n" not in str(caught.value)
    assert str(project.folder.parent) not in str(caught.value)


def test_the_folder_of_a_vanished_project_is_not_made_by_accepting(
    project: Project, scan: Volume, labels: LabelMap
) -> None:
    shutil.rmtree(project.folder)
    with pytest.raises(InputError):
        project.add_case(scan, labels)
    assert not project.folder.exists()


def break_database(monkeypatch: pytest.MonkeyPatch, statement: str) -> None:
    """Let the database fail at one kind of statement, as a disk does that fills up."""
    real = sqlite3.connect

    class Failing:
        def __init__(self, *arguments: object, **keywords: object) -> None:
            self._real = real(*arguments, **keywords)  # type: ignore[call-overload]

        def execute(self, text: str, *arguments: object) -> object:
            if text.startswith(statement):
                raise sqlite3.OperationalError("database or disk is full")
            return self._real.execute(text, *arguments)

        def __getattr__(self, name: str) -> object:
            return getattr(self._real, name)

        def __enter__(self) -> object:
            return self._real.__enter__()

        def __exit__(self, *error: object) -> object:
            return self._real.__exit__(*error)  # type: ignore[arg-type]

    monkeypatch.setattr(sqlite3, "connect", Failing)


def test_a_crash_before_the_list_is_written_leaves_the_old_labels_in_force(
    project: Project, scan: Volume, labels: LabelMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = project.add_case(scan, labels)
    with monkeypatch.context() as patch:
        break_database(patch, "INSERT")
        with pytest.raises(InputError, match="database or disk is full"):
            project.add_case(scan, corrected(labels))
    assert Project(project.folder).cases() == [first]
    np.testing.assert_array_equal(formats.read_labels(first.label).array, labels.array)
    again = project.add_case(scan, corrected(labels))
    assert again.version > 1
    np.testing.assert_array_equal(formats.read_labels(again.label).array, corrected(labels).array)


def test_a_crash_at_the_first_labels_leaves_no_case(
    project: Project, scan: Volume, labels: LabelMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        break_database(patch, "INSERT")
        with pytest.raises(InputError):
            project.add_case(scan, labels)
    assert project.cases() == []
    np.testing.assert_array_equal(formats.read_labels(project.add_case(scan, labels).label).array, labels.array)


def test_a_crash_while_a_model_is_added_leaves_the_old_one_in_use(
    project: Project, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = project.add_model(tiny_model)
    with monkeypatch.context() as patch:
        break_database(patch, "INSERT INTO models")
        with pytest.raises(InputError):
            project.add_model(tiny_model)
    assert project.models() == [used]
    assert project.add_model(tiny_model).version > 2


def test_a_model_is_listed_and_in_use_in_one_step(
    project: Project, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = project.add_model(tiny_model)
    with monkeypatch.context() as patch:
        break_database(patch, "INSERT INTO active")
        with pytest.raises(InputError):
            project.add_model(tiny_model)
    assert project.models() == [used], "not listed without being used"


def test_a_page_that_a_crash_left_is_not_shown_as_that_of_another_model(
    project: Project, tiny_model: Path, tmp_path: Path
) -> None:
    stray, page = project.models_folder / "tiny-v2.html", tmp_path / "comparison.html"
    stray.write_text("of a model that was never listed")
    page.write_text("its own")
    added = project.add_model(tiny_model, page=page)
    assert added.page.read_text() == "its own"
    assert stray.read_text() == "of a model that was never listed"


def test_the_list_is_not_touched_when_the_labels_cannot_be_written(
    project: Project, scan: Volume, labels: LabelMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = project.add_case(scan, labels)

    def full(*_: object) -> None:
        raise InputError("labels-v2.nii.gz", "could not be written: No space left on device", "Free some space")

    monkeypatch.setattr(formats, "write", full)
    with pytest.raises(InputError, match="No space left"):
        project.add_case(scan, corrected(labels))
    assert project.cases() == [first]


def test_no_file_of_the_list_leads_outside(project: Project, scan: Volume, labels: LabelMap) -> None:
    project.add_case(scan, labels)
    with sqlite3.connect(project.folder / "project.sqlite") as database:
        database.execute("UPDATE cases SET slug = '../../../etc'")
    database.close()
    with pytest.raises(InputError, match="it lies outside the project"):
        project.cases()


def test_the_default_project_is_the_one_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOUNDARYSEG_PROJECT", str(tmp_path / "chosen"))
    assert Project.default().folder == tmp_path / "chosen"
    monkeypatch.delenv("BOUNDARYSEG_PROJECT")
    monkeypatch.setattr(module, "user_data_path", lambda name: tmp_path / name)
    assert Project.default().folder == tmp_path / "napari-boundaryseg" / "project"


def test_the_scan_of_the_labels_is_the_one_that_was_accepted_first(
    project: Project, scan: Volume, labels: LabelMap
) -> None:
    moved = Geometry(scan.geometry.shape, scan.affine + np.pad([[1e-4]], ((0, 3), (3, 0))))
    project.add_case(scan, labels)
    again = replace(scan, geometry=moved)
    assert project.add_case(again, replace(labels, geometry=moved)).version == 2, "the same grid, but for rounding"
