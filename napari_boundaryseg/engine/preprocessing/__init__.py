"""From a scan to what a network sees: field of view, grid, intensities, channels."""
