"""Review of the labels in work: checks by rules, a queue of arcs, and what a person says of both."""
