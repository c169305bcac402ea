"""What is shown over the scan: outline, fill, edges, soft contour, attention."""
