"""Self-test of the metrics: shapes whose answers are known by counting, and what the metrics say of them."""
