"""A file format is one new file: read, written, recognised by its first bytes, and asked by the window."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from patience import PATIENCE_S

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.formats.format import FORMATS, Format
from napari_boundaryseg.errors import InputError

SLAB = '''
"""Slabs: a line with the size, then bytes; known by their first word, whatever they are called."""

import numpy as np

from napari_boundaryseg.data.formats.format import FORMATS, Format, case_name
from napari_boundaryseg.data.volume import Geometry, Volume


def read(path, progress):
    line, _, voxels = path.read_bytes().partition(b"\\n")
    shape = tuple(int(word) for word in line.split()[1:])
    array = np.frombuffer(voxels, np.uint8).reshape(shape)
    return Volume(array[None], Geometry(shape, np.diag([1.0, 1.0, 3.0, 1.0])), name=case_name(path))


FORMATS.register("slab")(Format((".slab",), read, recognises=lambda path, head: head.startswith(b"SLAB ")))
'''

READ = """
import sys
import napari_boundaryseg as bs
from napari_boundaryseg.data import formats
for path in sys.argv[1:]:
    scan = bs.read(path)
    print(formats.can_read(path), scan.name, *scan.array.shape, *scan.spacing_mm, scan.array.sum())
"""


@pytest.fixture
def tree(root: Path, tmp_path: Path) -> Path:
    """A copy of the package with one file more."""
    left_out = shutil.ignore_patterns("*.safetensors", "__pycache__", "ui", "weights")
    shutil.copytree(root / "napari_boundaryseg", tmp_path / "tree" / "napari_boundaryseg", ignore=left_out)
    (tmp_path / "tree" / "napari_boundaryseg" / "data" / "formats" / "slab.py").write_text(SLAB)
    return tmp_path / "tree"


def test_one_new_file_is_a_format_also_without_a_suffix(tree: Path, tmp_path: Path) -> None:
    for name in ("one.slab", "two"):
        (tmp_path / name).write_bytes(b"SLAB 2 3 4\n" + bytes(range(24)))
    done = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path / "one.slab"), str(tmp_path / "two")],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"True {name} 1 2 3 4 1.0 1.0 3.0 276" for name in ("one", "two")]


@pytest.mark.parametrize(
    ("name", "content", "known"),
    [
        ("a.nii", None, True),
        ("A.NII.GZ", None, True),
        ("gone.dcm", None, True),
        ("gone", None, False),
        ("letter.pdf", b"%PDF", False),
        ("notes", b"text\n", False),
        ("empty", b"", False),
        ("slice", bytes(128) + b"DICM" + bytes(600), True),
        ("old slice", b"\x08\x00\x05\x00" + bytes(600), True),
        ("scan", bytes(344) + b"n+1\0" + bytes(600), True),
        ("a\0b", None, False),
        ("x" * 5000, None, False),
    ],
)
def test_what_can_be_read_is_known_by_name_or_first_bytes(
    tmp_path: Path, name: str, content: bytes | None, known: bool
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert formats.can_read(tmp_path / name) is known


def test_a_folder_can_be_read_and_a_pipe_never_hangs(tmp_path: Path) -> None:
    assert formats.can_read(str(tmp_path))
    os.mkfifo(tmp_path / "pipe")
    assert not formats.can_read(tmp_path / "pipe")


def test_a_dcm_file_that_is_no_dicom_is_named_so(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(b"text\n")
    with pytest.raises(InputError, match=r"^a\.dcm: it is cut short or damaged"):
        formats.read(tmp_path / "a.dcm")


def test_a_format_that_fails_to_recognise_harms_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(path: Path, head: bytes) -> bool:
        raise RuntimeError("a mistake")

    def read(path: Path, progress: object) -> None:
        raise AssertionError

    FORMATS.names()
    monkeypatch.setitem(FORMATS._entries, "a-faulty-one", Format((".faulty",), read, recognises=fail))
    (tmp_path / "scan").write_bytes(bytes(344) + b"n+1\0" + bytes(600))
    assert formats.can_read(tmp_path / "scan")
    assert formats.format_of(tmp_path / "scan") is FORMATS["nifti"]
    assert "'a-faulty-one' cannot say" in caplog.text


def test_can_read_reads_only_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as stream:
        stream.write(np.zeros(344, np.uint8).tobytes() + b"n+1\0")
        stream.truncate(1 << 40)  # a sparse file of a terabyte
    assert formats.can_read(path)
