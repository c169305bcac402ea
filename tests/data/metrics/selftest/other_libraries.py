"""The metrics as MONAI and SimpleITK compute them, on one organ of two label maps."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest


def by_monai(a: np.ndarray, b: np.ndarray, spacing_mm: tuple[float, float, float], tolerance_mm: float) -> dict:
    """What MONAI says of two masks, each with at least a voxel."""
    metrics = pytest.importorskip("monai.metrics")
    import torch

    one, two = (torch.from_numpy(np.pad(mask, 0))[None, None] for mask in (a, b))
    kw = {"include_background": True, "spacing": spacing_mm}

    def near(mm: float) -> float:
        return float(metrics.compute_surface_dice(one, two, class_thresholds=[mm + 1e-4], **kw))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "dsc": float(metrics.compute_dice(one, two)),
            "jaccard": float(metrics.compute_iou(one, two)),
            "asd_mm": float(metrics.compute_average_surface_distance(one, two, symmetric=True, **kw)),
            "hd_mm": float(metrics.compute_hausdorff_distance(one, two, **kw)),
            "hd95_mm": float(metrics.compute_hausdorff_distance(one, two, percentile=95, **kw)),
            "surface_dice": near(tolerance_mm),
            **{f"surface_dice_{mm}mm": near(mm) for mm in (1, 2, 3)},
        }


def by_simpleitk(a: np.ndarray, b: np.ndarray, spacing_mm: tuple[float, float, float], tolerance_mm: float) -> dict:
    """What SimpleITK says of two masks, each with at least a voxel, with its own contours and distance maps."""
    sitk = pytest.importorskip("SimpleITK")
    images = []
    for mask in (a, b):
        image = sitk.GetImageFromArray(np.ascontiguousarray(mask.transpose(2, 1, 0)).astype(np.uint8))
        image.SetSpacing(spacing_mm)
        images.append(image)
    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(*images)
    contours = [sitk.LabelContour(image, fullyConnected=False) for image in images]
    found = []
    for start, end in (contours, contours[::-1]):
        there, apart = (
            sitk.GetArrayFromImage(image)
            for image in (end, sitk.SignedMaurerDistanceMap(end, squaredDistance=False, useImageSpacing=True))
        )
        apart = np.where(there > 0, 0.0, np.abs(apart).astype(float))  # on the contour it says some 1e-6 mm
        found.append(apart[sitk.GetArrayFromImage(start) > 0])
    largest = sitk.HausdorffDistanceImageFilter()
    largest.Execute(*contours)
    both = np.concatenate(found)

    def near(mm: float) -> float:
        return float((both <= mm + 1e-4).mean())

    return {
        "dsc": overlap.GetDiceCoefficient(),
        "jaccard": overlap.GetJaccardCoefficient(),
        "asd_mm": both.mean(),
        "hd_mm": largest.GetHausdorffDistance(),
        "hd95_mm": max(np.percentile(one, 95) for one in found),
        "surface_dice": near(tolerance_mm),
        **{f"surface_dice_{mm}mm": near(mm) for mm in (1, 2, 3)},
        "volume_ml": float((a > 0).sum() * math.prod(spacing_mm) / 1000),
    }
