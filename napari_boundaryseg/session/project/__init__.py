"""A study on disk: accepted cases, model versions, one database."""
