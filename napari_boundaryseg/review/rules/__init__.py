"""Contour checks that need no learning: rules about organs on arrays, what they find, and a person's answers to it."""
