"""The Trend panel, which shows the trend of accepted cases."""

from napari_boundaryseg.ui.panels.trend.trend_panel import TrendPanel as TrendPanel
