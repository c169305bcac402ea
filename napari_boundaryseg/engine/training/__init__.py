"""From cases to a checkpoint: batches, targets, steps, validation, resuming, fine-tuning."""
