"""An error always says what it is about, and never more of a path than its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_boundaryseg.data.formats import read
from napari_boundaryseg.errors import InputError


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        (Path("/home/someone/a.nii"), "a.nii"),
        (Path("/home/someone/series/"), "series"),
        (Path("/"), str(Path("/"))),
        ("fold 7", "fold 7"),
        ("", "input"),
    ],
)
def test_the_subject_has_a_name(subject: str | Path, shown: str) -> None:
    error = InputError(subject, "it is wrong", "Correct it")
    assert (error.subject, str(error)) == (shown, f"{shown}: it is wrong. Correct it.")


def test_the_current_folder_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert InputError(Path(), "it is wrong", "Correct it").subject == tmp_path.name


@pytest.mark.parametrize("sources", [(), ("",), ("a.nii", "")])
def test_no_file_is_not_the_current_folder(sources: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="scan: no file was given"):
        read(*sources)
