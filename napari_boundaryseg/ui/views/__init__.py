"""More views of the same layers: three planes, linked and with a crosshair."""
