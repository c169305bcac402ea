"""What the Train panel lists: accepted cases and model versions."""
