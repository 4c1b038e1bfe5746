"""The executable specification: the same rules as the contracts, in plain Python."""
