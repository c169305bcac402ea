"""The rules, a file for each family; each registers itself in `review.rules.rule`."""
