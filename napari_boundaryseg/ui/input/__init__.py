"""Keys and mouse of the whole window: what a person does becomes an action, wherever the focus is."""
