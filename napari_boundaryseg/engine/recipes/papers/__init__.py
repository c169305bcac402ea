"""The recipes that ship: one file per paper, each for its data sets and for small ones at hand."""
