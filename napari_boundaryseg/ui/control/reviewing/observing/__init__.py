"""Several observers in the window: who they are, what is known of them, and what of it is shown."""
