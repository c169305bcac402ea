"""Journals in a folder of the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from painter import HEADER, blank

from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.journal.journal import Journal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where journals lie."""
    return tmp_path / "journal"


@pytest.fixture
def journal(folder: Path) -> Iterator[Journal]:
    """A journal of blank labels."""
    one = Journal(HEADER, blank(), folder)
    yield one
    one._end()
    one._folder_lock.release()


@pytest.fixture
def history(journal: Journal) -> History:
    """A history that the journal follows."""
    one = History(blank())
    journal.follow(one)
    return one
