"""From a scan to labels, edges and contours on the scan's own grid."""
