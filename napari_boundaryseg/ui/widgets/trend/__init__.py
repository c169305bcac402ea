"""The picture of a chart over accepted cases."""
