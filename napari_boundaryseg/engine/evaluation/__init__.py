"""How well predictions agree with references: scores, label prior, folds and studies, comparison of two models."""
