"""What can be done with a scan and a network: recipes, prediction, training, evaluation (torch)."""
