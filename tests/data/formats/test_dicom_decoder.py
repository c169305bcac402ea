"""Compressed slices are decoded in a process of their own, whose end is a sentence and not the window's end."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
from patience import until

pydicom = pytest.importorskip("pydicom")
from dicom_files import Edit, series, voxels  # noqa: E402
from pydicom import uid  # noqa: E402
from pydicom.encaps import encapsulate  # noqa: E402

from napari_boundaryseg.data.formats import read  # noqa: E402
from napari_boundaryseg.data.formats.dicom import decode_process, decoder  # noqa: E402
from napari_boundaryseg.errors import InputError  # noqa: E402
from napari_boundaryseg.progress import Cancelled  # noqa: E402

COUNT = 5
ECHO = """
import json, sys
for line in sys.stdin.buffer:
    request = json.loads(line)
    {body}
    sys.stdout.buffer.flush()
"""
SAY = "sys.stdout.buffer.write(json.dumps({}).encode() + b'\\n')"


def compressed(transfer_syntax: str) -> Edit:
    return lambda ds, n: ds.compress(transfer_syntax, generate_instance_uid=False)


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    return series(tmp_path / "case", COUNT, compressed(uid.RLELossless))


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Another program in the place of the decoder."""

    def put(body: str) -> None:
        monkeypatch.setattr(decoder, "command", lambda: [sys.executable, "-c", ECHO.format(body=body)])

    return put


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


@pytest.mark.parametrize("transfer_syntax", [uid.RLELossless, uid.JPEGLSLossless])
def test_one_process_decodes_a_series_and_none_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transfer_syntax: str
) -> None:
    started: list[int] = []
    whole = decoder.subprocess.Popen.__init__
    monkeypatch.setattr(
        decoder.subprocess.Popen,
        "__init__",
        lambda self, *arguments, **more: (whole(self, *arguments, **more), started.append(self.pid))[0],
    )
    scan = read(series(tmp_path / "case", COUNT, compressed(transfer_syntax)))
    assert np.array_equal(scan.array[0], voxels(COUNT).transpose(2, 1, 0))
    assert len(started) == 1
    assert not set(started) & children()


def test_no_codec_runs_in_this_process(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **more: object) -> None:
        raise AssertionError

    monkeypatch.setattr(pydicom.pixels.decoders.RLELosslessDecoder.__class__, "as_array", fail)
    monkeypatch.setattr(pydicom.dataset.Dataset, "pixel_array", property(fail))
    assert np.array_equal(read(packed).array[0], voxels(COUNT).transpose(2, 1, 0))


def test_plain_pixels_need_no_process(tmp_path: Path, stand_in: Callable[[str], None]) -> None:
    stand_in("raise SystemExit(3)")
    assert read(series(tmp_path / "case", COUNT)).array.shape[3] == COUNT


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (11, "SIGSEGV"), (6, "SIGABRT")])
def test_a_decoder_that_dies_is_a_sentence_with_the_slice(
    packed: Path, stand_in: Callable[[str], None], number: int, name: str
) -> None:
    stand_in(f"import os; os.kill(os.getpid(), {number})")
    before = children()
    with pytest.raises(InputError) as caught:
        read(packed)
    assert str(caught.value) == (
        f"IM0000: its compressed pixels cannot be decoded (the decoder was ended by signal {number}). "
        "Export the series again, uncompressed."
    )
    assert children() <= before


ANSWERS = {
    "nothing": ("raise SystemExit(3)", "the decoder ended with code 3"),
    "words": ("sys.stdout.buffer.write(b'Segmentation fault\\n')", "another size than the header says"),
    "a list": (SAY.format("[1]"), "another size than the header says"),
    "no end of line": ("sys.stdout.buffer.write(b'x' * 5000)", "another size than the header says"),
    "another size": (SAY.format("{'shape': [4, 4], 'type': '<i2'}"), "another size than the header says"),
    "objects": (SAY.format("{'shape': [6, 5], 'type': '|O'}"), "an answer that is not understood"),
    "half": (SAY.format("{'shape': [6, 5], 'type': '<i2'}") + "; sys.stdout.buffer.write(bytes(9)); raise SystemExit",
             "the decoder ended with code 0"),
    "an error": (SAY.format("{'error': 'MemoryError'}"), "MemoryError"),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_is_wrong_is_refused(packed: Path, stand_in: Callable[[str], None], name: str) -> None:
    body, reason = ANSWERS[name]
    stand_in(body)
    with pytest.raises(InputError) as caught:
        read(packed)
    assert f"IM0000: its compressed pixels cannot be decoded ({reason})" in str(caught.value)


def test_a_decoder_that_hangs_is_ended_with_the_reading(packed: Path, stand_in: Callable[[str], None]) -> None:
    stand_in("import time; time.sleep(100000)")
    before = children()
    cancel = threading.Event()

    def progress(fraction: float, text: str = "") -> None:
        if cancel.is_set():
            raise Cancelled
        if text == "reading slices" and children() - before:
            cancel.set()

    with pytest.raises(Cancelled):
        read(packed, progress=progress)
    until(lambda: children() <= before)


@pytest.mark.parametrize("keep", [0, 1, 20, 40])
def test_damaged_compressed_pixels_name_the_slice(tmp_path: Path, keep: int) -> None:
    def edit(ds: pydicom.Dataset, n: int) -> None:
        ds.compress(uid.JPEGLSLossless, generate_instance_uid=False)
        if n == 3:
            stream = next(pydicom.encaps.generate_frames(ds.PixelData, number_of_frames=1))
            ds.PixelData = encapsulate([stream[:keep] + bytes(2)])

    with pytest.raises(InputError, match=r"^IM0003: its compressed pixels cannot be decoded \("):
        read(series(tmp_path / "case", COUNT, edit))


def test_a_size_that_memory_cannot_hold_is_refused(tmp_path: Path) -> None:
    def edit(ds: pydicom.Dataset, n: int) -> None:
        ds.compress(uid.RLELossless, generate_instance_uid=False)
        ds.Rows, ds.Columns = 65535, 65535

    with pytest.raises(InputError, match=r"of memory|cannot be decoded"):
        read(series(tmp_path / "case", COUNT, edit))


def test_the_decoder_answers_in_lines_and_bytes(packed: Path) -> None:
    answers = io.BytesIO()
    decode_process.answer(packed / "IM0002", answers)
    decode_process.answer(packed / "nothing", answers)
    head, _, rest = answers.getvalue().partition(b"\n")
    assert json.loads(head) == {"shape": [6, 5], "type": "<i2"}
    assert rest[:60] == voxels(COUNT)[2].astype("<i2").tobytes()
    assert json.loads(rest[60:]) == {"error": "FileNotFoundError"}


def test_a_decoder_whose_parent_is_gone_ends(packed: Path) -> None:
    process = subprocess.Popen(decoder.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out, _ = process.communicate(b"")
    assert (out, process.returncode) == (b"", 0)
