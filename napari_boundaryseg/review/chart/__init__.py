"""A chart over accepted cases: whether predictions, or the practice of correcting them, changed."""
