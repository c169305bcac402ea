"""The metrics as other libraries compute them, of two masks of one organ that both have a voxel."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

Spacing = tuple[float, float, float]
Values = dict[str, float]
EQUAL_MM = 1e-4
"""As `data.metrics` has it: a distance equal to the tolerance is within it."""


def by_monai(a: np.ndarray, b: np.ndarray, spacing_mm: Spacing, tolerance_mm: float) -> Values:
    """MONAI's functions, with spacing, of both directions."""
    import torch
    from monai import metrics

    one, two = (torch.from_numpy(np.ascontiguousarray(mask))[None, None] for mask in (a, b))
    kw: dict[str, Any] = {"include_background": True, "spacing": spacing_mm}

    def near(mm: float) -> float:
        return float(metrics.compute_surface_dice(one, two, class_thresholds=[mm + EQUAL_MM], **kw))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "dsc": float(metrics.compute_dice(one, two)),
            "jaccard": float(metrics.compute_iou(one, two)),
            "asd_mm": float(metrics.compute_average_surface_distance(one, two, symmetric=True, **kw)),
            "hd_mm": float(metrics.compute_hausdorff_distance(one, two, **kw)),
            "hd95_mm": float(metrics.compute_hausdorff_distance(one, two, percentile=95, **kw)),
            **_surface_dice(near, tolerance_mm),
        }


def by_simpleitk(a: np.ndarray, b: np.ndarray, spacing_mm: Spacing, tolerance_mm: float) -> Values:
    """SimpleITK's overlap and sizes; distances from its contours, distance maps and Hausdorff filter."""
    import SimpleITK as sitk

    images = []
    for mask in (a, b):
        image = sitk.GetImageFromArray(np.ascontiguousarray(mask.transpose(2, 1, 0)).astype(np.uint8))
        image.SetSpacing(spacing_mm)
        images.append(image)
    overlap, sizes = sitk.LabelOverlapMeasuresImageFilter(), []
    overlap.Execute(*images)
    for image in images:
        shape = sitk.LabelShapeStatisticsImageFilter()
        shape.Execute(image)
        sizes.append(shape.GetPhysicalSize(1) / 1000)
    contours = [sitk.LabelContour(image, fullyConnected=False) for image in images]
    found = []
    for start, end in (contours, contours[::-1]):
        apart = sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(end, squaredDistance=False, useImageSpacing=True))
        on = sitk.GetArrayFromImage(end) > 0  # where the map says some 1e-6 mm
        found.append(np.where(on, 0.0, np.abs(apart).astype(float))[sitk.GetArrayFromImage(start) > 0])
    largest, both = sitk.HausdorffDistanceImageFilter(), np.concatenate(found)
    largest.Execute(*contours)
    return {
        "dsc": overlap.GetDiceCoefficient(),
        "jaccard": overlap.GetJaccardCoefficient(),
        "asd_mm": float(both.mean()),
        "hd_mm": largest.GetHausdorffDistance(),
        "hd95_mm": float(max(np.percentile(one, 95) for one in found)),
        **_surface_dice(lambda mm: float((both <= mm + EQUAL_MM).mean()), tolerance_mm),
        "volume_ml": sizes[0],
        "reference_ml": sizes[1],
    }


def by_surface_distance(a: np.ndarray, b: np.ndarray, spacing_mm: Spacing, tolerance_mm: float) -> Values:
    """DeepMind's surface-distance, whose surface is made of pieces with an area between the voxels."""
    library = importlib.import_module("surface_distance")
    found = library.compute_surface_distances(b, a, spacing_mm)
    return {
        "dsc": library.compute_dice_coefficient(b, a),
        "asd_mm": _mean_of(found),
        "hd_mm": library.compute_robust_hausdorff(found, 100),
        "hd95_mm": library.compute_robust_hausdorff(found, 95),
        **_surface_dice(lambda mm: library.compute_surface_dice_at_tolerance(found, mm + EQUAL_MM), tolerance_mm),
    }


def _mean_of(found: dict[str, np.ndarray]) -> float:
    """Over both surfaces together, each piece by its area."""
    apart = np.concatenate([found["distances_gt_to_pred"], found["distances_pred_to_gt"]])
    areas = np.concatenate([found["surfel_areas_gt"], found["surfel_areas_pred"]])
    return float((apart * areas).sum() / areas.sum())


def _surface_dice(near: Callable[[float], float], tolerance_mm: float) -> Values:
    return {"surface_dice": near(tolerance_mm), **{f"surface_dice_{mm}mm": near(mm) for mm in (1, 2, 3)}}
