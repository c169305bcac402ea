"""Agreement of a label map with a reference: the table of metrics, one file for each family.

A new metric is one new file in this folder: a function of a `StructurePair`, under `register`. Recipes, `evaluate`, its
CSV, the comparison of a fine-tuning and the tables of scores then have it, for they all ask this table.

Examples
--------
>>> names()
('dsc', 'jaccard', 'asd_mm', 'hd_mm', 'hd95_mm', 'surface_dice', 'apl_mm', 'volume_ml', 'reference_ml')
>>> [metric.heading for metric in metrics() if metric.better == "lower"]
['ASD (mm)', 'HD (mm)', 'HD95 (mm)', 'added path (mm)']
"""

from napari_boundaryseg.data.metrics.label_maps import compare_masks, evaluate
from napari_boundaryseg.data.metrics.metric import Metric, every, measured, metrics, names, register
from napari_boundaryseg.data.metrics.on_slices import evaluate_on
from napari_boundaryseg.data.metrics.structure_pair import StructurePair, surface_distances

__all__ = [
    "Metric",
    "StructurePair",
    "compare_masks",
    "evaluate",
    "evaluate_on",
    "every",
    "measured",
    "metrics",
    "names",
    "register",
    "surface_distances",
]
