"""A file that is filled part by part has its room on the disk before."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data.scratch.arrays import load_array, new_array
from napari_boundaryseg.errors import InputError


@pytest.mark.parametrize("shape", [(4, 5, 600), (3, 4, 5, 6), (1, 1, 1)])
@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_it_is_zero_and_then_what_is_put_into_it(tmp_path: Path, shape: tuple[int, ...], kind: type) -> None:
    array, mapped = new_array(tmp_path / "made" / "map.npy", shape, kind)
    assert array.dtype == kind
    assert array.shape == shape
    assert not array.any()
    array[...] = np.arange(array.size).reshape(shape) / 7
    mapped.flush()
    np.testing.assert_array_equal(load_array(tmp_path / "made" / "map.npy"), array)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="here zeros are written anyway")
def test_a_disk_without_room_says_so_before_anything_is_put_into_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "planted")

    monkeypatch.setattr(os, "posix_fallocate", no_room)
    with pytest.raises(InputError, match="no space left"):
        new_array(tmp_path / "edges.npy", (4, 5, 6), np.float16)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("said", [None, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS])
def test_where_nothing_takes_room_zeros_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: int | None
) -> None:
    def cannot(*_: object) -> None:
        raise OSError(said, "planted")

    if said is None:
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    else:
        monkeypatch.setattr(os, "posix_fallocate", cannot, raising=False)
    array, mapped = new_array(tmp_path / "edges.npy", (40, 50, 600), np.float32)
    array[...] = np.arange(array.size).reshape(array.shape)
    mapped.flush()
    np.testing.assert_array_equal(load_array(tmp_path / "edges.npy"), array)
    assert (tmp_path / "edges.npy").stat().st_size == array.nbytes + 128
