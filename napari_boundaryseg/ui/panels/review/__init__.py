"""The Review panel and its parts."""

from napari_boundaryseg.ui.panels.review.review_panel import ReviewPanel as ReviewPanel
