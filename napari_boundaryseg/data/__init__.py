"""What a scan is: arrays with a geometry, label schemes, boundaries, metrics, files. No torch, no Qt."""
