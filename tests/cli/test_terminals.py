"""Terminals of few letters and languages with a decimal comma: nothing ends the program, and files are the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_study import boxes, save
from patience import PATIENCE_S

RUN = """
import locale, sys
locale.setlocale(locale.LC_ALL, "")  # as Qt does when a window is opened
print(locale.localeconv()["decimal_point"], file=sys.stderr)
from napari_boundaryseg.cli import main
main()
"""
WRITE = """
import locale, sys
from pathlib import Path
locale.setlocale(locale.LC_ALL, "")
import numpy as np
from napari_boundaryseg.data import formats
from napari_boundaryseg.session.export import export_files
scan = formats.read(sys.argv[1])
array = (scan.array[0] > scan.array[0].mean()).astype(np.uint8)
export_files(scan, scan.with_labels(array), None, {"labels", "mesh"}, Path(sys.argv[2]))
"""


def child(code: str, *words: object, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Another process, in whose environment nothing says UTF-8."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHONUTF8"))}
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
        env={**plain, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C", **env},
    )


@pytest.fixture(params=["nähe"])
def maps(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, Path]:
    """Two cases, so that there is an SD, one of a name that ASCII cannot say; it lacks an organ."""
    missing = boxes(1)
    missing[missing == 2] = 0
    for case, labels in ((request.param, missing), ("b", boxes(2))):
        save(tmp_path / "p" / f"{case}.nii.gz", labels)
        save(tmp_path / "r" / f"{case}.nii.gz", boxes(1))
    return tmp_path / "p", tmp_path / "r"


def scored(maps: tuple[Path, Path], folder: Path, **env: str) -> tuple[dict[str, bytes], str]:
    folder.mkdir()
    done = child(RUN, "evaluate", *maps, "--csv", folder / "s.csv", "--json", folder / "s.json", **env)
    assert done.returncode == 0, done.stderr
    written = {path.name: path.read_bytes() for path in folder.iterdir()}
    return written, done.stdout.decode(env["PYTHONIOENCODING"].partition(":")[0], "replace")


@pytest.mark.parametrize("encoding", ["ascii", "ascii:strict", "iso-8859-1", "cp1252", "utf-8"])
def test_a_terminal_of_few_letters_does_not_end_the_program(
    maps: tuple[Path, Path], tmp_path: Path, encoding: str
) -> None:
    wanted, _ = scored(maps, tmp_path / "utf-8", PYTHONIOENCODING="utf-8")
    found, said = scored(maps, tmp_path / "other", PYTHONIOENCODING=encoding)
    assert found == wanted
    assert "Label 2 in n" in said, "the sentence after the table is printed too"


def test_an_error_about_a_name_that_cannot_be_shown_is_still_one_line(tmp_path: Path) -> None:
    done = child(RUN, "convert", tmp_path / "fehlt-größe-脳.nii.gz", tmp_path / "x.nii.gz", PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(b"error: fehlt-gr\\")


@pytest.fixture(scope="session")
def comma(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a German system, made here: few test machines have it installed."""
    place = tmp_path_factory.mktemp("locales")
    made = shutil.which("localedef") and subprocess.run(
        ["localedef", "-i", "de_DE", "-f", "ISO-8859-1", str(place / "de_DE.ISO-8859-1")],
        capture_output=True,
        check=False,
    )
    if not made or not (place / "de_DE.ISO-8859-1").is_dir():
        pytest.skip("no locale with a decimal comma can be made on this system")
    return {"LOCPATH": str(place), "LC_ALL": "de_DE.ISO-8859-1"}


@pytest.mark.parametrize("maps", ["near"], indirect=True)
def test_tables_are_the_same_where_decimals_have_a_comma(
    maps: tuple[Path, Path], tmp_path: Path, comma: dict[str, str]
) -> None:
    done = child(RUN, "--version", **comma)
    assert done.stderr.split() == [b","], "the locale is in force"
    wanted, _ = scored(maps, tmp_path / "c", PYTHONIOENCODING="utf-8")
    found, _ = scored(maps, tmp_path / "comma", PYTHONIOENCODING="utf-8", **comma)
    assert found == wanted


def test_label_maps_and_surfaces_are_the_same_where_decimals_have_a_comma(
    tmp_path: Path, comma: dict[str, str]
) -> None:
    rng = np.random.default_rng(0)
    scan = save(tmp_path / "scan.nii.gz", (boxes(1) * 50 + rng.normal(0, 5, boxes(1).shape)).astype(np.float32))
    written = []
    for name, env in (("c", {}), ("comma", comma)):
        done = child(WRITE, scan, tmp_path / name, **env)
        assert done.returncode == 0, done.stderr
        written.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert len(written[0]) == 2
    assert written[0] == written[1]


def test_a_case_whose_name_the_system_cannot_read_is_exported_and_exported_again(tmp_path: Path) -> None:
    scan = save(tmp_path / "nähe.nii.gz", (boxes(1) * 50.0 + np.arange(boxes(1).size).reshape(boxes(1).shape)))
    code = WRITE.replace('"mesh"}', '"mesh", "report"}')
    for _ in range(2):
        done = child(code, scan, tmp_path / "out")
        assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out" / "nähe.json").read_text("utf-8"))
    assert (report["case"], report["files"][0]) == ("nähe", "nähe_seg.nii.gz")
