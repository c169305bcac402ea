"""What a person's corrections of some slices mean for the others."""
