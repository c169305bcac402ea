"""How well predictions agree with references: scores, label prior, comparison of two models."""
