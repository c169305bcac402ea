"""Datasets: folders of labelled scans, as people keep them, as lists of cases."""

from __future__ import annotations

from napari_boundaryseg.data.datasets.case import Case, Cases
from napari_boundaryseg.data.datasets.checks import check_cases
from napari_boundaryseg.data.datasets.loading import load_case, load_labelled, with_channels
from napari_boundaryseg.data.datasets.reading import read_dataset
from napari_boundaryseg.data.datasets.split_table import with_splits

__all__ = ["Case", "Cases", "check_cases", "load_case", "load_labelled", "read_dataset", "with_channels", "with_splits"]
