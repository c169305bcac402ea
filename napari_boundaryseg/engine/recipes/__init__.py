"""All settings of a network's training and use as one frozen value, and those that ship."""
