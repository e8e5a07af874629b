"""A long life of an index in a few minutes."""
