"""Long functions in a process of their own: observable, cancellable, replaceable. No Qt, no torch."""
