"""Trend of a project's accepted cases: what the charts over them say, organ by organ, of the model in use."""
